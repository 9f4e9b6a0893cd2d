import CPrimitives
import Primitives

/// S3-FIFO (Yang et al., SOSP 2023): new entries go through a small queue of a tenth of the bytes; who is used there moves on to the
/// main queue, who is not leaves, and is remembered by a ghost: when it comes back soon, it goes to the main queue at
/// once. A scan passes through the small queue and leaves the main one alone.
extension Shard {
    /// Members of the small queue that one eviction takes out at the most: promoted ones do not free memory.
    private static let queueLimit = 256
    /// The small queue's share of the shard is one in so many.
    private static let smallShare = 10

    // MARK: Coming and going

    /// Metadata of a new entry.
    @inline(__always)
    mutating func admitS3(hash: UInt64, database: Int, bytes: Int) -> UInt8 {
        let state = eviction
        if state.pointee.isBounded { return admitBoundedS3(hash: hash, database: database, bytes: bytes) }
        state.pointee.smallBytes += bytes
        state.pointee.smallCount += 1
        return 0
    }

    @inline(never)
    private mutating func admitBoundedS3(hash: UInt64, database: Int, bytes: Int) -> UInt8 {
        let state = eviction
        if state.pointee.ghost.remove(hash: hash) { return state.pointee.admitToMain() }
        // Until the first eviction whatever the small queue has no room for fills the main one: otherwise a store that never
        // fills would pay for a record of every entry.
        if state.pointee.ghost.capacity == 0, isSmallQueueFull {
            return state.pointee.admitToMain()
        }
        if state.pointee.smallQueue.isFull, state.pointee.smallQueue.count > 2 * state.pointee.smallCount {
            compactSmallQueue()
        }
        state.pointee.smallQueue.append(HashQueue.record(hash: hash, database: database))
        state.pointee.smallBytes += bytes
        state.pointee.smallCount += 1
        return 0
    }

    /// Whether the small queue has more than its share of bytes or of entries. Bytes alone would have a main queue of one very
    /// large value give way to any number of small entries that nobody used.
    private var isSmallQueueFull: Bool {
        eviction.pointee.smallBytes * Shard.smallShare > entryBytes
            || eviction.pointee.smallCount * Shard.smallShare > entryCount
    }

    /// Drops records of entries that are gone, and all but the newest of those that came again. O(records), once for as many
    /// insertions.
    private mutating func compactSmallQueue() {
        let mark: UInt8 = 1
        let tables = tables
        let state = eviction
        state.pointee.smallQueue.compact { record in
            let table = tables + HashQueue.database(of: record)
            guard let place = table.pointee.smallPlace(hash: HashQueue.hash(of: record)) else { return false }
            place.slot.pointee.metadata |= mark
            return true
        }
        for database in 0..<databaseCount {
            for place in tables[database].places where place.slot.pointee.metadata & S3Metadata.mainBit == 0 {
                place.slot.pointee.metadata &= ~mark
            }
        }
    }

    // MARK: Victims

    mutating func findS3Victim() -> (place: Place, database: Int)? {
        let state = eviction
        state.pointee.ghost.fit(entryCount: state.pointee.trackedCount)
        bookSideStructures()
        if isSmallQueueFull || state.pointee.trackedCount == 0 {
            if let victim = takeFromSmallQueue() { return victim }
        }
        return findMainVictim() ?? takeFromSmallQueue() ?? findAnySmall()
    }

    /// Takes members out of the small queue: those used since their insertion go to the main queue, the first that was not is
    /// the victim, and its key goes to the ghost. Nil when all that one eviction takes were used.
    private mutating func takeFromSmallQueue() -> (place: Place, database: Int)? {
        let state = eviction
        for _ in 0..<Shard.queueLimit {
            guard let record = state.pointee.smallQueue.removeFirst() else { return nil }
            let hash = HashQueue.hash(of: record)
            let database = HashQueue.database(of: record)
            guard let place = tables[database].smallPlace(hash: hash) else { continue }
            let slot = place.slot
            if slot.pointee.metadata & S3Metadata.frequencyMask == 0 {
                state.pointee.ghost.insert(hash: hash)
                return (place, database)
            }
            state.pointee.dismissS3(slot.pointee.metadata, bytes: slot.pointee.entry.blockSize)
            slot.pointee.metadata = state.pointee.admitToMain()
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
        walk(limit: Shard.handLimit) { state, place, database in
            let slot = place.slot
            let metadata = slot.pointee.metadata
            guard metadata & S3Metadata.mainBit != 0 else { return true }
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

    /// When all that one eviction may look at were in use: any entry, of the small queue if there is one near.
    private mutating func findAnySmall() -> (place: Place, database: Int)? {
        findByHand(enough: 1) { _, slot in
            slot.metadata & S3Metadata.mainBit == 0 ? 1 : 0
        }
    }
}

extension Table {
    /// The slot in the small queue whose hash is `hash` as far as a segment keeps it.
    fileprivate func smallPlace(hash: UInt64) -> Place? {
        // Any other bit but the frequency is the mark of `compactSmallQueue`.
        place(hash: hash) { $0.metadata & ~S3Metadata.frequencyMask == 0 }
    }

    /// The first slot whose hash is `hash`, as far as a segment keeps it, and for which `isWanted` says so.
    func place(hash: UInt64, where isWanted: (Slot) -> Bool) -> Place? {
        guard directory != nil else { return nil }
        let segment = segment(for: hash)
        let fragment = Fragment(hash: hash, depth: segment.pointee.depth)
        var index = fragment.home(bucketCount: Int(segment.pointee.bucketCount))
        for _ in 0..<Int(segment.pointee.bucketCount) {
            let bucket = segment.pointee.bucket(index)
            var matches = Bucket.lanes(of: bucket.header, tagged: fragment.tag)
            while matches != 0 {
                let lane = Bucket.lane(of: matches)
                let slot = bucket.slot(lane).pointee
                if slot.hashHigh == fragment.high, isWanted(slot) {
                    return Place(segment: segment, bucketIndex: index, lane: lane)
                }
                matches &= matches &- 1  // not 0
            }
            if bucket.overflow == 0 { return nil }
            index = segment.pointee.next(index)
        }
        return nil
    }
}

extension EvictionState {
    /// Metadata of an entry that enters the main queue now.
    mutating func admitToMain() -> UInt8 {
        insertionsInClass += 1
        trackedCount += 1
        if insertionsInClass > trackedCount / (EvictionState.mainClassCount - 4) {
            advanceClass(tick: 0, last: UInt8(EvictionState.mainClassCount - 1))
        }
        classCounts[Int(currentClass)] &+= 1
        return S3Metadata.mainBit | currentClass
    }

    mutating func dismissS3(_ metadata: UInt8, bytes: Int) {
        if metadata & S3Metadata.mainBit == 0 {
            smallBytes -= bytes
            smallCount -= 1
        } else {
            classCounts[Int(metadata & S3Metadata.classMask)] &-= 1  // counted when it entered the main queue
            trackedCount -= 1
        }
    }
}
