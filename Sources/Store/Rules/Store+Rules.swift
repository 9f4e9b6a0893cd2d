import CPrimitives
import Primitives

/// What the store knows of rules: that an entry may bear the number of one. It keeps count under each number.
extension Store {
    public struct RuleStatistics: Sendable {
        public var entryCount = 0
        /// Entries past their deadline that are held for their window; not counted above.
        public var staleCount = 0
        /// Bytes of the entries, stale ones too, exactly as the allocator rounds them.
        public var entryBytes = 0
        public var expiredCount: UInt64 = 0
        public var evictedCount: UInt64 = 0
    }

    /// Exact sums over all shards and databases, each shard locked in turn. O(shards × databases).
    public func ruleStatistics(of number: UInt8, locking: Bool = true) -> RuleStatistics {
        var sum = RuleStatistics()
        forEachShard(locking: locking) { shard in
            for database in 0..<databaseCount {
                guard let tally = shard.pointee.tables[database].ruleTallies[number] else { continue }
                sum.entryCount += tally.entryCount - tally.staleCount
                sum.staleCount += tally.staleCount
                sum.entryBytes += tally.entryBytes
            }
            guard let events = shard.pointee.ruleEvents[number] else { return }
            sum.expiredCount += events.expiredCount
            sum.evictedCount += events.evictedCount
        }
        return sum
    }

    /// Sets the counts of expiries and evictions under a number to zero.
    public func resetRuleCounts(of number: UInt8, locking: Bool = true) {
        forEachShard(locking: locking) { shard in
            guard shard.pointee.ruleEvents[number] != nil else { return }
            shard.pointee.ruleEvents.place(of: number, zero: RuleEvents()).pointee = RuleEvents()
        }
    }
}

extension Entry {
    /// The number of the rule that the entry was written under.
    @inline(__always)
    public var ruleNumber: UInt8? { hasExtension ? entryExtension.rule : nil }
}

extension Shard {
    /// Books an entry that came, changed its size or goes, under its rule.
    @inline(__always)
    mutating func tally(_ entry: Entry, bytes: Int, entries: Int, database: Int) {
        guard let number = entry.ruleNumber else { return }
        tally(number, bytes: bytes, entries: entries, database: database)
    }

    @inline(never)
    private mutating func tally(_ number: UInt8, bytes: Int, entries: Int, database: Int) {
        let table = tables + database
        let before = table.pointee.ruleTallies.blockSize
        let place = table.pointee.ruleTallies.place(of: number, zero: RuleTally())
        place.pointee.entryCount += entries
        place.pointee.entryBytes += bytes
        let growth = table.pointee.ruleTallies.blockSize - before
        guard growth != 0 else { return }
        table.pointee.blockSize += growth
        book(tableBytes: growth)
    }

    /// Counts an entry that has expired.
    @inline(__always)
    mutating func countExpiry(of entry: Entry) {
        expiredCount += 1
        if let number = entry.ruleNumber { ruleEventsPlace(number).pointee.expiredCount += 1 }
    }

    /// Counts an entry that is evicted.
    @inline(__always)
    mutating func countEviction(of entry: Entry) {
        evictedCount += 1
        if let number = entry.ruleNumber { ruleEventsPlace(number).pointee.evictedCount += 1 }
    }

    @inline(never)
    private mutating func ruleEventsPlace(_ number: UInt8) -> UnsafeMutablePointer<RuleEvents> {
        let before = ruleEvents.blockSize
        let place = ruleEvents.place(of: number, zero: RuleEvents())
        book(tableBytes: ruleEvents.blockSize - before)
        return place
    }
}
