/// The occupied lanes of a table in the order of the hash, one segment after the other.
///
/// For walks that change metadata and stamps only: insertions, removals and resizes invalidate it.
struct TablePlaces: Sequence, IteratorProtocol {
    private let table: Table
    private var segment: UnsafeMutablePointer<Segment>?
    private var bucketIndex = 0
    /// Lanes of the current bucket still to come, as `Bucket.occupied` gives them.
    private var occupied: UInt64

    init(of table: Table) {
        self.table = table
        segment = table.directory
        occupied = segment?.pointee.bucket(0).occupied ?? 0  // a segment has at least one bucket
    }

    mutating func next() -> Place? {
        while let current = segment {
            if occupied != 0 {
                let lane = Bucket.lane(of: occupied)
                occupied &= occupied &- 1  // not 0
                return Place(segment: current, bucketIndex: bucketIndex, lane: lane)
            }
            bucketIndex += 1
            if bucketIndex == Int(current.pointee.bucketCount) {
                bucketIndex = 0
                segment = table.segment(after: current)
            }
            occupied = segment?.pointee.bucket(bucketIndex).occupied ?? 0  // below bucketCount
        }
        return nil
    }
}

extension Table {
    var places: TablePlaces { TablePlaces(of: self) }
}
