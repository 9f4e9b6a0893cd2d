import CAllocator
import CPrimitives
import Configuration
import Primitives
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
        var bookedWasteMilliseconds: Int64 = 0
        /// When the allocator was last asked to give back pages, and whether it has many left.
        var decayedMemoryMilliseconds: Int64 = 0
        var holdsUnusedMemory = false
        /// LFU: when the counters of this loop's shards were last decayed, and the next shard of a round under way.
        var decayedMilliseconds: Int64 = 0
        var nextDecayed: Int?
    }

    /// Work units of a slice, some 300 µs.
    private static let sweepBudget = 2048
    private static let reclaimBudget = 2048
    private static let reapBudget = 1024
    /// Milliseconds between two looks at the allocator's waste, close to the bound.
    private static let wasteInterval = 10
    /// Unused pages below this can wait for the next look at the clock, in bytes.
    private static let unusedMemoryThreshold: Int64 = 1 << 20
    /// Milliseconds between two looks at the clock and the figures of INFO.
    private static let sampleInterval = 100

    /// Whether background work has come up that need not wait until it would be time.
    public var wantsBackground: Bool { keyPatternSweep.hasNews }

    /// Works for half a millisecond at the most.
    ///
    /// - Returns: milliseconds until there is more to do; 0 for at once.
    public func runBackground() -> Int {
        let now = nowMilliseconds
        var wait = 1000 - Int(now % 1000)
        if now - background.followedMilliseconds >= Executor.sampleInterval || now < background.followedMilliseconds {
            background.followedMilliseconds = now
            if loopIndex == 0 {
                shared.clock.follow(nowMilliseconds: now)
                shared.diagnostics.sample(shared, nowMilliseconds: now)
                shared.rules.moveAdaptive(nowMilliseconds: now)
            }
        }
        if background.sweptTick != now / 1000, shared.sweepEnabled.load(ordering: .relaxed) {
            if sweep(now) { background.sweptTick = now / 1000 } else { wait = 0 }
        }
        if loopIndex == 0 {
            bookWasteWhenDue()
            // Also when it was not yet time: the loop's clock and this one do not tick together.
            let isNear = !shared.store.fits(bytes: shared.store.maximumBytes / 4, entries: 0)
            wait = min(wait, isNear ? Executor.wasteInterval : Executor.sampleInterval)
            if shared.store.compact() { wait = 0 }
            if giveBackMemory(now) { wait = min(wait, Executor.wasteInterval) }
        }
        if !shared.store.reclaim(budget: Executor.reclaimBudget) { wait = 0 }
        if !shared.store.reap(budget: Executor.reapBudget, now: now) { wait = 0 }
        if evictDebt(now) || decay(now) { wait = 0 }
        if loopIndex == 0, trimTracking() { wait = 0 }
        // What was noted for those who left meanwhile, and that no turn takes when nobody waits.
        if loopIndex == 0, shared.store.hasLeaseWakes { postLeaseWakes() }
        if let milliseconds = sweepKeyPatterns() { wait = min(wait, milliseconds) }
        return wait
    }

    /// Has the allocator give back pages, as many as are due; true when it is to be asked again soon.
    private func giveBackMemory(_ now: Int64) -> Bool {
        let elapsed = now - background.decayedMemoryMilliseconds
        if elapsed >= Executor.wasteInterval || elapsed < 0 {
            background.decayedMemoryMilliseconds = now
            background.holdsUnusedMemory = nc_allocator_decay() > Executor.unusedMemoryThreshold
        }
        return background.holdsUnusedMemory
    }

    /// Looks at the allocator's waste, on the first loop, when the last look is long enough ago. Also called when a write finds no
    /// room: a small store may fill between two turns of the background work.
    func bookWasteWhenDue() {
        let now = nowMilliseconds
        guard loopIndex == 0, shared.store.maximumBytes > 0 else { return }
        let elapsed = now - background.bookedWasteMilliseconds
        guard elapsed >= Executor.wasteInterval || elapsed < 0 else { return }
        background.bookedWasteMilliseconds = now
        shared.store.bookAllocatorWaste()
    }

    /// After a bound was lowered: evicts until it holds, a slice a turn. True when there is more to do.
    private func evictDebt(_ now: Int64) -> Bool {
        let store = shared.store
        if store.fits(bytes: 0, entries: 0) { return false }
        return store.makeRoom(bytes: 0, entries: 0, preferred: loopIndex, now: now) == .later
    }

    /// Under an LFU policy: decays the counters of this loop's shards every `lfu-decay-time`, a shard a turn. True when a round is
    /// under way.
    private func decay(_ now: Int64) -> Bool {
        let store = shared.store
        guard store.policy.order == .frequency, settings.lfuDecayMinutes > 0 else { return false }
        let period = Int64(settings.lfuDecayMinutes) * 60_000
        if background.decayedMilliseconds == 0 { background.decayedMilliseconds = now }
        if background.nextDecayed == nil, now - background.decayedMilliseconds >= period {
            background.nextDecayed = loopIndex
            background.decayedMilliseconds = now
        }
        guard let shard = background.nextDecayed else { return false }
        store.decayCounters(shard: shard)
        background.nextDecayed = shard + shared.loopCount < store.shardCount ? shard + shared.loopCount : nil
        return background.nextDecayed != nil
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
