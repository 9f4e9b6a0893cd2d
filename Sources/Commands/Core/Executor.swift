import CPrimitives
import Configuration
import Primitives
import RESP
import Store
import Telemetry

/// Why a batch was left before its end.
public enum Outcome: Sendable {
    /// All requests ran.
    case done
    /// Write the replies, then close the connection.
    case close
    /// The next request must run with all loops parked: `executeExclusive`.
    case exclusive
    /// `session.job` works on; call `stepJob` every turn until it is done, then go on.
    case blocked
    /// CLIENT PAUSE holds the next request.
    case paused
    /// The next request is a web browser's: close without a reply.
    case hostile
    /// The next request waits for memory to be evicted: try again next turn.
    case retry
}

/// Runs requests for one loop. Its thread alone calls it, except that any thread may do so with all loops parked.
public final class Executor: @unchecked Sendable {
    public let shared: SharedState
    public let loopIndex: Int
    let state: UnsafeMutablePointer<CallState>
    public let counters: CounterBlock
    /// One per command and subcommand, by index.
    let commandCounters: UnsafeMutablePointer<CommandCounters>
    /// A histogram per command, made when it is first called.
    let latencies: LatencyTable
    /// Scratch for a batch: the command of each request and the hash of its first key.
    let lookedUp: UnsafeMutablePointer<LookedUp>
    let shardSet: ShardSet
    /// What `state` points to before any request ran; never read or written.
    private let idleArguments: UnsafeMutablePointer<ByteSlice>
    private let idleSession: UnsafeMutablePointer<Session>
    private let idleOutput: UnsafeMutablePointer<ReplyBuffer>
    var background = BackgroundState()
    /// What the command under way has set off by its keys' rules.
    var ruleInvalidations: [RuleInvalidation] = []
    let keyPatternSweep = KeyPatternSweep()
    /// Clients of this loop under CLIENT TRACKING, and what is to be told to clients of all loops.
    var tracking: TrackingState
    /// Clients of this loop that wait for leases, by their tickets.
    var leaseWaits: [UInt64: UnsafeMutablePointer<Session>] = [:]
    var batchStartNanoseconds: UInt64 = 0
    private var settingsGeneration = UInt64.max
    var settings: Settings

    struct LookedUp {
        var command: UnsafePointer<Command>?
        var hash: UInt64
        var hasHash: Bool
        /// Ran without a time of its own: shares the batch's.
        var sharesTime: Bool
    }

    public init(shared: SharedState, loopIndex: Int) {
        self.shared = shared
        self.loopIndex = loopIndex
        counters = shared.counters.blocks[loopIndex]
        commandCounters = .allocate(capacity: shared.table.count)
        commandCounters.initialize(repeating: CommandCounters(), count: shared.table.count)
        latencies = LatencyTable(count: shared.table.count)
        lookedUp = .allocate(capacity: RequestBatch.maximumCommandCount)
        lookedUp.initialize(
            repeating: LookedUp(command: nil, hash: 0, hasHash: false, sharesTime: false),
            count: RequestBatch.maximumCommandCount)
        shardSet = ShardSet(shardCount: shared.store.shardCount)
        tracking = TrackingState(loopCount: shared.loopCount)
        idleOutput = .allocate(capacity: 1)
        idleOutput.initialize(to: ReplyBuffer())
        settings = shared.configuration.settings
        idleArguments = .allocate(capacity: 1)
        idleSession = .allocate(capacity: 1)
        state = .allocate(capacity: 1)
        // The first request's fields are written before any handler reads them; these are never read.
        state.initialize(
            to: CallState(
                arguments: idleArguments, argumentCount: 0,
                command: shared.table.first, firstKeyHash: 0, hasFirstKeyHash: false, isInExec: false,
                holdsAllShards: false, preparedBlock: nil,
                session: idleSession, output: idleOutput,
                executor: Unmanaged.passUnretained(self), access: shared.store.access, counters: counters,
                rules: shared.rules.table, ruleCounts: shared.rules.counts.blocks[loopIndex],
                generator: RandomGenerator(seed: shared.store.access.hash(("jitter" as StaticString).slice)),
                nowMilliseconds: 0))
        shared.register(self)
        beginTurn(nowNanoseconds: nc_monotonic_nanoseconds())
    }

