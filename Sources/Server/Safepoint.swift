import CPrimitives
import Networking

/// Parks all loops between two turns, so that a command may touch every connection and the whole store.
///
/// A loop holds its own turn lock while it handles a turn and no lock while it waits in the poller. Whoever wants all parked
/// takes `exclusive` and then every turn lock in ascending index; it holds no turn lock when it begins, so nobody waits for
/// another's while holding one.
struct Safepoint: ~Copyable {
    private let exclusive = SleepingLock()
    private let turns: UnsafeMutablePointer<SleepingLock>
    private let count: Int
    /// How many want all loops parked. Without it a busy loop would take its lock again before the waiter wakes up.
    private let waiters: UnsafeMutablePointer<UInt32>

    init(loopCount: Int) {
        count = loopCount
        turns = .allocate(capacity: loopCount)
        for index in 0..<loopCount { (turns + index).initialize(to: SleepingLock()) }
        waiters = .allocate(capacity: 1)
        waiters.initialize(to: 0)
    }

    deinit {
        turns.deinitialize(count: count)
        turns.deallocate()
        waiters.deallocate()
    }

    /// Waits while all loops are parked, and begins a turn.
    @inline(__always)
    func beginTurn(_ loop: Int) {
        if nc_atomic_load32_acquire(waiters) != 0 {
            exclusive.lock()
            exclusive.unlock()
        }
        turns[loop].lock()
    }

    @inline(__always)
    func endTurn(_ loop: Int) { turns[loop].unlock() }

    /// Runs `body` while every loop is between two turns. Not from within a turn.
    func whileParked(_ body: () -> Void) {
        _ = nc_atomic_add32(waiters, 1)
        exclusive.lock()
        for index in 0..<count { turns[index].lock() }
        body()
        for index in (0..<count).reversed() { turns[index].unlock() }
        _ = nc_atomic_subtract32(waiters, 1)
        exclusive.unlock()
    }
}
