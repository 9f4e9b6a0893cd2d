import Primitives

/// Walking a table in the order of the hash, for SCAN, KEYS and RANDOMKEY.
extension Shard {
    /// Calls `body` with entries from `position` on, one home bucket after the other, until `limit` buckets are done or
    /// `body` has had `count` entries.
    ///
    /// Entries are grouped by their home bucket and filtered by the position itself, so an entry that is present throughout is
    /// seen exactly once, whatever splits, joins and resizes happen between two calls. Entries past their deadline are skipped,
    /// unless `skippingVoid` is false.
    ///
    /// - Returns: the position to go on from, or nil at the end of the table.
    func scan(
        database: Int, from start: UInt64, count: Int, bucketLimit limit: inout Int, now: Int64,
        skippingVoid: Bool = true, _ body: (Entry) -> Void
    ) -> UInt64? {
        let table = tables[database]
        guard table.directory != nil, table.entryCount > 0 else { return nil }
        let (seed, tags) = (seed, tags)
        var position = start
        var seen = 0
        while true {
            let segment = table.segment(for: position).pointee
            let bits = UInt16(truncatingIfNeeded: (position << UInt64(segment.depth)) >> 48)
            let home = Fragment.home(bits: bits, bucketCount: Int(segment.bucketCount))
            // After joins the position may lie between two hashes that share a fragment: only the keys tell them apart. Those that
            // end in 0 and in 1 share one as well, and seven joins can leave a position between them.
            let isBetween = (position << UInt64(segment.depth)) << 16 != 0 || bits & 0xFF == 1
            segment.forEachEntry(home: home, from: bits) { fragment, slot in
                let entry = slot.entry
                if isBetween, fragment == Fragment(bits: bits), seed.hash(entry.key) < position { return }
                if skippingVoid, entry.mayBeVoid, !tags.isLive(entry, now: now) { return }
                seen += 1
                body(entry)
            }
            guard let next = TablePosition.start(ofBucket: home + 1, of: segment, at: position) else { return nil }
            position = next
            limit -= 1
            if seen >= count || limit <= 0 { return position }
        }
    }

    /// Some entry of a database, each about as likely as another, or nil when there is none.
    mutating func randomEntry(database: Int, now: Int64) -> Entry? {
        let table = tables[database]
        guard table.directory != nil, table.entryCount > 0 else { return nil }
        // From a random position on to the first bucket that is not empty, which has five entries on average: one of them.
        let state = eviction
        let start = state.pointee.generator.next()
        for position in [start, 0] {
            var found: Entry?
            var seen = 0
            var limit = Int.max
            _ = scan(database: database, from: position, count: 1, bucketLimit: &limit, now: now) { entry in
                seen += 1
                if state.pointee.generator.below(seen) == 0 { found = entry }
            }
            if found != nil { return found }
        }
        return nil
    }
}

extension Segment {
    /// Calls `body` with the slots whose home is `home` and whose fragment is at least `bits`, wherever probing put them.
    @inline(__always)
    func forEachEntry(home: Int, from bits: UInt16, _ body: (Fragment, Slot) -> Void) {
        var index = home
        for _ in 0..<Int(bucketCount) {
            let bucket = bucket(index)
            var occupied = bucket.occupied
            while occupied != 0 {
                let lane = Bucket.lane(of: occupied)
                occupied &= occupied &- 1  // not 0
                let slot = bucket.slot(lane).pointee
                let fragment = Fragment(tag: bucket.tag(lane), high: slot.hashHigh)
                if fragment.home(bucketCount: Int(bucketCount)) == home, fragment.bits >= bits { body(fragment, slot) }
            }
            if bucket.overflow == 0 { return }
            index = next(index)
        }
    }
}
