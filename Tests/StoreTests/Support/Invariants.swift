import CAllocator
import Primitives

@testable import Store

/// Everything that must hold of a store between two operations, checked from first principles: what is kept counted is
/// counted anew.
struct Invariants {
    private(set) var violations: [String] = []

    private mutating func expect(_ condition: Bool, _ text: @autoclosure () -> String) {
        if !condition, violations.count < 3 { violations.append(text()) }
    }

    private mutating func expectEqual(_ found: Int, _ expected: Int, _ name: @autoclosure () -> String) {
        expect(found == expected, "\(name()) is \(found), must be \(expected)")
    }

    /// The violations of all shards and of the ledger; empty when all is well. The caller is alone with the store.
    static func violations(of store: Store) -> [String] {
        var checker = Invariants()
        var bytes = 0
        var entries = 0
        store.forEachShard { shard in
            checker.check(shard)
            shard.pointee.reportAll()
            bytes += shard.pointee.byteCount
            entries += shard.pointee.entryCount
        }
        checker.expectEqual(store.ledger.usedBytes, bytes, "the ledger's bytes")
        checker.expectEqual(store.ledger.entryCount, entries, "the ledger's entries")
        for violation in TagInvariants.violations(of: store) { checker.expect(false, violation) }
        if store.reclaimer.isIdle {
            checker.expectEqual(store.ledger.detachedBytes, 0, "the ledger's detached bytes")
            checker.expectEqual(store.reclaimer.pendingCount, 0, "the count of entries to be freed")
        }
        return checker.violations
    }

    static func violations(of shard: UnsafeMutablePointer<Shard>) -> [String] {
        var checker = Invariants()
        checker.check(shard)
        return checker.violations
    }

    // MARK: Shard

    private mutating func check(_ shard: UnsafeMutablePointer<Shard>) {
        var entryBytes = 0
        var entryCount = 0
        var tableBytes = shard.pointee.eviction.pointee.blockSize
        var tally = PolicyTally()
        for database in 0..<shard.pointee.databaseCount {
            let table = shard.pointee.tables + database
            var found = TableTally()
            check(table, of: shard, database, &found, &tally)
            expectEqual(table.pointee.entryCount, found.entryCount, "a table's entry count")
            expectEqual(table.pointee.volatileCount, found.volatileCount, "a table's volatile count")
            expectEqual(table.pointee.staleCount, found.staleCount, "a table's count of stale entries")
            expectEqual(table.pointee.blockSize, found.blockSize, "a table's bytes")
            expectEqual(table.pointee.entryBytes, found.entryBytes, "a table's entry bytes")
            checkRules(of: table.pointee, found)
            entryBytes += found.entryBytes
            entryCount += found.entryCount
            tableBytes += found.blockSize
        }
        tableBytes += shard.pointee.ruleEvents.blockSize
        expectEqual(shard.pointee.entryBytes, entryBytes, "a shard's entry bytes")
        expectEqual(shard.pointee.entryCount, entryCount, "a shard's entry count")
        expectEqual(shard.pointee.tableBytes, tableBytes, "a shard's table bytes")
        check(tally, against: shard.pointee.eviction.pointee)
    }

    /// Nearly all tables have no entry under a rule: 256 comparisons in each made these checks most of what the tests took.
    private mutating func checkRules(of table: Table, _ found: TableTally) {
        guard table.ruleTallies.blockSize > 0 || !found.byRule.isEmpty else { return }
        for number in 0...UInt8.max {
            let (counted, rule) = (table.ruleTallies[number] ?? RuleTally(), found.byRule[number])
            expectEqual(counted.entryCount, rule?.entryCount ?? 0, "a rule's entry count")
            expectEqual(counted.entryBytes, rule?.entryBytes ?? 0, "a rule's entry bytes")
            expectEqual(counted.staleCount, rule?.staleCount ?? 0, "a rule's count of stale entries")
        }
    }

    private struct TableTally {
        var entryCount = 0
        var staleCount = 0
        var volatileCount = 0
        var entryBytes = 0
        var blockSize = 0
        var byRule: [UInt8: RuleTally] = [:]
    }

    private mutating func check(
        _ table: UnsafeMutablePointer<Table>, of shard: UnsafeMutablePointer<Shard>, _ database: Int,
        _ found: inout TableTally, _ tally: inout PolicyTally
    ) {
        guard let directory = table.pointee.directory else { return }
        let depth = Int(table.pointee.depth)
        found.blockSize += Int(nc_block_size(Int64(MemoryLayout<Segment>.stride << depth)))
        found.blockSize += table.pointee.ruleTallies.blockSize
        var index = 0
        while index < 1 << depth {
            let segment = directory + index
            let segmentDepth = Int(segment.pointee.depth)
            expect(segmentDepth <= depth, "a segment is deeper than its directory")
            let aliasCount = 1 << max(depth - segmentDepth, 0)
            expect(index % aliasCount == 0, "a segment's first place is not aligned to its aliases")
            for alias in 0..<aliasCount {
                let place = segment + alias
                let isSame =
                    place.pointee.buckets == segment.pointee.buckets && place.pointee.stamps == segment.pointee.stamps
                    && place.pointee.bucketCount == segment.pointee.bucketCount
                    && place.pointee.depth == segment.pointee.depth
                expect(isSame, "directory place \(index + alias) differs from its canonical place \(index)")
            }
            expect(
                table.pointee.nextVisit <= segment.pointee.nextVisit, "a table's appointment is behind its segment's")
            expect((segment.pointee.stamps != nil) == table.pointee.isStamped, "stamps are not as the table has them")
            check(segment, at: index, table, shard, database, &found, &tally)
            index += aliasCount
        }
    }

