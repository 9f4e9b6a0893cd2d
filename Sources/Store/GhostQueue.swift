import CAllocator

/// S3-FIFO's ghost: who was evicted from the small queue lately. Fingerprints of 16 bits in sets of four, each set
/// first in, first out: 2 bytes a key, allocated when eviction begins. Against an exact queue of keys it costs a tenth
/// of a percent of misses (docs/architecture.md has the simulation).
struct GhostQueue {
    private static let ways = 4
    private var fingerprints: UnsafeMutablePointer<UInt16>?
    private var setCount = 0

    var blockSize: Int { fingerprints == nil ? 0 : Int(nc_block_size(Int64(setCount * GhostQueue.ways * 2))) }
    var capacity: Int { setCount * GhostQueue.ways }

    /// Makes room for `entryCount` keys; a ghost of half the size or twice is made anew, and forgets.
    mutating func fit(entryCount: Int) {
        let wanted = max(entryCount / GhostQueue.ways, 4)
        guard setCount == 0 || wanted >= setCount * 2 || wanted * 4 <= setCount else { return }
        free()
        setCount = 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount)
        guard let memory = nc_allocate_lines(Int64(setCount * GhostQueue.ways * 2)) else { outOfMemory() }
        fingerprints = memory.bindMemory(to: UInt16.self, capacity: setCount * GhostQueue.ways)
    }

    mutating func insert(hash: UInt64) {
        guard let set = set(for: hash) else { return }
        for way in stride(from: GhostQueue.ways - 1, to: 0, by: -1) { set[way] = set[way - 1] }
        set[0] = fingerprint(hash)
    }

    /// Whether the key was here; it is taken out.
    @inline(__always)
    mutating func remove(hash: UInt64) -> Bool {
        guard let set = set(for: hash) else { return false }
        let fingerprint = fingerprint(hash)
        for way in 0..<GhostQueue.ways where set[way] == fingerprint {
            set[way] = 0
            return true
        }
        return false
    }

    // The shard took the low bits of the hash, up to ten; the set takes the next ones, the fingerprint 16 above 2^40.
    private func set(for hash: UInt64) -> UnsafeMutablePointer<UInt16>? {
        fingerprints.map { $0 + Int((hash >> 12) & UInt64(setCount - 1)) * GhostQueue.ways }
    }

    private func fingerprint(_ hash: UInt64) -> UInt16 { UInt16(truncatingIfNeeded: hash >> 40) | 1 }

    mutating func free() {
        if let fingerprints { nc_free_lines(fingerprints, Int64(setCount * GhostQueue.ways * 2)) }
        self = GhostQueue()
    }
}
