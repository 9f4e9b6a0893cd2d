import CPrimitives
import Primitives

/// What concerns a whole database or all of them. Unless said otherwise these lock the shards themselves, one after the
/// other; `locking: false` is for a caller that holds all of them (EXEC).
extension Store {
    /// What a database holds.
    public struct DatabaseStatistics: Sendable {
        public var entryCount = 0
        /// Entries with a deadline.
        public var volatileCount = 0
    }

    public func statistics(database: Int, locking: Bool = true) -> DatabaseStatistics {
        var sum = DatabaseStatistics()
        forEachShard(locking: locking) { shard in
            // Stale entries have a deadline, and are seen by nobody.
            let table = shard.pointee.tables + database
            sum.entryCount += table.pointee.entryCount - table.pointee.staleCount
            sum.volatileCount += table.pointee.volatileCount - table.pointee.staleCount
        }
        return sum
    }

    /// Empties a database (nil: all). Takes as long as detaching a table per shard; the memory is freed by `reclaim`.
    ///
    /// - Returns: the number of entries removed.
    @discardableResult
    public func flush(database: Int?, now: Int64, locking: Bool = true) -> Int {
        var count = 0
        for index in database.map({ $0..<($0 + 1) }) ?? 0..<databaseCount { tags.renewNamespace(of: index) }
        forEachShard(locking: locking) { shard in
            for index in database.map({ $0..<($0 + 1) }) ?? 0..<databaseCount {
                count += shard.pointee.detach(database: index, now: now, into: reclaimer)
            }
            // Whoever has read keys is told that all have changed.
            shard.pointee.forgetTrackedKeys()
            shard.pointee.voidLeases(database: database)
        }
        return count
    }

    /// Exchanges two databases for every client at once. The caller holds all shards' locks.
    public func swapDatabases(_ a: Int, _ b: Int, now: Int64) {
        guard a != b else { return }
        tags.swapNamespaces(a, b)
        forEachShard(locking: false) { shard in shard.pointee.swapDatabases(a, b, now: now) }
    }

    /// Locks all shards in ascending order.
    public func lockAll() { for index in 0..<shardCount { access.shard(index).lock() } }
    public func unlockAll() { for index in 0..<shardCount { access.shard(index).unlock() } }

    /// Frees up to `budget` entries of flushed databases; true when nothing is left to free.
    public func reclaim(budget: Int) -> Bool { ledger.detachedBytes == 0 || reclaimer.step(budget: budget) }

    /// Entries flushed and not yet freed (Redis's `lazyfree_pending_objects`).
    public var reclaimPendingCount: Int { reclaimer.pendingCount }

    /// Removes entries past their deadline in one shard, as far as `budget` goes; what is done is taken off it.
    ///
    /// - Returns: whether nothing due is left in that shard.
    public func sweep(shard index: Int, now: Int64, budget: inout Int) -> Bool {
        let shard = access.shard(index)
        shard.lock()
        defer { shard.unlock() }
        return shard.pointee.sweep(now: now, budget: &budget)
    }

    /// An entry of the database at random, copied out by `body`; false when there is none.
    public func withRandomEntry(
        database: Int, now: Int64, locking: Bool = true, _ body: (Entry) -> Void
    ) -> Bool {
        var generator = SystemRandomNumberGenerator()
        let start = Int(truncatingIfNeeded: generator.next() as UInt64) & (shardCount - 1)
        for offset in 0..<shardCount {
            let shard = access.shard((start + offset) & (shardCount - 1))
            if locking { shard.lock() }
            defer { if locking { shard.unlock() } }
            if let entry = shard.pointee.randomEntry(database: database, now: now) {
                body(entry)
                return true
            }
        }
        return false
    }
}

extension Shard {
    fileprivate mutating func detach(database: Int, now: Int64, into reclaimer: Reclaimer) -> Int {
        let place = tables + database
        let state = eviction
        let table = place.pointee
        guard table.directory != nil else { return 0 }
        notifyWatchers(database: database, now: now) { table.place(of: $0) != nil }
        if entryCount == table.entryCount {
            // The shard's only database: its policy starts afresh as a whole.
            state.pointee.reset(policy: state.pointee.policy, isBounded: state.pointee.isBounded)
        } else {
            dismissAll(of: table)
        }
        ledger.addStaleEntries(-table.staleCount)
        bookSideStructures()
        book(entryBytes: -table.entryBytes, entries: -table.entryCount)
        book(tableBytes: -table.blockSize)
        reclaimer.add(table, bytes: table.entryBytes + table.blockSize)
        reportAll()
        changeCount &+= UInt64(table.entryCount)
        let isStamped = table.isStamped
        place.pointee = Table()
        place.pointee.isStamped = isStamped
        return table.entryCount - table.staleCount
    }

    /// Takes the entries of one table out of the policy's account. Reads slots only, 11 bytes an entry, but for the members of
    /// S3-FIFO's small queue, whose bytes count.
    private mutating func dismissAll(of table: Table) {
        let isS3 = eviction.pointee.order == .s3fifo
        for place in table.places {
            let slot = place.slot.pointee
            guard tracked(slot.expiryClass) else { continue }
            let isSmall = isS3 && slot.metadata & S3Metadata.mainBit == 0
            dismiss(slot, bytes: isSmall ? slot.entry.blockSize : 0)
        }
    }

    fileprivate mutating func swapDatabases(_ a: Int, _ b: Int, now: Int64) {
        // A watched key changes when it exists on either side.
        let sides = (tables[a], tables[b])
        for database in [a, b] {
            notifyWatchers(database: database, now: now) { key in
                sides.0.place(of: key) != nil || sides.1.place(of: key) != nil
            }
        }
        (tables[a], tables[b]) = (tables[b], tables[a])
        eviction.pointee.smallQueue.swapDatabases(a, b)
        eviction.pointee.staleQueue.swapDatabases(a, b)
        forgetTrackedKeys()
        for database in [a, b] { voidLeases(database: database) }
    }
}
