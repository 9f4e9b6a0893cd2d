import CPrimitives
import Primitives

/// Finding and removing victims. Work per call is bounded: a hand never walks more than `handLimit` buckets.
extension Shard {
    /// Buckets that one search walks at the most, some 10 µs. With nothing better found the best one seen goes.
    private static let handLimit = 2048
    /// Members of the small queue that one eviction takes out at the most: promoted ones do not free memory.
    private static let queueLimit = 256

    /// Evicts one entry and returns the bytes it gave back, or nil when the policy finds none it may evict.
    mutating func evictOne(now: Int64) -> Int? {
        guard entryCount > 0 else { return nil }
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

    mutating func evict(_ place: Place, database: Int, now: Int64) -> Int {
        let entry = place.slot.pointee.entry
        let bytes = entry.blockSize
        if entry.isExpired(at: now) { expiredCount += 1 } else { evictedCount += 1 }
        remove(place, database: database)
        return bytes
    }

    // MARK: Orders

    private mutating func findOldestVictim() -> (place: Place, database: Int)? {
        eviction.pointee.findOldestClass(last: UInt8.max)
        let current = eviction.pointee.currentClass
        let oldest = eviction.pointee.oldestClass
        return findByHand(enough: current &- oldest) { shard, slot in
            shard.tracked(slot.expiryClass) ? current &- slot.metadata : nil
        }
    }

    private mutating func findLeastFrequentVictim() -> (place: Place, database: Int)? {
        var lowest = 0
        while lowest < 255, eviction.pointee.classCounts[lowest] == 0 { lowest += 1 }
        return findByHand(enough: 255 - UInt8(lowest)) { shard, slot in
            shard.tracked(slot.expiryClass) ? 255 - slot.metadata : nil
        }
    }

    /// The first eligible entry from a random position on.
    private mutating func findRandomVictim() -> (place: Place, database: Int)? {
        eviction.pointee.handPosition = eviction.pointee.generator.next()
        let databases = (0..<databaseCount).filter { tables[$0].entryCount > 0 }
        guard !databases.isEmpty else { return nil }
        eviction.pointee.handDatabase = databases[eviction.pointee.generator.below(databases.count)]
        return findByHand(enough: 0) { shard, slot in shard.tracked(slot.expiryClass) ? 0 : nil }
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

    // MARK: S3-FIFO

    private mutating func findS3Victim() -> (place: Place, database: Int)? {
        let state = eviction
        state.pointee.ghost.fit(entryCount: state.pointee.trackedCount)
        // The small queue's share is a tenth of the shard's bytes.
        if state.pointee.smallBytes > entryBytes / 10 || state.pointee.trackedCount == 0 {
            if let victim = takeFromSmallQueue() { return victim }
        }
        return findMainVictim() ?? takeFromSmallQueue() ?? findAnySmall()
    }

    /// Takes members out of the small queue: those used since their insertion go to the main queue, the first that was not is
    /// the victim, and its key goes to the ghost.
    private mutating func takeFromSmallQueue() -> (place: Place, database: Int)? {
        let state = eviction
        var last: (place: Place, database: Int)?
        for _ in 0..<Shard.queueLimit {
            guard let record = state.pointee.smallQueue.removeFirst() else { break }
            let database = SmallQueue.database(of: record)
            let hash = SmallQueue.hash(of: record)
            guard let place = smallPlace(hash: hash, database: database) else { continue }
            let slot = place.slot
            if slot.pointee.metadata & S3Metadata.frequencyMask == 0 {
                state.pointee.ghost.insert(hash: hash)
                return (place, database)
            }
            let bytes = slot.pointee.entry.blockSize
            state.pointee.dismissS3(slot.pointee.metadata, bytes: bytes)
            slot.pointee.metadata = state.pointee.admitToMain()
            last = (place, database)
        }
        return last
    }

    /// The slot in the small queue whose hash is `hash` as far as a segment keeps it.
    private func smallPlace(hash: UInt64, database: Int) -> Place? {
        let table = tables + database
        guard table.pointee.directory != nil else { return nil }
        let segment = table.pointee.segment(for: hash)
        let fragment = Fragment(hash: hash, depth: segment.pointee.depth)
        var index = fragment.home(bucketCount: Int(segment.pointee.bucketCount))
        for _ in 0..<Int(segment.pointee.bucketCount) {
            let bucket = segment.pointee.bucket(index)
            var matches = Bucket.lanes(of: bucket.header, tagged: fragment.tag)
            while matches != 0 {
                let lane = Bucket.lane(of: matches)
                let slot = bucket.slot(lane).pointee
                if slot.hashHigh == fragment.high, slot.metadata & S3Metadata.mainBit == 0 {
                    return Place(segment: segment, bucketIndex: index, lane: lane)
                }
                matches &= matches &- 1  // not 0
            }
            if bucket.overflow == 0 { return nil }
            index = segment.pointee.next(index)
        }
        return nil
    }

    /// The oldest member of the main queue that was not used; used ones go back to its end with one use less.
    private mutating func findMainVictim() -> (place: Place, database: Int)? {
        let state = eviction
        guard state.pointee.trackedCount > 0 else { return nil }
        let last = UInt8(EvictionState.mainClassCount - 1)
        state.pointee.findOldestClass(last: last)
        var victim: (place: Place, database: Int)?
        var spare: (place: Place, database: Int)?
        walk(limit: Shard.handLimit) { shard, place, database in
            let slot = place.slot
            let metadata = slot.pointee.metadata
            guard metadata & S3Metadata.mainBit != 0 else { return true }
            let state = shard.eviction
            guard metadata & S3Metadata.classMask == state.pointee.oldestClass else {
                if spare == nil, metadata & S3Metadata.frequencyMask == 0 { spare = (place, database) }
                return true
            }
            if metadata & S3Metadata.frequencyMask == 0 {
                victim = (place, database)
                return false
            }
            state.pointee.dismissS3(metadata, bytes: 0)
            let frequency = (metadata & S3Metadata.frequencyMask) - S3Metadata.frequencyOne
            slot.pointee.metadata = state.pointee.admitToMain() | frequency
            state.pointee.findOldestClass(last: last)
            return true
        }
        return victim ?? spare
    }

    /// When the queue's records do not lead to the members it counts (after SWAPDB of a full store, say): any of them.
    private mutating func findAnySmall() -> (place: Place, database: Int)? {
        findByHand(enough: 1) { _, slot in
            slot.metadata & S3Metadata.mainBit == 0 ? 1 : 0
        }
    }

    // MARK: The hand

    /// Moves the hand on to the first slot whose rank is `enough`, or to the best one within the limit.
    ///
    /// - Parameter rank: nil for entries that may not be evicted.
    private mutating func findByHand(
        enough: UInt8, _ rank: (borrowing Shard, Slot) -> UInt8?
    ) -> (place: Place, database: Int)? {
        var best: (place: Place, database: Int)?
        var bestRank: UInt8 = 0
        walk(limit: Shard.handLimit) { shard, place, database in
            guard let value = rank(shard, place.slot.pointee) else { return true }
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
    private mutating func walk(limit: Int, _ body: (borrowing Shard, Place, Int) -> Bool) {
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
        database: Int, from start: UInt64, budget: inout Int, _ body: (borrowing Shard, Place, Int) -> Bool
    ) -> Bool {
        let table = tables[database]
        guard table.directory != nil, table.entryCount > 0 else { return false }
        var position = start
        while true {
            let segment = table.segment(for: position)
            let depth = segment.pointee.depth
            let bucketCount = Int(segment.pointee.bucketCount)
            let bits = Int((position << UInt64(depth)) >> 48)
            for index in ((bits * bucketCount) >> 16)..<bucketCount {
                let bucket = segment.pointee.bucket(index)
                var occupied = bucket.occupied
                while occupied != 0 {
                    let place = Place(segment: segment, bucketIndex: index, lane: Bucket.lane(of: occupied))
                    occupied &= occupied &- 1  // not 0
                    if !body(self, place, database) {
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
