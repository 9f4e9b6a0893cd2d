import CAllocator
import CPrimitives
import Primitives

/// One of 256 parts of the tag table, behind its own lock: slots that never move, and a map from names to them.
///
///     0      4       8          12         16           24     64
///     ┌──────┬───────┬──────────┬──────────┬────────────┬──── ─┬───────────────────┬─ ─
///     │ lock │ names │ capacity │ first    │ slots ever │ map  │ level 0: 16 slots │ level 1: 32 slots …
///     │      │       │ of map   │ free + 1 │ used       │      │ (pointer)         │
///     └──────┴───────┴──────────┴──────────┴────────────┴──── ─┴───────────────────┴─ ─
///
/// Slots lie in levels that double, so that a reader finds one without a lock by two shifts and two loads. The map is open-addressed
/// with linear probing; its cells hold a slot's index + 1.
///
/// A trivial handle over memory that begins as zeros. All but `slot` is used under the lock.
struct TagStripe {
    static let byteCount = 256
    private static let levelOffset = 64
    static let levelCount = 20
    static let firstLevelCount = 16
    private static let smallestCapacity = 16

    let base: UnsafeMutableRawPointer

    private func field(_ offset: Int) -> UnsafeMutablePointer<UInt32> {
        (base + offset).assumingMemoryBound(to: UInt32.self)  // offsets as drawn above
    }
    var lockWord: UnsafeMutablePointer<UInt32> { field(0) }
    var nameCount: Int { Int(field(4).pointee) }
    var capacity: Int { Int(field(8).pointee) }
    private var firstFree: UnsafeMutablePointer<UInt32> { field(12) }
    /// Slots that were ever used: all indexes lie below.
    var slotCount: Int { Int(field(16).pointee) }
    private var map: UnsafeMutablePointer<UInt32>? {
        UnsafeMutableRawPointer(bitPattern: UInt(nc_load64(base + 24)))?.assumingMemoryBound(to: UInt32.self)
    }

    @inline(__always)
    func level(_ number: Int) -> UnsafeMutablePointer<UInt64> {
        (base + (TagStripe.levelOffset + 8 * number)).assumingMemoryBound(to: UInt64.self)  // number < levelCount
    }

    /// The slot at `index`, which was used before. Needs no lock by a holder of the tag.
    @inline(__always)
    func slot(_ index: Int) -> UnsafeMutablePointer<TagSlot> {
        // index < 2^24: the level is at most 19, and was stored before the index was handed out.
        let shifted = index &+ TagStripe.firstLevelCount
        let number = (Int.bitWidth &- 1 &- shifted.leadingZeroBitCount) &- 4
        let start = UInt(nc_atomic_load_acquire(level(number)))
        return UnsafeMutablePointer<TagSlot>(bitPattern: start).unsafelyUnwrapped
            + (shifted &- TagStripe.firstLevelCount << number)
    }

    // MARK: Names

    /// The index of the tag of that name, or nil.
    func find(_ name: ByteSlice, hash: UInt32, namespace: UInt32) -> Int? {
        guard let map else { return nil }
        var cell = Int(hash) & (capacity - 1)
        while map[cell] != 0 {
            let index = Int(map[cell]) - 1
            let slot = slot(index)
            if slot.pointee.nameHash == hash, slot.pointee.namespace == namespace,
                slot.pointee.name.bytes.equals(name)
            {
                return index
            }
            cell = (cell + 1) & (capacity - 1)
        }
        return nil
    }

    /// Calls `body` with the index of each tag of that name, in whatever namespace.
    func forEach(_ name: ByteSlice, hash: UInt32, _ body: (Int) -> Void) {
        guard let map else { return }
        var cell = Int(hash) & (capacity - 1)
        while map[cell] != 0 {
            let index = Int(map[cell]) - 1
            if slot(index).pointee.nameHash == hash, slot(index).pointee.name.bytes.equals(name) { body(index) }
            cell = (cell + 1) & (capacity - 1)
        }
    }

    /// Makes a tag that is not there. Nil when there is no memory or no number left.
    ///
    /// - Parameters:
    ///   - last: the number of an invalidation that it is to have outlived.
    ///   - bytes: what the stripe has grown by is added.
    func insert(
        _ name: ByteSlice, hash: UInt32, namespace: UInt32, last: UInt64, bytes: inout Int
    ) -> Int? {
        if map == nil || (nameCount + 1) * 4 > capacity * 3 {
            guard rehash(max(capacity * 2, TagStripe.smallestCapacity), bytes: &bytes) else { return nil }
        }
        guard let name = TagName.make(name) else { return nil }
        guard let index = takeIndex(bytes: &bytes) else {
            name.free()
            return nil
        }
        bytes += name.blockSize
        let slot = slot(index)
        slot.initialize(
            to: TagSlot(
                postings: nil, last: last, stale: 0, liveBytes: 0, liveCount: 0, referenceCount: 0, recordCount: 0,
                namespace: namespace, name: name, nameHash: hash, isBeingCompacted: 0))
        put(index, hash: hash)
        field(4).pointee += 1
        return index
    }

