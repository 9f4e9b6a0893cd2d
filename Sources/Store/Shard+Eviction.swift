import CPrimitives
import Primitives

/// Finding and removing victims. Work per call is bounded: a hand never walks more than `handLimit` buckets.
extension Shard {
    /// Buckets that one search walks at the most, some 10 µs. With nothing better found the best one seen goes.
    static let handLimit = 2048

    /// Evicts one entry and returns the bytes it gave back, or nil when the policy finds none it may evict.
    mutating func evictOne(now: Int64) -> Int? {
        guard holdsEvictable else { return nil }
        let victim: (place: Place, database: Int)?
        switch eviction.pointee.order {
        case .s3fifo: victim = findS3Victim()
        case .recency, .insertion: victim = findOldestVictim()
        case .frequency: victim = findLeastFrequentVictim()
        case .random: victim = findRandomVictim()
        case .deadline: victim = findNearestDeadlineVictim()
        }
        guard let victim else { return nil }
        return evict(victim.place, database: victim.database, now: now)
    }

    /// Whether there is an entry that the policy may evict.
    var holdsEvictable: Bool {
        guard eviction.pointee.isVolatileOnly else { return entryCount > 0 }
        for database in 0..<databaseCount where tables[database].volatileCount > 0 { return true }
        return false
    }

    mutating func evict(_ place: Place, database: Int, now: Int64) -> Int {
        let entry = place.slot.pointee.entry
        let bytes = entry.blockSize
        if entry.isExpired(at: now) { countExpiry(of: entry) } else { countEviction(of: entry) }
        remove(place, database: database, .aged)
        return bytes
    }

    // MARK: Orders

    private mutating func findOldestVictim() -> (place: Place, database: Int)? {
        let state = eviction
        state.pointee.findOldestClass(last: UInt8.max)
        let current = state.pointee.currentClass
        let oldest = state.pointee.oldestClass
        return findByHand(enough: current &- oldest) { state, slot in
            state.pointee.tracks(slot.expiryClass) ? current &- slot.metadata : nil
        }
    }

    private mutating func findLeastFrequentVictim() -> (place: Place, database: Int)? {
        var lowest = 0
        while lowest < 255, eviction.pointee.classCounts[lowest] == 0 { lowest += 1 }
        return findByHand(enough: 255 - UInt8(lowest)) { state, slot in
            state.pointee.tracks(slot.expiryClass) ? 255 - slot.metadata : nil
        }
    }

    /// Some eligible entry, each as likely as another: lanes at random until one holds such an entry. (The first entry behind a
    /// random position would mostly be the one inserted last, which fills the first lane.)
    private mutating func findRandomVictim() -> (place: Place, database: Int)? {
        let state = eviction
        let database = databaseAtRandom()
        let table = tables + database
        for _ in 0..<32 {
            let position = state.pointee.generator.next()
            let segment = table.pointee.segment(for: position)
            let bits = UInt16(truncatingIfNeeded: (position << UInt64(segment.pointee.depth)) >> 48)
            let index = Fragment.home(bits: bits, bucketCount: Int(segment.pointee.bucketCount))
            let lane = state.pointee.generator.below(Bucket.slotCount)
            guard segment.pointee.bucket(index).tag(lane) != 0 else { continue }
            let place = Place(segment: segment, bucketIndex: index, lane: lane)
            if tracked(place.slot.pointee.expiryClass) { return (place, database) }
        }
        // Few may go: the next one.
        state.pointee.handDatabase = database
        state.pointee.handPosition = state.pointee.generator.next()
        return findByHand(enough: 0) { state, slot in state.pointee.tracks(slot.expiryClass) ? 0 : nil }
    }

    /// A database that is not empty, each as likely as its share of the entries. The shard is not empty.
    private mutating func databaseAtRandom() -> Int {
        let state = eviction
        var rank = state.pointee.generator.below(entryCount)
        for database in 0..<databaseCount {
            rank -= tables[database].entryCount
            if rank < 0 { return database }
        }
        return 0
    }

    /// Of the next 32 entries with a deadline the one whose deadline is nearest.
    private mutating func findNearestDeadlineVictim() -> (place: Place, database: Int)? {
        var best: (place: Place, database: Int)?
        var bestDeadline = Int64.max
        var seen = 0
        walk(limit: Shard.handLimit) { _, place, database in
            let slot = place.slot.pointee
            guard slot.expiryClass != ExpiryClass.none else { return true }
            let deadline = slot.entry.expiry
            if deadline < bestDeadline || best == nil {
                bestDeadline = deadline
                best = (place, database)
            }
            seen += 1
            return seen < 32
        }
        return best
    }

    // MARK: The hand

    /// Moves the hand on to the first slot whose rank is `enough`, or to the best one within the limit.
    ///
    /// - Parameter rank: nil for entries that may not be evicted.
    mutating func findByHand(
        enough: UInt8, _ rank: (UnsafeMutablePointer<EvictionState>, Slot) -> UInt8?
    ) -> (place: Place, database: Int)? {
        var best: (place: Place, database: Int)?
        var bestRank: UInt8 = 0
        walk(limit: Shard.handLimit) { state, place, database in
            guard let value = rank(state, place.slot.pointee) else { return true }
            if best == nil || value > bestRank {
                best = (place, database)
                bestRank = value
            }
            return value < enough
        }
        return best
    }

    /// Walks slots from the hand on, around all tables at most once, until `body` returns false or `limit` buckets are done. The
    /// hand stays at the bucket where the walk ended.
    mutating func walk(limit: Int, _ body: (UnsafeMutablePointer<EvictionState>, Place, Int) -> Bool) {
        var budget = limit
        let state = eviction
        // One more than the databases: the first one is walked from the hand to its end, and last from its start.
        var database = state.pointee.handDatabase < databaseCount ? state.pointee.handDatabase : 0
        for _ in 0...databaseCount {
            if walk(database: database, from: state.pointee.handPosition, budget: &budget, body) {
                state.pointee.handDatabase = database
                return
            }
            database = database + 1 == databaseCount ? 0 : database + 1
            state.pointee.handPosition = 0
        }
        state.pointee.handDatabase = database
    }

    /// Walks one table from a position on; true when the walk is to end here.
    private func walk(
        database: Int, from start: UInt64, budget: inout Int,
        _ body: (UnsafeMutablePointer<EvictionState>, Place, Int) -> Bool
    ) -> Bool {
        let table = tables[database]
        guard table.directory != nil, table.entryCount > 0 else { return false }
        var position = start
        while true {
            let segment = table.segment(for: position)
            let depth = segment.pointee.depth
            let bucketCount = Int(segment.pointee.bucketCount)
            let bits = UInt16(truncatingIfNeeded: (position << UInt64(depth)) >> 48)
            for index in Fragment.home(bits: bits, bucketCount: bucketCount)..<bucketCount {
                let bucket = segment.pointee.bucket(index)
                var occupied = bucket.occupied
                while occupied != 0 {
                    let place = Place(segment: segment, bucketIndex: index, lane: Bucket.lane(of: occupied))
                    occupied &= occupied &- 1  // not 0
                    if !body(eviction, place, database) {
                        eviction.pointee.handPosition =
                            TablePosition.start(ofBucket: index, of: segment.pointee, at: position) ?? 0
                        return true
                    }
                }
                budget -= 1
                if budget == 0 {
                    eviction.pointee.handPosition =
                        TablePosition.start(ofBucket: index + 1, of: segment.pointee, at: position) ?? 0
                    return true
                }
            }
            guard let next = TablePosition.nextSegment(after: position, depth: depth) else { return false }
            position = next
        }
    }
}
