import CPrimitives
import Primitives

/// The expiry sweep: finds entries past their deadline without reading those that are not due for a look.
extension Shard {
    /// Looks at segments whose appointment has come, and removes entries past their deadline.
    ///
    /// - Parameters:
    ///   - now: store milliseconds.
    ///   - budget: units of work left, a removal or a read entry being one and a bucket a quarter; what is done is taken off.
    /// - Returns: whether nothing due is left.
    mutating func sweep(now: Int64, budget: inout Int) -> Bool {
        // Threads cache the time: another's may be a little behind. Ticks of 32 bits reach to the year 2106.
        tick = max(tick, UInt32(clamping: now / ExpiryClass.tickMilliseconds))
        if observers != nil { removeOverdueLeases(now: now) }
        let state = eviction
        if state.pointee.order == .recency { state.pointee.advanceClass(withTime: tick) }
        for database in 0..<databaseCount where tables[database].nextVisit <= tick {
            if !sweep(database: database, now: now, budget: &budget) { return false }
        }
        return true
    }

    private mutating func sweep(database: Int, now: Int64, budget: inout Int) -> Bool {
        let table = tables + database
        var position: UInt64 = 0
        var nextVisit = Segment.never
        guard table.pointee.directory != nil else {
            table.pointee.nextVisit = Segment.never
            return true
        }
        while true {
            let segment = table.pointee.segment(for: position)
            let depth = segment.pointee.depth
            if segment.pointee.nextVisit <= tick {
                if budget <= 0 { return false }
                sweep(segment, database: database, now: now, budget: &budget)
            }
            nextVisit = min(nextVisit, segment.pointee.nextVisit)
            // The segment may shrink or join its neighbour now that it is read.
            let before = table.pointee.blockSize
            table.pointee.shrinkIfSparse(segment)
            book(tableBytes: table.pointee.blockSize - before)
            guard let next = TablePosition.nextSegment(after: position, depth: depth) else { break }
            position = next
        }
        table.pointee.nextVisit = nextVisit
        return true
    }

    private mutating func sweep(
        _ segment: UnsafeMutablePointer<Segment>, database: Int, now: Int64, budget: inout Int
    ) {
        let first = segment.pointee.nextVisit
        let bucketCount = Int(segment.pointee.bucketCount)
        var nextVisit = Segment.never
        budget -= bucketCount / 4 + 1
        for index in 0..<bucketCount {
            var occupied = segment.pointee.bucket(index).occupied
            while occupied != 0 {
                let place = Place(segment: segment, bucketIndex: index, lane: Bucket.lane(of: occupied))
                occupied &= occupied &- 1  // not 0
                let slot = place.slot
                let expiryClass = slot.pointee.expiryClass
                if expiryClass == ExpiryClass.none { continue }
                guard ExpiryClass.isDue(expiryClass, from: first, to: tick) else {
                    nextVisit = min(nextVisit, ExpiryClass.nextVisit(exponent: Int(expiryClass) - 1, after: tick))
                    continue
                }
                budget -= 1
                let entry = slot.pointee.entry
                var deadline = entry.expiry
                if deadline <= now, entry.hasExtension, entry.staleEnd > now {
                    retire(place, database: database)
                    deadline = entry.staleEnd
                }
                if deadline <= now {
                    if !entry.isRetired { countExpiry(of: entry) }
                    noteRemoval(place, database: database)
                    takeOut(place, database: database)
                } else {
                    let (newClass, visit) = ExpiryClass.of(deadline: deadline, tick: tick)
                    slot.pointee.expiryClass = newClass
                    nextVisit = min(nextVisit, visit)
                }
            }
        }
        segment.pointee.nextVisit = nextVisit
    }

    /// Tells observers and the change count of a removal that `takeOut` is about to make.
    @inline(__always)
    private mutating func noteRemoval(_ place: Place, database: Int) {
        let key = place.slot.pointee.entry.key
        let hash = observers == nil ? 0 : seed.hash(key)
        changed(Key(bytes: key, hash: hash, database: database), .aged)
    }

    /// Gives the entry at `place` another deadline; `Entry.noExpiry` takes it away. False when there is no memory.
    mutating func setExpiry(_ place: Place, key: Key, to deadline: Int64) -> Bool {
        let entry = place.slot.pointee.entry
        if entry.hasExpiry, deadline != Entry.noExpiry {
            entry.writeExpiry(deadline)
            let (newClass, visit) = ExpiryClass.of(deadline: deadline, tick: tick)
            place.slot.pointee.expiryClass = newClass
            place.segment.pointee.nextVisit = min(place.segment.pointee.nextVisit, visit)
            tables[key.database].nextVisit = min(tables[key.database].nextVisit, visit)
        } else if entry.hasExpiry || deadline != Entry.noExpiry {
            guard let copy = entry.copy(key: entry.key, expiry: deadline, extensionBytes: entry.extensionBytes)
            else { return false }
            retainTags(of: copy)
            replace(place, with: copy, database: key.database)
        }
        changed(key, .aged)
        return true
    }
}
