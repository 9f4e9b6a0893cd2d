/// Positions in a table in the order of the hash: what SCAN's cursor, the evicting hand and the expiry sweep remember, since
/// they stay true however segments split, join and change their size.
enum TablePosition {
    /// The first position behind the segment that holds `position`, or nil behind the last one.
    @inline(__always)
    static func nextSegment(after position: UInt64, depth: UInt8) -> UInt64? {
        guard depth > 0 else { return nil }
        let step: UInt64 = 1 << (64 - UInt64(depth))
        let (next, overflow) = (position & ~(step - 1)).addingReportingOverflow(step)
        return overflow ? nil : next
    }

    /// The first position whose home is bucket `index` of the segment that holds `position`; one past the last bucket gives
    /// the next segment. Nil behind the last segment.
    @inline(__always)
    static func start(ofBucket index: Int, of segment: Segment, at position: UInt64) -> UInt64? {
        let bucketCount = Int(segment.bucketCount)
        guard index < bucketCount else { return nextSegment(after: position, depth: segment.depth) }
        let bits = ((index << 16) + bucketCount - 1) / bucketCount  // rounded up: below 2^16 as index < bucketCount
        let depth = UInt64(segment.depth)
        let prefix = depth == 0 ? 0 : position & ~(UInt64.max >> depth)
        return prefix | (UInt64(bits) << 48) >> depth
    }
}
