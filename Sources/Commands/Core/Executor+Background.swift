import CPrimitives
import Configuration
import Store
import Synchronization

/// Work that no request asks for, in slices: the expiry sweep, the freeing of flushed databases, following the wall
/// clock.
extension Executor {
    struct BackgroundState {
        /// The next shard of this loop's share to be swept.
        var nextShard = 0
        /// The second whose sweep is done.
        var sweptTick: Int64 = -1
        var followedMilliseconds: Int64 = 0
    }

    /// Work units of a slice, some 300 µs.
    private static let sweepBudget = 2048
    private static let reclaimBudget = 2048

    /// Works for half a millisecond at the most.
    ///
    /// - Returns: milliseconds until there is more to do; 0 for at once.
    public func runBackground() -> Int {
        let now = nowMilliseconds
        var wait = 1000 - Int(now % 1000)
        if now - background.followedMilliseconds >= 100 || now < background.followedMilliseconds {
            background.followedMilliseconds = now
            if loopIndex == 0 { shared.clock.follow(nowMilliseconds: now) }
        }
        if background.sweptTick != now / 1000, shared.sweepEnabled.load(ordering: .relaxed) {
            if sweep(now) { background.sweptTick = now / 1000 } else { wait = 0 }
        }
        if !shared.store.reclaim(budget: Executor.reclaimBudget) { wait = 0 }
        return wait
    }

    /// Sweeps this loop's shards, every `loopCount`th; true when all are done.
    private func sweep(_ now: Int64) -> Bool {
        let store = shared.store
        var budget = Executor.sweepBudget * settings.activeExpireEffort
        while background.nextShard * shared.loopCount + loopIndex < store.shardCount {
            let shard = background.nextShard * shared.loopCount + loopIndex
            guard store.sweep(shard: shard, now: now, budget: &budget) else { return false }
            background.nextShard += 1
        }
        background.nextShard = 0
        return true
    }
}