    /// Takes a tag out that nobody bears any more; its records are the caller's.
    func remove(_ index: Int, bytes: inout Int) {
        let slot = slot(index)
        takeOut(index, hash: slot.pointee.nameHash)
        field(4).pointee -= 1
        bytes -= slot.pointee.name.blockSize
        slot.pointee.name.free()
        // A free slot's `recordCount` links the list of those.
        slot.pointee.recordCount = firstFree.pointee
        slot.pointee.namespace = TagTable.noNamespace
        firstFree.pointee = UInt32(index + 1)
        if capacity > TagStripe.smallestCapacity, nameCount * 8 < capacity {
            _ = rehash(capacity / 2, bytes: &bytes)
        }
    }

    private func put(_ index: Int, hash: UInt32) {
        guard let map else { return }
        var cell = Int(hash) & (capacity - 1)
        while map[cell] != 0 { cell = (cell + 1) & (capacity - 1) }
        map[cell] = UInt32(index + 1)
    }

    /// Empties the cell of `index` and moves back those behind it that would not be found otherwise.
    private func takeOut(_ index: Int, hash: UInt32) {
        guard let map else { return }
        let mask = capacity - 1
        var hole = Int(hash) & mask
        while map[hole] != UInt32(index + 1) { hole = (hole + 1) & mask }
        var cell = (hole + 1) & mask
        while map[cell] != 0 {
            let home = Int(slot(Int(map[cell]) - 1).pointee.nameHash) & mask
            // Whether the way from home to cell passes the hole.
            if (cell - home) & mask >= (cell - hole) & mask {
                map[hole] = map[cell]
                hole = cell
            }
            cell = (cell + 1) & mask
        }
        map[hole] = 0
    }

    /// False, and nothing changed, when there is no memory.
    private func rehash(_ newCapacity: Int, bytes: inout Int) -> Bool {
        guard let memory = nc_allocate_lines(Int64(newCapacity * 4)) else { return false }
        let old = map
        let oldCapacity = capacity
        nc_store64(base + 24, UInt64(UInt(bitPattern: memory)))
        field(8).pointee = UInt32(newCapacity)
        bytes += Int(nc_block_size(Int64(newCapacity * 4)))
        guard let old else { return true }
        for cell in 0..<oldCapacity where old[cell] != 0 {
            let index = Int(old[cell]) - 1
            put(index, hash: slot(index).pointee.nameHash)
        }
        nc_free_lines(old, Int64(oldCapacity * 4))
        bytes -= Int(nc_block_size(Int64(oldCapacity * 4)))
        return true
    }

    // MARK: Slots

    private func takeIndex(bytes: inout Int) -> Int? {
        if firstFree.pointee != 0 {
            let index = Int(firstFree.pointee) - 1
            firstFree.pointee = slot(index).pointee.recordCount
            return index
        }
        let index = slotCount
        guard index < TagID.indexLimit - TagStripe.firstLevelCount else { return nil }
        let shifted = index + TagStripe.firstLevelCount
        if shifted.nonzeroBitCount == 1 {
            let number = shifted.trailingZeroBitCount - 4
            let size = Int64(shifted * MemoryLayout<TagSlot>.stride)
            guard let memory = nc_allocate_lines(size) else { return nil }
            bytes += Int(nc_block_size(size))
            nc_atomic_store_release(level(number), UInt64(UInt(bitPattern: memory)))
        }
        field(16).pointee += 1
        return index
    }

    /// Frees everything. Nobody reads any more.
    func free() {
        for index in 0..<slotCount where slot(index).pointee.namespace != TagTable.noNamespace {
            var chunk = slot(index).pointee.postings
            while let present = chunk {
                chunk = present.next
                present.free()
            }
            slot(index).pointee.name.free()
        }
        for number in 0..<TagStripe.levelCount {
            guard let memory = UnsafeMutableRawPointer(bitPattern: UInt(level(number).pointee)) else { continue }
            let count = TagStripe.firstLevelCount << number
            nc_free_lines(memory, Int64(count * MemoryLayout<TagSlot>.stride))
        }
        if let map { nc_free_lines(map, Int64(capacity * 4)) }
    }
}
