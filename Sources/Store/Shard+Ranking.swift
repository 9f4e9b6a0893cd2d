import CPrimitives

/// Ranking all entries of a shard anew, and exact order for small bounds.
extension Shard {
    /// Adopts a policy. Entries that were ranked by another order start afresh, all of one age.
    mutating func rank(policy: EvictionPolicy, isBounded: Bool, isExact: Bool) {
        let state = eviction
        let wasExact = self.isExact
        if policy == state.pointee.policy, isBounded == state.pointee.isBounded, isExact == wasExact { return }
        state.pointee.reset(policy: policy, isBounded: isBounded)
        for database in 0..<databaseCount {
            let table = tables + database
            let before = table.pointee.blockSize
            table.pointee.setStamped(isExact)
            book(tableBytes: table.pointee.blockSize - before)
            for place in table.pointee.places {
                let slot = place.slot
                slot.pointee.metadata = 0
                guard tracked(slot.pointee.expiryClass) else { continue }
                let entry = slot.pointee.entry
                let hash = policy.order == .s3fifo ? seed.hash(entry.key) : 0
                slot.pointee.metadata = admit(hash: hash, database: database, bytes: entry.blockSize)
                if let stamp = place.stamp { stamp.pointee = firstStamp() }
            }
        }
        bookSideStructures()
    }

    /// Takes one from every access counter (LFU): popularity of long ago fades. O(entries of the shard).
    mutating func decayCounters() {
        let state = eviction
        guard state.pointee.order == .frequency else { return }
        for database in 0..<databaseCount {
            for place in tables[database].places {
                let counter = place.slot.pointee.metadata
                guard counter > 0, tracked(place.slot.pointee.expiryClass) else { continue }
                place.slot.pointee.metadata = counter - 1
                state.pointee.classCounts[Int(counter)] &-= 1  // the entry was counted there
                state.pointee.classCounts[Int(counter) - 1] &+= 1
            }
        }
    }

    /// Whether order is exact across shards.
    var isExact: Bool { tables[0].isStamped }

    /// The lowest stamp of an entry that may be evicted.
    func lowestStamp() -> UInt64? { lowest()?.stamp }

    mutating func evictLowestStamp(now: Int64) {
        guard let (place, database, _) = lowest() else { return }
        _ = evict(place, database: database, now: now)
    }

    private func lowest() -> (place: Place, database: Int, stamp: UInt64)? {
        var best: (place: Place, database: Int, stamp: UInt64)?
        let order = eviction.pointee.order
        for database in 0..<databaseCount where tables[database].entryCount > 0 {
            for place in tables[database].places where tracked(place.slot.pointee.expiryClass) {
                // Deadlines are positive: an entry whose deadline lies before 1970 is removed when it is set.
                let rank =
                    order == .deadline
                    ? UInt64(bitPattern: max(place.slot.pointee.entry.expiry, 0)) : place.stamp?.pointee ?? 0
                if rank < best?.stamp ?? UInt64.max { best = (place, database, rank) }
            }
        }
        return best
    }
}
