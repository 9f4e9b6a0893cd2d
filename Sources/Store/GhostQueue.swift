import CAllocator

/// S3-FIFO's ghost: who was evicted from the small queue lately. Fingerprints of 16 bits in sets of four, each set
/// first in, first out: 2 bytes a key, allocated when eviction begins. Against an exact queue of keys it costs a tenth
/// of a percent of misses (docs/architecture.md has the simulation).
struct GhostQueue {
    private static let ways = 4
    private var fingerprints: UnsafeMutablePointer<UInt16>?
    private var setCount = 0

    /// Bytes that the ghost takes from the allocator.
    private(set) var blockSize = 0
    var capacity: Int { setCount * GhostQueue.ways }

    /// Makes room for `entryCount` keys, in powers of two: from as many as that to twice as many.
    @inline(__always)
    mutating func fit(entryCount: Int) {
        if entryCount > capacity || entryCount < capacity / 4 { resize(entryCount: entryCount) }
    }

    /// Sets are copied whole: in a larger ghost a set's fingerprints go to all sets that may want them, in a smaller one the
    /// upper half is forgotten. Either way it remembers through a growing cache.
    @inline(never)
    private mutating func resize(entryCount: Int) {
        let wanted = max((entryCount + GhostQueue.ways - 1) / GhostQueue.ways, 4)
        let newSetCount = 1 << (Int.bitWidth - (wanted - 1).leadingZeroBitCount)
        guard newSetCount != setCount else { return }
        let ways = GhostQueue.ways
        guard let memory = nc_allocate_lines(Int64(newSetCount * ways * 2)) else { outOfMemory() }
        let target = memory.bindMemory(to: UInt16.self, capacity: newSetCount * ways)
        if let fingerprints {
            for index in 0..<(newSetCount * ways) { target[index] = fingerprints[index & (setCount * ways - 1)] }
        }
        free()
        fingerprints = target
        setCount = newSetCount
        blockSize = Int(nc_block_size(Int64(newSetCount * ways * 2)))
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