    // MARK: Segment

    private mutating func check(
        _ segment: UnsafeMutablePointer<Segment>, at index: Int, _ table: UnsafeMutablePointer<Table>,
        _ shard: UnsafeMutablePointer<Shard>, _ database: Int, _ found: inout TableTally, _ tally: inout PolicyTally
    ) {
        let bucketCount = Int(segment.pointee.bucketCount)
        expect(Segment.sizes.contains(bucketCount), "a segment has \(bucketCount) buckets")
        var entryCount = 0
        var overflows = [Int](repeating: 0, count: bucketCount)
        segment.pointee.forEachSlot { bucket, lane, slot in
            entryCount += 1
            let place = Place(segment: segment, bucketIndex: bucket, lane: lane)
            let entry = slot.pointee.entry
            let hash = shard.pointee.seed.hash(entry.key)
            let fragment = Fragment(hash: hash, depth: segment.pointee.depth)
            expect(table.pointee.segment(for: hash) == segment, "an entry lies in another segment than its hash's")
            expect(place.fragment == fragment, "a slot's fragment is not its key's")
            if let at = segment.pointee.find(fragment, entry.key) {
                expect(at.bucket == bucket && at.lane == lane, "a key is found in another place than its entry's")
            } else {
                expect(false, "an entry is not found")
            }
            var passed = fragment.home(bucketCount: bucketCount)
            while passed != bucket {
                overflows[passed] += 1
                passed = segment.pointee.next(passed)
            }
            checkExpiry(slot.pointee, entry, segment.pointee, tick: shard.pointee.tick)
            found.entryBytes += entry.blockSize
            if entry.hasExpiry { found.volatileCount += 1 }
            if entry.isRetired { found.staleCount += 1 }
            if let number = entry.ruleNumber {
                found.byRule[number, default: RuleTally()].entryCount += 1
                found.byRule[number, default: RuleTally()].entryBytes += entry.blockSize
                if entry.isRetired { found.byRule[number, default: RuleTally()].staleCount += 1 }
            }
            if shard.pointee.tracked(slot.pointee.expiryClass) {
                tally.add(slot.pointee, entry, shard.pointee.eviction.pointee.order)
            }
            if let stamp = place.stamp?.pointee {
                expect(
                    !shard.pointee.tracked(slot.pointee.expiryClass) || tally.stamps.insert(stamp).inserted,
                    "two entries have the stamp \(stamp)")
            }
        }
        expectEqual(segment.pointee.count, entryCount, "a segment's entry count")
        expect(entryCount <= segment.pointee.limit, "a segment is too full")
        for bucket in 0..<bucketCount where segment.pointee.bucket(bucket).overflow != 255 {
            expectEqual(Int(segment.pointee.bucket(bucket).overflow), overflows[bucket], "a bucket's overflow count")
        }
        found.entryCount += entryCount
        found.blockSize += segment.pointee.blockSize
    }

    /// An entry with a deadline has a look no later than on its due tick, and its segment is visited by then.
    private mutating func checkExpiry(_ slot: Slot, _ entry: Entry, _ segment: Segment, tick: UInt32) {
        guard entry.hasExpiry else {
            expect(slot.expiryClass == ExpiryClass.none, "an entry without a deadline has an expiry class")
            return
        }
        expect(slot.expiryClass != ExpiryClass.none, "an entry with a deadline has no expiry class")
        guard slot.expiryClass != ExpiryClass.none else { return }
        // A sweep that ran out of budget has moved the tick on, but this segment's visit is still to come.
        let seen = segment.nextVisit == 0 ? 0 : min(tick, segment.nextVisit - 1)
        let look = Int64(ExpiryClass.nextVisit(exponent: Int(slot.expiryClass) - 1, after: seen))
        let due = ExpiryClass.dueTick(deadline: entry.isRetired ? entry.staleEnd : entry.expiry)
        expect(look <= max(due, Int64(tick) + 1), "an entry due on tick \(due) is looked at on \(look) only")
        expect(Int64(segment.nextVisit) <= look, "a segment is visited after an entry's look")
    }

    // MARK: Policy

    private struct PolicyTally {
        var classes = [Int](repeating: 0, count: EvictionState.classCount)
        var classified = 0
        var smallCount = 0
        var smallBytes = 0
        var stamps: Set<UInt64> = []

        mutating func add(_ slot: Slot, _ entry: Entry, _ order: EvictionPolicy.Order) {
            switch order {
            case .recency, .insertion, .frequency:
                classes[Int(slot.metadata)] += 1
                classified += 1
            case .s3fifo where slot.metadata & S3Metadata.mainBit != 0:
                classes[Int(slot.metadata & S3Metadata.classMask)] += 1
                classified += 1
            case .s3fifo:
                smallCount += 1
                smallBytes += entry.blockSize
            case .random, .deadline: break
            }
        }
    }

    private mutating func check(_ tally: PolicyTally, against state: EvictionState) {
        expectEqual(state.trackedCount, tally.classified, "the policy's count")
        expectEqual(state.smallCount, tally.smallCount, "the small queue's count")
        expectEqual(state.smallBytes, tally.smallBytes, "the small queue's bytes")
        for index in 0..<EvictionState.classCount {
            expectEqual(Int(state.classCounts[index]), tally.classes[index], "the count of class \(index)")
        }
        if state.order == .s3fifo, state.isBounded {
            expect(state.smallQueue.count >= tally.smallCount, "the small queue has fewer records than members")
        }
    }
}
