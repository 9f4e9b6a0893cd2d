import CAllocator
import CPrimitives

/// Bounds, policy and making room.
extension Store {
    /// Whether a write may go on.
    public enum Room: Sendable {
        case enough
        /// More was evicted or freed than one command should wait for, and it is not enough yet: try again later.
        case later
        /// The policy finds nothing it may evict.
        case none
    }

    /// Entries evicted for one command at the most, some 200 µs.
    private static let evictionsPerCommand = 1024
    private static let evictionsWhileCompacting = 64

    /// Sets policy and bounds. Entries are ranked anew when the policy changes or a bound appears: O(entries) in all, a shard at
    /// a time.
    public func configure(
        policy: EvictionPolicy, maximumBytes: Int, maximumEntryCount: Int, frequencyLogFactor: Int
    ) {
        nc_spin_lock(&policyLock)
        defer { nc_spin_unlock(&policyLock) }
        let isSmall = maximumEntryCount > 0 && maximumEntryCount <= ExactOrder.largestBound
        let isExact = isSmall && ExactOrder.applies(to: policy)
        ledger.setPolicy(policy, isExact: isExact)
        ledger.setBounds(bytes: maximumBytes, entries: maximumEntryCount, shardCount: shardCount)
        forEachShard { shard in
            shard.pointee.eviction.pointee.logFactor = frequencyLogFactor
            shard.pointee.rank(
                policy: policy, isBounded: maximumBytes > 0 || maximumEntryCount > 0, isExact: isExact)
            shard.pointee.reportAll()
        }
    }

    /// The bound on bytes; 0 is none.
    public var maximumBytes: Int { ledger.maximumBytes }
    /// The bound on entries; 0 is none.
    public var maximumEntryCount: Int { ledger.maximumEntryCount }

    /// Books bytes that another room holds (connection buffers), so that the bound covers them. Negative when they are freed.
    public func book(foreignBytes: Int) { ledger.addForeign(bytes: foreignBytes) }

    /// Books what the allocator holds beyond what is allocated (half-empty slabs, pages not yet given back, its own
    /// records), so that the bound holds for resident memory too: after a change of sizes it was 45 % more. A sixteenth of
    /// the bound is normal and not booked. To be called some times a second while the store is nearly full, by one thread.
    public func bookAllocatorWaste() {
        let maximum = ledger.maximumBytes
        // Reading the figures takes some 30 µs; far from the bound they do not matter.
        guard maximum > 0, ledger.usedBytes + ledger.foreignBytes > maximum / 4 * 3 else {
            if ledger.wasteBytes > 0 { ledger.setWaste(bytes: 0) }
            return
        }
        var figures = nc_allocator_read_statistics()
        if Int(figures.resident - figures.allocated) > maximum / 16 {
            // What was freed since the last look, at most some megabytes.
            nc_allocator_purge()
            figures = nc_allocator_read_statistics()
        }
        let waste = Int(figures.resident - figures.allocated) - maximum / 16
        // Never more than half the bound: the rest would be evicted in vain.
        ledger.setWaste(bytes: min(max(waste, 0), maximum / 2))
    }

    /// Moves entries out of sparse slabs, when the allocator holds too much: some 200 µs of work, four times as much
    /// when it holds an eighth of the bound. To be called by the thread that books the waste.
    ///
    /// - Returns: whether there is more to do.
    public func compact() -> Bool {
        let waste = ledger.wasteBytes
        guard waste > 0 else {
            if ledger.isCompacting { ledger.noteCompaction(isRunning: false, moved: 0, kept: 0, nanoseconds: 0) }
            return false
        }
        let began = nc_monotonic_nanoseconds()
        let maximum = ledger.maximumBytes
        let isRunning = compactor.step(
            access, databaseCount: databaseCount, waste: waste, worthwhile: maximum / 64,
            budget: waste > maximum / 16 ? 8192 : 2048)
        ledger.noteCompaction(
            isRunning: isRunning, moved: compactor.counts.moved, kept: compactor.counts.kept,
            nanoseconds: Int(truncatingIfNeeded: nc_monotonic_nanoseconds() &- began))  // the clock does not go back
        return isRunning
    }

    /// What `compact` did since the store began.
    public struct Compaction: Sendable {
        public var isRunning = false
        public var movedCount = 0
        /// Entries looked at and left where they were.
        public var keptCount = 0
        public var nanoseconds = 0
        public init() {}
    }
    public var compaction: Compaction { ledger.compaction }

    /// Whether `bytes` and `entries` more fit without eviction. One load or two: asked before every write.
    @inline(__always)
    public func fits(bytes: Int, entries: Int) -> Bool { !ledger.isOver(adding: bytes, entries: entries) }

