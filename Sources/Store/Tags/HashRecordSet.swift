/// Hashes seen, to tell doubles: in 256 pieces, so that no insertion waits for a million others to be moved when a set grows.
struct HashRecordSet: ~Copyable {
    private static let pieceCount = 256
    /// A piece for each value of a hash's bits 24 to 31; those below choose the shard, those above the place in the table.
    private var pieces: [Set<UInt64>] = []

    /// Whether the hash is new.
    mutating func insert(_ hash: UInt64) -> Bool {
        if pieces.isEmpty { pieces = Array(repeating: [], count: HashRecordSet.pieceCount) }
        return pieces[Int(truncatingIfNeeded: hash >> 24) & (HashRecordSet.pieceCount - 1)].insert(hash).inserted
    }
}
