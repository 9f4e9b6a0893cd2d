import CPrimitives
import Configuration
import Primitives
import Store
import Synchronization
import Telemetry

/// What all loops' executors share. Cold: the hot path has its own copies of what it needs.
public final class SharedState: @unchecked Sendable {
    public let table: CommandTable
    public let store: Store
    public let configuration: Configuration
    public let clock: StoreClock
    /// Counts of all loops, one block each.
    public let counters: CounterBlocks
    public let slowLog: SlowLog
    public let latencyMonitor = LatencyMonitor()
    public let log: Log
    /// Rates, the peak of memory and other things of INFO.
    public let diagnostics = Diagnostics()
    /// Slows down those who guess passwords.
    let authenticationGuard = AuthenticationGuard()
    /// Random, 40 hex digits: INFO's run_id.
    public let runID: String
    public let loopCount: Int
    /// Set by the server before any loop runs.
    public nonisolated(unsafe) weak var control: (any ServerControl)?

    /// CLIENT PAUSE, MONITOR, CLIENT TRACKING and waits for leases in force: read by every loop once per batch.
    let globalConditions: UnsafeMutablePointer<UInt32>
    static let pausedCondition: UInt32 = 1
    static let monitoredCondition: UInt32 = 2
    /// Some client tracks keys. It takes no request off the short way: a batch looks at it when it is done.
    static let trackedCondition: UInt32 = 4
    /// Some client waits for a lease: as `trackedCondition`.
    static let leasedCondition: UInt32 = 8
    static let observedConditions = trackedCondition | leasedCondition

    private let pauseState = Locked(PauseState())
    private let errors = Locked([String: UInt64]())
    private let executors = Locked([WeakExecutor]())
    private let watchingClients = Atomic<Int>(0)
    let tracking = TrackingRegistry()
    private let leaseWaits = Locked(LeaseWaits())
    let earlyRefresh = EarlyRefresh()
    let rules: RuleRegistry
    /// The sweep may be switched off: DEBUG SET-ACTIVE-EXPIRE.
    let sweepEnabled = Atomic<Bool>(true)

    struct PauseState {
        var endMilliseconds: Int64 = 0
        var onlyWrites = true
    }

    private struct LeaseWaits {
        var count = 0
        var lastSerial: UInt64 = 0
    }

    private struct WeakExecutor {
        weak var executor: Executor?
    }

    public init(table: CommandTable, store: Store, configuration: Configuration, log: Log, loopCount: Int) {
        self.table = table
        self.store = store
        self.configuration = configuration
        self.loopCount = loopCount
        self.log = log
        counters = CounterBlocks(threads: loopCount)
        rules = RuleRegistry(store: store, loopCount: loopCount)
        slowLog = SlowLog(maximumCount: configuration.settings.slowlogMaximumCount)
        clock = StoreClock()
        var generator = SystemRandomNumberGenerator()
        var id = ""
        for _ in 0..<20 {
            let byte = String(UInt8.random(in: 0...255, using: &generator), radix: 16)
            id += byte.count == 1 ? "0" + byte : byte
        }
        runID = id
        globalConditions = .allocate(capacity: 1)
        globalConditions.initialize(to: 0)
        followConfiguration()
        followRules()
    }

    deinit { globalConditions.deallocate() }

    func register(_ executor: Executor) {
        executors.withLock { $0.append(WeakExecutor(executor: executor)) }
    }

    /// Calls `body` with each loop's executor, for sums of statistics.
    func forEachExecutor(_ body: (Executor) -> Void) {
        for entry in executors.withLock({ $0 }) {
            if let executor = entry.executor { body(executor) }
        }
    }

    // MARK: Errors by code word

    /// The most code words that are counted; a client could make up more by commands that echo one.
    private static let maximumErrorCodes = 128

    func countError(code: String) {
        errors.withLock { counts in
            if counts[code] == nil, counts.count >= SharedState.maximumErrorCodes { return }
            counts[code, default: 0] += 1
        }
    }

    /// Error replies by code word, in alphabetical order.
    public var errorCounts: [(code: String, count: UInt64)] {
        errors.withLock { $0.map { (code: $0.key, count: $0.value) } }.sorted { $0.code < $1.code }
    }

    // MARK: Statistics of commands