    /// Makes room for a write by eviction, with bounded work. No shard may be locked by the caller.
    ///
    /// - Parameters:
    ///   - bytes: what the write is about to add, at the most.
    ///   - preferred: the shard the write goes to; it pays if it holds its fair share.
    public func makeRoom(bytes: Int, entries: Int, preferred: Int, now: Int64) -> Room {
        // Detached memory is given back before a live entry goes.
        if ledger.detachedBytes > 0, ledger.isOver(adding: bytes) {
            _ = reclaimer.step(budget: Store.evictionsPerCommand)
            if ledger.detachedBytes > 0, ledger.isOver(adding: bytes) { return .later }
        }
        guard ledger.isOver(adding: bytes, entries: entries) else { return .enough }
        // What tags have made void goes before what lives, and what is stale before the rest.
        if tags.reapQueue.recordCount > 0 {
            _ = tagReaper.step(budget: Store.evictionsPerCommand, now: now)
            guard ledger.isOver(adding: bytes, entries: entries) else { return .enough }
            if tags.reapQueue.recordCount > 0 { return .later }
        }
        if let room = makeRoomOfStaleEntries(bytes: bytes, entries: entries) { return room }
        guard policy != .noEviction else { return .none }
        if ledger.isExact {
            return makeRoomExactly(bytes: bytes, entries: entries, now: now)
        }
        var index = preferred
        var barren = 0
        var isAnyLeft = false
        // While holes are being closed little is to be gained by making more of them: the writer waits.
        let limit = ledger.isCompacting ? Store.evictionsWhileCompacting : Store.evictionsPerCommand
        for _ in 0..<limit {
            let shard = access.shard(index)
            shard.lock()
            let evicted =
                (holdsFairShare(shard) || barren > shardCount) && shard.pointee.evictOne(now: now) != nil
            if evicted { shard.pointee.reportAll() }
            isAnyLeft = isAnyLeft || shard.pointee.holdsEvictable
            shard.unlock()
            if evicted {
                barren = 0
                if !ledger.isOver(adding: bytes, entries: entries) { return .enough }
            } else {
                barren += 1
                // The hands have a limit: entries that may go can be ahead of all of them.
                if barren > 2 * shardCount { return isAnyLeft ? .later : .none }
                index = (index + 1) & (shardCount - 1)
            }
        }
        return .later
    }

    /// Evicts stale entries, whatever the policy: nobody has a right to them. Nil when there is none left.
    private func makeRoomOfStaleEntries(bytes: Int, entries: Int) -> Room? {
        for _ in 0..<Store.evictionsPerCommand {
            guard ledger.staleEntryCount > 0, evictStale() else { return nil }
            if !ledger.isOver(adding: bytes, entries: entries) { return .enough }
        }
        return .later
    }

    /// Evicts a stale entry of the next shard that has one; false when none has.
    private func evictStale() -> Bool {
        for _ in 0..<shardCount where ledger.staleEntryCount > 0 {
            let shard = access.shard(ledger.nextStaleHand() & (shardCount - 1))
            shard.lock()
            let isEvicted = shard.pointee.evictStale()
            if isEvicted { shard.pointee.reportAll() }
            shard.unlock()
            if isEvicted { return true }
        }
        return false
    }

    /// Takes one from every access counter of a shard under an LFU policy.
    public func decayCounters(shard index: Int) {
        let shard = access.shard(index)
        shard.lock()
        shard.pointee.decayCounters()
        shard.unlock()
    }

    /// Whether a locked shard has at least seven eighths of the average of entries, so that it is its turn to give. Counted in
    /// entries under a bound on bytes too: one policy over all shards would leave each about as many, while a shard with one
    /// very large value would be emptied of all its others first.
    private func holdsFairShare(_ shard: UnsafeMutablePointer<Shard>) -> Bool {
        shard.pointee.entryCount * shardCount >= ledger.entryCount / 8 * 7
    }

    /// With a small bound on entries: the victim is the first of all shards in the policy's order.
    private func makeRoomExactly(bytes: Int, entries: Int, now: Int64) -> Room {
        for _ in 0..<Store.evictionsPerCommand {
            var best: (stamp: UInt64, shard: Int)?
            forEachShard { shard in
                if let stamp = shard.pointee.lowestStamp(), stamp < best?.stamp ?? UInt64.max {
                    best = (stamp, shard.pointee.index)
                }
            }
            guard let best else { return .none }
            let shard = access.shard(best.shard)
            shard.lock()
            shard.pointee.evictLowestStamp(now: now)
            shard.pointee.reportAll()
            shard.unlock()
            if !ledger.isOver(adding: bytes, entries: entries) { return .enough }
        }
        return .later
    }
}
