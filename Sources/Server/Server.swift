import CPrimitives
import Commands
import Configuration
import Networking
import Primitives
import Synchronization

/// Serves clients: listeners, loops and what they share.
///
///     let server = try Server(shared: shared, listeners: listeners, loopCount: 2, onShutdownRequest: stop)
///     try server.start()
///     …
///     server.drain()
///     server.join()
public final class Server: @unchecked Sendable {
    /// Descriptors for everything that is no client: listeners, pollers, the log, upstream links. Redis keeps as many.
    public static let reservedDescriptorCount = 32

    public let loopCount: Int
    let shared: SharedState
    /// Called when a client asks for a shutdown.
    let onShutdownRequest: @Sendable (_ force: Bool) -> Void

    let safepoint: UnsafeMutablePointer<Safepoint>
    let loops: UnsafeMutablePointer<Loop>
    private let executors: [Executor]
    private let inboxes: [Inbox]
    let counters: [UnsafeMutablePointer<LoopCounters>]
    private var threads: [JoinableThread] = []
    private var listeners: [Listener]

    private let clientCount = Atomic<Int>(0)
    private let lastSessionID = Atomic<UInt64>(0)
    let monitorCount = Atomic<Int>(0)
    private let lastHostileWarning = Atomic<Int64>(Int64.min / 2)
    private let runningLoopCount = Atomic<Int>(0)
    /// The session whose exclusive command runs. Only while all loops are parked.
    var exclusiveSession: UnsafeMutablePointer<Session>?
    /// Turns of each loop when `haveAllLoopsTurned` was asked last.
    private var turnsSeen: [UInt64]

    /// - Parameters:
    ///   - shared: what the commands share; its `control` becomes this server.
    ///   - listeners: where to accept clients; already listening, so that early ones wait instead of being refused.
    ///   - loopCount: at least 1.
    ///   - onShutdownRequest: called when a client asks for a shutdown, from a loop: not to wait for its end. With true,
    ///     not to wait for clients either.
    public init(
        shared: SharedState, listeners: [Listener], loopCount: Int,
        onShutdownRequest: @escaping @Sendable (_ force: Bool) -> Void
    ) throws(SystemError) {
        self.shared = shared
        self.loopCount = loopCount
        self.listeners = listeners
        self.onShutdownRequest = onShutdownRequest
        var inboxes: [Inbox] = []
        for _ in 0..<loopCount { inboxes.append(try Inbox()) }
        self.inboxes = inboxes
        executors = (0..<loopCount).map { Executor(shared: shared, loopIndex: $0) }
        counters = (0..<loopCount).map { _ in LoopCounters.make() }
        turnsSeen = Array(repeating: 0, count: loopCount)
        safepoint = .allocate(capacity: 1)
        safepoint.initialize(to: Safepoint(loopCount: loopCount))
        loops = .allocate(capacity: loopCount)
        for index in 0..<loopCount {
            (loops + index).initialize(
                to: try Loop(
                    index: index, server: self, inbox: inboxes[index], executor: executors[index],
                    shared: shared, safepoint: safepoint, counters: counters[index],
                    listeners: index == 0 ? listeners : []))
        }
        shared.control = self
    }

    deinit {
        precondition(threads.isEmpty, "a server is joined before it goes")
        loops.deinitialize(count: loopCount)
        loops.deallocate()
        safepoint.deinitialize(count: 1)
        safepoint.deallocate()
        for counters in counters { counters.deallocate() }
    }

    // MARK: Life

    /// Starts the loops' threads.
    public func start() throws(SystemError) {
        for index in 0..<loopCount {
            runningLoopCount.add(1, ordering: .relaxed)
            do throws(SystemError) {
                threads.append(try JoinableThread(name: "loop-\(index)") { [self] in runLoop(index) })
            } catch {
                runningLoopCount.subtract(1, ordering: .relaxed)
                stop()
                join()
                throw error
            }
        }
    }

    /// Accepts no more; requests that have arrived are executed, their replies sent, for at most 5 seconds.
    public func drain() {
        listeners = []
        for inbox in inboxes { inbox.post(.drain) }
    }

    /// Ends at once, whatever is in flight.
    public func stop() {
        listeners = []
        for inbox in inboxes { inbox.post(.stop) }
    }

    /// Whether all loops have ended.
    public var hasEnded: Bool { runningLoopCount.load(ordering: .acquiring) == 0 }

    /// Waits for the loops to end, after `drain` or `stop`.
    public func join() {
        for thread in threads { thread.join() }
        threads = []
    }

    /// Whether every loop has had a turn since this was last asked; wakes those that sleep, so that they have one before
    /// it is asked again. For the watchdog; from one thread only.
    public func haveAllLoopsTurned() -> Bool {
        var all = true
        for index in 0..<loopCount {
            let turns = nc_atomic_load_relaxed(&counters[index].pointee.turns)
            if turns == turnsSeen[index] { all = false }
            turnsSeen[index] = turns
            inboxes[index].wake()
        }
        return all
    }

    private func runLoop(_ index: Int) {
        loops[index].run()
        safepoint.pointee.beginTurn(index)
        loops[index].closeAll()
        safepoint.pointee.endTurn(index)
        runningLoopCount.subtract(1, ordering: .releasing)
    }

    // MARK: For the loops

    func inbox(of loop: Int) -> Inbox { inboxes[loop] }

    func nextSessionID() -> UInt64 { lastSessionID.add(1, ordering: .relaxed).newValue }

    /// Counts one client more, unless there are `limit`.
    func admitClient(limit: Int) -> Bool {
        // Only one loop accepts, so the count cannot rise in between.
        guard clientCount.load(ordering: .relaxed) < limit else { return false }
        clientCount.add(1, ordering: .relaxed)
        return true
    }

    func clientLeft() { clientCount.subtract(1, ordering: .relaxed) }

    func mayWarnOfHostileRequest(now: Int64) -> Bool {
        let last = lastHostileWarning.load(ordering: .relaxed)
        guard now - last >= 60_000 else { return false }
        return lastHostileWarning.compareExchange(expected: last, desired: now, ordering: .relaxed).exchanged
    }

}

/// A thread in an array, which takes only what can be copied.
final class JoinableThread {
    private var thread: Networking.Thread?

    init(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemError) {
        thread = try Networking.Thread(name: name, body)
    }

    func join() { thread.take()?.join() }
}