    deinit {
        commandCounters.deallocate()
        latencies.deallocate()
        lookedUp.deallocate()
        shardSet.deallocate()
        idleOutput.deinitialize(count: 1)
        idleOutput.deallocate()
        idleArguments.deallocate()
        idleSession.deallocate()
        state.deallocate()
    }

    /// Fixes the time for the requests that follow. Once a turn, before the first of them.
    public func beginTurn(nowNanoseconds: UInt64) {
        batchStartNanoseconds = nowNanoseconds
        state.pointee.nowMilliseconds = shared.clock.milliseconds(atNanoseconds: nowNanoseconds)
        if shared.configuration.generation != settingsGeneration {
            settingsGeneration = shared.configuration.generation
            settings = shared.configuration.settings
            state.pointee.defaultStaleSeconds = settings.defaultStaleSeconds
        }
    }

    /// Store milliseconds of this turn.
    public var nowMilliseconds: Int64 { state.pointee.nowMilliseconds }

    /// Releases what a connection holds in the store. Before its session goes.
    public func sessionClosed(_ session: UnsafeMutablePointer<Session>) {
        if session.pointee.tracking != nil { endTracking(session) }
        if !tracking.addressees.isEmpty { tracking.addressees[session.pointee.id] = nil }
        if let job = session.pointee.job {
            job.abandon(self)
            session.pointee.job = nil
        }
        guard let transaction = session.pointee.transaction else { return }
        unwatchAll(transaction)
        session.pointee.transaction = nil
    }

    /// Goes on with `session.job`; true when it is done and has replied.
    public func stepJob(
        session: UnsafeMutablePointer<Session>, output: UnsafeMutablePointer<ReplyBuffer>
    ) -> Bool {
        guard let job = session.pointee.job else { return true }
        state.pointee.session = session
        state.pointee.output = output
        let mark = output.pointee.mark
        let isDone = job.step(Call(state))
        if state.pointee.hasRuleInvalidations { invalidateByRules() }
        if session.pointee.isJobMuted { output.pointee.truncate(to: mark) }
        guard isDone else { return false }
        session.pointee.job = nil
        if job.heldByteCount > 0 { session.pointee.updateHeldByteCount() }
        session.pointee.jobDueMilliseconds = 0
        session.pointee.isJobMuted = false
        // As at the end of a batch: who has read what the job has changed is told before its client has the reply.
        if shared.isTracked { postInvalidations() }
        if !session.pointee.deferredPushes.isEmpty { appendDeferredPushes(session, output) }
        return true
    }

    /// Ends all of a transaction's watches.
    func unwatchAll(_ transaction: Transaction) {
        guard transaction.watchedCount > 0 else { return transaction.flag.lower() }
        let access = shared.store.access
        for watched in transaction.watched {
            watched.key.withUnsafeBufferPointer { buffer in
                let base = buffer.baseAddress ?? ("" as StaticString).utf8Start
                let key = access.key(ByteSlice(base: base, count: buffer.count), database: watched.database)
                Call(state).withShard(of: key.hash) { access.unwatch(key, transaction.flag) }
            }
        }
        transaction.removeAllWatched()
        shared.watchesChanged(isWatching: false)
    }
}

/// Shards to be locked together, in ascending order: one bit each.
struct ShardSet {
    private let words: UnsafeMutablePointer<UInt64>
    private let wordCount: Int

    init(shardCount: Int) {
        wordCount = (shardCount + 63) / 64
        words = .allocate(capacity: wordCount)
        words.initialize(repeating: 0, count: wordCount)
    }

    func deallocate() { words.deallocate() }

    @inline(__always)
    func insert(_ index: Int) { words[index >> 6] |= 1 << UInt64(index & 63) }

    func removeAll() { words.update(repeating: 0, count: wordCount) }

    /// Calls `body` with each index in ascending order.
    @inline(__always)
    func forEach(_ body: (Int) -> Void) {
        for word in 0..<wordCount {
            var bits = words[word]
            while bits != 0 {
                body(word << 6 | bits.trailingZeroBitCount)
                bits &= bits &- 1  // not 0
            }
        }
    }

    func lockAll(_ access: StoreAccess) { forEach { access.shard($0).lock() } }
    func unlockAll(_ access: StoreAccess) { forEach { access.shard($0).unlock() } }
}
