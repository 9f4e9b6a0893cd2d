import CAllocator
import CPrimitives

/// Moves entries out of sparse slabs into fuller ones, so that emptied slabs go back to the system.
///
/// The allocator keeps blocks of one size in slabs of some pages. When the sizes of values change, evicting the old ones leaves
/// slabs with a few entries each: of 256 MiB, 130 were holes after a change from 1 KiB to 100 KiB, and half the entries
/// had to go for them. An entry has one reference, its slot, so it can be moved under its shard's lock.
///
/// Rounds go through all tables, some buckets at a time. A round that found little to move or left no less waste than the
/// one before is the last until there is more again. Used by one thread, that of the background work of the first loop.
struct Compactor: ~Copyable {
    /// Buckets of one stay under a shard's lock: some 10 µs, or 30 when all their entries move.
    private static let bucketsPerStay = 8
    private static let entriesPerStay = bucketsPerStay * Bucket.slotCount
    /// What a bucket and a moved entry cost of a budget, in looks at entries (some 50 ns each).
    private static let moveCost = 8
    /// A round that moved fewer than one in so many entries was barren.
    private static let barrenShare = 256

    private var shard = 0
    private var database = 0
    private var position: UInt64 = 0
    /// Entries looked at and moved in this round.
    private var seenCount = 0
    private var movedCount = 0
    /// The waste with which the round before ended.
    private var wasteBefore = Int.max
    /// The waste with which the last barren round ended, in bytes; nil while rounds are worth it.
    private var restsAt: Int?

    /// Entries that the last call moved, and those that it looked at and left.
    private(set) var counts = (moved: 0, kept: 0)

    private let places: UnsafeMutablePointer<Place>
    private let blocks: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    private let uses: UnsafeMutablePointer<nc_slab_use>

    init() {
        places = .allocate(capacity: Compactor.entriesPerStay)
        blocks = .allocate(capacity: Compactor.entriesPerStay)
        uses = .allocate(capacity: Compactor.entriesPerStay)
    }

    deinit {
        places.deallocate()
        blocks.deallocate()
        uses.deallocate()
    }

    /// Goes on with the round, or begins one.
    ///
    /// - Parameters:
    ///   - waste: what the allocator holds too much now, in bytes.
    ///   - step: by how much the waste must have grown for another round after a barren one, in bytes.
    ///   - budget: how many looks at entries this call may cost.
    /// - Returns: whether it is worth going on.
    mutating func step(
        _ access: StoreAccess, databaseCount: Int, waste: Int, worthwhile step: Int, budget: Int
    ) -> Bool {
        counts = (0, 0)
        if let restsAt {
            guard waste > restsAt + step else {
                self.restsAt = min(restsAt, waste)
                return false
            }
            self.restsAt = nil
            wasteBefore = Int.max
        }
        var left = budget
        while left > 0 {
            left -= stay(in: access.shard(shard))
            if position != 0 { continue }
            database += 1
            if database < databaseCount { continue }
            database = 0
            shard += 1
            if shard < access.shardCount { continue }
            shard = 0
            endRound(waste: waste)
            return restsAt == nil
        }
        return true
    }

    private mutating func endRound(waste: Int) {
        // The newest slab of each size is always half full on average: its entries alone are no reason to go on.
        if movedCount * Compactor.barrenShare <= seenCount || waste >= wasteBefore { restsAt = waste }
        seenCount = 0
        movedCount = 0
        wasteBefore = waste
    }

    /// Looks at the next buckets of one table under the lock of its shard. Leaves `position` at 0 behind the table's end.
    ///
    /// - Returns: what it cost of the budget.
    private mutating func stay(in shard: UnsafeMutablePointer<Shard>) -> Int {
        shard.lock()
        defer { shard.unlock() }
        let table = shard.pointee.tables + database
        guard table.pointee.directory != nil, table.pointee.entryCount > 0 else {
            position = 0
            return 1
        }
        let segment = table.pointee.segment(for: position)
        let bucketCount = Int(segment.pointee.bucketCount)
        let bits = UInt16(truncatingIfNeeded: (position << UInt64(segment.pointee.depth)) >> 48)
        let first = Fragment.home(bits: bits, bucketCount: bucketCount)
        let end = min(first + Compactor.bucketsPerStay, bucketCount)
        let count = collect(segment, first..<end)
        let moved = relocate(count)
        seenCount += count
        movedCount += moved
        counts.moved += moved
        counts.kept += count - moved
        position = TablePosition.start(ofBucket: end, of: segment.pointee, at: position) ?? 0
        return Compactor.bucketsPerStay + count + moved * Compactor.moveCost
    }

    /// Lists the entries of some buckets, at most `entriesPerStay`.
    private func collect(_ segment: UnsafeMutablePointer<Segment>, _ buckets: Range<Int>) -> Int {
        var count = 0
        for index in buckets {
            var occupied = segment.pointee.bucket(index).occupied
            while occupied != 0 {
                let place = Place(segment: segment, bucketIndex: index, lane: Bucket.lane(of: occupied))
                occupied &= occupied &- 1  // not 0
                places[count] = place
                blocks[count] = place.slot.pointee.entry.pointer
                count += 1
            }
        }
        return count
    }

    /// Moves those of the listed entries that lie in sparse slabs: with an eighth or more of the blocks free.
    private func relocate(_ count: Int) -> Int {
        guard count > 0, nc_allocator_slab_uses(blocks, Int64(count), uses) else { return 0 }
        var moved = 0
        for index in 0..<count where uses[index].block_count > 1 {
            guard uses[index].free_count * 8 >= uses[index].block_count else { continue }
            let slot = places[index].slot
            guard let entry = slot.pointee.entry.relocated() else { return moved }
            slot.pointee.replaceEntry(entry, expiryClass: slot.pointee.expiryClass)
            moved += 1
        }
        return moved
    }
}
