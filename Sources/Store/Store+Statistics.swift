import CPrimitives

/// What the store tells of itself.
extension Store {
    public struct Statistics: Sendable {
        public var entryCount = 0
        /// Bytes of entries, exactly as the allocator rounds them.
        public var entryBytes = 0
        /// Bytes of tables, queues and ghosts.
        public var tableBytes = 0
        /// Bytes that other rooms booked.
        public var foreignBytes = 0
        /// Bytes flushed and not yet freed.
        public var detachedBytes = 0
        public var expiredCount: UInt64 = 0
        public var evictedCount: UInt64 = 0
        public var changeCount: UInt64 = 0
        /// Keys that transactions watch, each counted once.
        public var watchedKeyCount = 0
        /// Keys that tracking clients have read.
        public var trackedKeyCount = 0
        /// The clients that have read them, each counted once for every key.
        public var trackedReaderCount = 0
        /// Clients that wait for somebody's value.
        public var leaseWaiterCount = 0

        public var totalBytes: Int { entryBytes + tableBytes + foreignBytes + detachedBytes }
    }

    /// Exact sums over all shards, each locked in turn. O(shards).
    public func statistics(locking: Bool = true) -> Statistics {
        var sum = Statistics()
        forEachShard(locking: locking) { shard in
            sum.entryCount += shard.pointee.entryCount
            sum.entryBytes += shard.pointee.entryBytes
            sum.tableBytes += shard.pointee.tableBytes
            sum.expiredCount += shard.pointee.expiredCount
            sum.evictedCount += shard.pointee.evictedCount
            sum.changeCount += shard.pointee.changeCount
            guard let observers = shard.pointee.observers else { return }
            sum.watchedKeyCount += observers.flags.count
            sum.trackedKeyCount += observers.tracked.count
            sum.trackedReaderCount += observers.tracked.readerCount
            sum.leaseWaiterCount += observers.leases.waiterCount
        }
        sum.foreignBytes = ledger.foreignBytes
        sum.detachedBytes = ledger.detachedBytes
        return sum
    }
}

extension EntryHandle {
    /// Seconds since the last access as far as the policy keeps them, or nil when it keeps none. `now` in store milliseconds.
    public func idleSeconds(now: Int64) -> Int? {
        let state = shard.pointee.eviction
        guard state.pointee.order == .recency else { return nil }
        let start = state.pointee.classStart(place.slot.pointee.metadata)
        guard start != 0 else { return 0 }
        return max(0, Int(now / ExpiryClass.tickMilliseconds) - Int(start))
    }

    /// The logarithmic access counter, or nil under a policy that keeps none.
    public var frequency: Int? {
        shard.pointee.eviction.pointee.order == .frequency ? Int(place.slot.pointee.metadata) : nil
    }
}