    /// Sums over all loops by index of the command in the table.
    public func commandStatistics(of index: Int) -> CommandCounters {
        var sum = CommandCounters()
        forEachExecutor { executor in
            let counter = executor.commandCounters + index
            sum.calls += nc_atomic_load_relaxed(&counter.pointee.calls)
            sum.nanoseconds += nc_atomic_load_relaxed(&counter.pointee.nanoseconds)
            sum.rejected += nc_atomic_load_relaxed(&counter.pointee.rejected)
            sum.failed += nc_atomic_load_relaxed(&counter.pointee.failed)
        }
        return sum
    }

    /// All loops' latencies of a command, or nil if it was never called.
    public func latencySummary(of index: Int) -> LatencySummary? {
        var sum: LatencySummary?
        forEachExecutor { executor in
            guard let histogram = executor.latencies[index] else { return }
            if sum == nil { sum = LatencySummary() }
            sum?.add(histogram)
        }
        return sum
    }

    /// CONFIG RESETSTAT. With all loops parked.
    public func resetStatistics() {
        counters.reset()
        rules.resetStatistics()
        errors.withLock { $0 = [:] }
        forEachExecutor { executor in
            executor.latencies.reset()
            executor.commandCounters.update(repeating: CommandCounters(), count: table.count)
        }
        control?.resetStatistics()
    }

    // MARK: WATCH

    /// Clients that watch keys now: INFO's watching_clients.
    var watchingClientCount: Int { watchingClients.load(ordering: .relaxed) }

    /// A client has begun to watch keys, or has ended all its watches.
    func watchesChanged(isWatching: Bool) { watchingClients.add(isWatching ? 1 : -1, ordering: .relaxed) }

    // MARK: CLIENT PAUSE

    /// Holds commands (`onlyWrites`: those that write) until `endMilliseconds` of store time. A longer or wider pause in force
    /// stays.
    public func pause(until endMilliseconds: Int64, onlyWrites: Bool, now: Int64) {
        pauseState.withLock { state in
            let inForce = state.endMilliseconds > now
            state.onlyWrites = inForce ? state.onlyWrites && onlyWrites : onlyWrites
            state.endMilliseconds = inForce ? max(state.endMilliseconds, endMilliseconds) : endMilliseconds
        }
        setCondition(SharedState.pausedCondition, true)
    }

    public func unpause() {
        pauseState.withLock { $0 = PauseState() }
        setCondition(SharedState.pausedCondition, false)
    }

    /// Whether `flags` are held at `now`; ends a pause that has run out.
    func holds(_ flags: CommandFlags, now: Int64) -> Bool {
        let state = pauseState.withLock { $0 }
        guard state.endMilliseconds > now else {
            unpause()
            return false
        }
        if flags.contains(.ignoresPause) { return false }
        return !state.onlyWrites || flags.contains(.write) || flags.contains(.mayReplicate)
    }

    /// The end of the pause in store milliseconds and what it holds, or nil.
    public func pauseInForce(now: Int64) -> (endMilliseconds: Int64, onlyWrites: Bool)? {
        let state = pauseState.withLock { $0 }
        return state.endMilliseconds > now ? (state.endMilliseconds, state.onlyWrites) : nil
    }

    /// Switches the feeding of monitors on or off: whether any connection is in MONITOR mode.
    public func setMonitored(_ monitored: Bool) { setCondition(SharedState.monitoredCondition, monitored) }

    /// Whether any client tracks keys.
    var isTracked: Bool { nc_atomic_load32_acquire(globalConditions) & SharedState.trackedCondition != 0 }
    func setTracked(_ tracked: Bool) { setCondition(SharedState.trackedCondition, tracked) }

    // MARK: LEASE

    /// Whether any client waits for a lease.
    var isLeased: Bool { nc_atomic_load32_acquire(globalConditions) & SharedState.leasedCondition != 0 }

    /// Counts a client in that waits for a lease, and gives it a number higher than all before.
    func leaseWaitBegan() -> UInt64 {
        leaseWaits.withLock { waits in
            waits.count += 1
            waits.lastSerial += 1
            if waits.count == 1 { setCondition(SharedState.leasedCondition, true) }
            return waits.lastSerial
        }
    }

    func leaseWaitEnded() {
        leaseWaits.withLock { waits in
            waits.count -= 1
            if waits.count == 0 { setCondition(SharedState.leasedCondition, false) }
        }
    }

    private func setCondition(_ bit: UInt32, _ on: Bool) {
        pauseState.withLock { _ in
            let value = nc_atomic_load32_acquire(globalConditions)
            nc_atomic_store32_release(globalConditions, on ? value | bit : value & ~bit)
        }
    }
}
