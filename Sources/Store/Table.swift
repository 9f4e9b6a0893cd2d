import CAllocator
import CPrimitives
import Primitives

/// One database's part of a shard: segments under a directory indexed by the leading bits of the hash (extendible
/// hashing, Fagin et al. 1979).
///
///     hash   63 … depth bits …   16 bits …             … low bits
///            directory index     fragment              shard
///
/// A split doubles the directory at most; the directory is some kilobytes for a million entries a shard, so no step is long.
/// Since directory order, home buckets and fragments all follow the hash from its top bit, every walk is in the order of
/// the hash, whatever sizes the segments have: SCAN's cursor is a position in that order.
struct Table {
    static let maximumDepth: UInt8 = 38
    /// Two neighbours that hold no more than this together become one again.
    private static let mergeLimit = 1280

    private(set) var directory: UnsafeMutablePointer<Segment>?
    private(set) var depth: UInt8 = 0
    var entryCount = 0
    /// Bytes of its entries, so that FLUSHDB need not read them.
    var entryBytes = 0
    /// Entries with a deadline.
    var volatileCount = 0
    /// Entries past their deadline that are held for their window: they are counted above.
    var staleCount = 0
    /// The earliest `nextVisit` of all segments, or earlier.
    var nextVisit = Segment.never
    /// Bytes of segments, directory and tallies.
    var blockSize = 0
    var ruleTallies = ByRule<RuleTally>()
    var isStamped = false

    private var directoryCount: Int { 1 << Int(depth) }
    private static func directorySize(depth: UInt8) -> Int64 { Int64(MemoryLayout<Segment>.stride) << Int64(depth) }

    /// Where `key` lies, expired or not.
    @inline(__always)
    func place(of key: Key) -> Place? {
        guard directory != nil else { return nil }
        let segment = segment(for: key.hash)
        let fragment = Fragment(hash: key.hash, depth: segment.pointee.depth)
        guard let (bucket, lane) = segment.pointee.find(fragment, key.bytes) else { return nil }
        return Place(segment: segment, bucketIndex: bucket, lane: lane)
    }

    /// The canonical place of the segment for `hash`. The table must not be empty.
    @inline(__always)
    func segment(for hash: UInt64) -> UnsafeMutablePointer<Segment> {
        canonical(directoryIndex(hash))
    }

    @inline(__always)
    func directoryIndex(_ hash: UInt64) -> Int {
        // Two shifts: one by 64 would be a shift by 0.
        Int(truncatingIfNeeded: (hash >> 1) >> (63 &- UInt64(depth)))
    }

    @inline(__always)
    func canonical(_ index: Int) -> UnsafeMutablePointer<Segment> {
        // `directory` is non-nil whenever an entry was ever inserted; callers check `directory` first.
        let directory = directory.unsafelyUnwrapped
        let spare = Int(depth &- directory[index].depth)  // a segment's depth never passes the directory's
        return directory + (index >> spare) << spare
    }

    /// The segment for `hash` with room for one entry more.
    @inline(__always)
    mutating func segmentWithRoom(for hash: UInt64, seed: HashSeed) -> UnsafeMutablePointer<Segment> {
        if directory != nil {
            let segment = segment(for: hash)
            if segment.pointee.count < segment.pointee.limit { return segment }
        }
        return grow(for: hash, seed)
    }

    @inline(never)
    private mutating func grow(for hash: UInt64, _ seed: HashSeed) -> UnsafeMutablePointer<Segment> {
        if directory == nil { makeDirectory() }
        while true {
            let segment = segment(for: hash)
            let count = segment.pointee.count
            if count < segment.pointee.limit { return segment }
            let bucketCount = Int(segment.pointee.bucketCount)
            if bucketCount < Segment.maximumBucketCount || segment.pointee.depth == Table.maximumDepth {
                let size = Segment.sizes.first { $0 > bucketCount } ?? bucketCount
                precondition(size > bucketCount, "more keys share 38 bits of a keyed hash than there can be")
                replace(segment, with: resize(segment.pointee, to: size))
            } else {
                split(hash, seed)
            }
        }
    }

    private mutating func makeDirectory() {
        guard let memory = nc_allocate_lines(Table.directorySize(depth: 0)) else { outOfMemory() }
        let first = memory.bindMemory(to: Segment.self, capacity: 1)
        first.initialize(to: Segment.make(bucketCount: 1, depth: 0, stamped: isStamped))
        directory = first
        depth = 0
        blockSize = Int(nc_block_size(Table.directorySize(depth: 0))) + first.pointee.blockSize
    }

    private mutating func resize(_ segment: Segment, to bucketCount: Int) -> Segment {
        blockSize -= segment.blockSize
        let resized = segment.resized(to: bucketCount)
        blockSize += resized.blockSize
        return resized
    }

    /// Writes a segment's new descriptor to every place that leads to it.
    private func replace(_ place: UnsafeMutablePointer<Segment>, with segment: Segment) {
        for alias in 0..<(1 << Int(depth - segment.depth)) { place[alias] = segment }
    }

    /// Splits a full segment by the next bit of the hash. Reads the keys of its entries, some 3000: the fragment's lowest
    /// bit is new. The keys are prefetched.
    private mutating func split(_ hash: UInt64, _ seed: HashSeed) {
        if segment(for: hash).pointee.depth == depth { doubleDirectory() }
        let place = segment(for: hash)
        let old = place.pointee
        let newDepth = old.depth + 1
        let size = Segment.bucketCount(for: old.count / 2)
        var halves = (
            Segment.make(bucketCount: size, depth: newDepth, stamped: isStamped),
            Segment.make(bucketCount: size, depth: newDepth, stamped: isStamped)
        )
        halves.0.nextVisit = old.nextVisit
        halves.1.nextVisit = old.nextVisit
        old.forEachSlot { _, _, slot in nc_prefetch_read(slot.pointee.entry.pointer) }
        old.forEachSlot { bucketIndex, lane, slot in
            let hash = seed.hash(slot.pointee.entry.key)
            let fragment = Fragment(hash: hash, depth: newDepth)
            let moved = slot.pointee.with(fragment)
            let stamp = old.stamps.map { $0[bucketIndex * Bucket.slotCount + lane] } ?? 0
            let upper = (hash >> (63 - UInt64(old.depth))) & 1 == 1
            // Keys that share this many bits are rare, but a half may still be too small: it grows as it fills.
            if upper {
                Table.insertGrowing(&halves.1, fragment, moved, stamp)
            } else {
                Table.insertGrowing(&halves.0, fragment, moved, stamp)
            }
        }
        blockSize += halves.0.blockSize + halves.1.blockSize - old.blockSize
        old.freeMemory()
        let aliasCount = 1 << Int(depth - newDepth)
        for alias in 0..<aliasCount {
            place[alias] = halves.0
            place[aliasCount + alias] = halves.1
        }
    }

    private static func insertGrowing(_ segment: inout Segment, _ fragment: Fragment, _ slot: Slot, _ stamp: UInt64) {
        if segment.count >= segment.limit {
            let size = Segment.sizes.first { $0 > Int(segment.bucketCount) } ?? Segment.maximumBucketCount
            segment = segment.resized(to: size)
        }
        _ = segment.insert(fragment, slot, stamp: stamp)
    }

    /// Gives a sparse segment fewer buckets or joins it with its neighbour. Invalidates places of the table.
    @inline(__always)
    mutating func shrinkIfSparse(_ segment: UnsafeMutablePointer<Segment>) {
        let bucketCount = Int(segment.pointee.bucketCount)
        // At most 512 × 2. One bucket cannot shrink, but empty neighbours must join, or an emptied table stays long to walk.
        if segment.pointee.count < bucketCount &* 2, bucketCount > 1 || segment.pointee.depth > 0 { shrink(segment) }
    }

    @inline(never)
    private mutating func shrink(_ place: UnsafeMutablePointer<Segment>) {
        // Both halves of a parent may be whole long before their neighbour is: then several levels join at once, with no more
        // entries in all than one step.
        var place = place
        while let parent = merge(place) { place = parent }
        let size = Segment.bucketCount(for: place.pointee.count)
        if size < Int(place.pointee.bucketCount) { replace(place, with: resize(place.pointee, to: size)) }
    }

    /// Joins a segment with the other half of their parent when both are sparse. Touches no entry: the fragment of the
    /// parent is the last bit of the way here and the upper 15 bits of the child's.
    ///
    /// - Returns: the parent, or nil when the two cannot be joined.
    private mutating func merge(_ place: UnsafeMutablePointer<Segment>) -> UnsafeMutablePointer<Segment>? {
        guard let directory, place.pointee.depth > 0 else { return nil }
        let segmentDepth = place.pointee.depth
        let aliasCount = 1 << Int(depth - segmentDepth)
        let index = place - directory
        let lowerIndex = index & ~aliasCount
        let lower = directory + lowerIndex
        let upper = lower + aliasCount
        guard lower.pointee.depth == segmentDepth, upper.pointee.depth == segmentDepth else { return nil }
        let total = lower.pointee.count + upper.pointee.count
        guard total <= Table.mergeLimit else { return nil }
        var parent = Segment.make(
            bucketCount: Segment.bucketCount(for: total), depth: segmentDepth - 1, stamped: isStamped)
        parent.nextVisit = min(lower.pointee.nextVisit, upper.pointee.nextVisit)
        for (child, bit) in [(lower.pointee, UInt16(0)), (upper.pointee, UInt16(0x8000))] {
            child.forEachSlot { bucketIndex, lane, slot in
                let old = Fragment(tag: child.bucket(bucketIndex).tag(lane), high: slot.pointee.hashHigh)
                let fragment = Fragment(bits: bit | old.bits >> 1)
                let moved = slot.pointee.with(fragment)
                let stamp = child.stamps.map { $0[bucketIndex * Bucket.slotCount + lane] } ?? 0
                _ = parent.insert(fragment, moved, stamp: stamp)
            }
        }
        blockSize += parent.blockSize - lower.pointee.blockSize - upper.pointee.blockSize
        lower.pointee.freeMemory()
        upper.pointee.freeMemory()
        for alias in 0..<(2 * aliasCount) { lower[alias] = parent }
        let depthBefore = depth
        halveDirectoryIfPossible()
        return self.directory.map { $0 + (lowerIndex >> Int(depthBefore - depth)) }
    }

    private mutating func doubleDirectory() {
        guard let old = directory else { return }
        precondition(depth < Table.maximumDepth, "a directory this deep would not fit any memory")
        let newSize = Table.directorySize(depth: depth + 1)
        guard let memory = nc_allocate_lines(newSize) else { outOfMemory() }
        let new = memory.bindMemory(to: Segment.self, capacity: directoryCount * 2)
        for index in 0..<directoryCount {
            new[2 * index] = old[index]
            new[2 * index + 1] = old[index]
        }
        freeDirectory()
        directory = new
        depth += 1
        blockSize += Int(nc_block_size(newSize))
    }

    /// Halves the directory while no segment needs its last bit. O(directory), at most once a merge.
    private mutating func halveDirectoryIfPossible() {
        guard let old = directory, depth > 0 else { return }
        for index in 0..<directoryCount where old[index].depth == depth { return }
        let newSize = Table.directorySize(depth: depth - 1)
        guard let memory = nc_allocate_lines(newSize) else { outOfMemory() }
        let new = memory.bindMemory(to: Segment.self, capacity: directoryCount / 2)
        for index in 0..<(directoryCount / 2) { new[index] = old[2 * index] }
        freeDirectory()
        directory = new
        depth -= 1
        blockSize += Int(nc_block_size(newSize))
    }

    private mutating func freeDirectory() {
        guard let directory else { return }
        let size = Table.directorySize(depth: depth)
        blockSize -= Int(nc_block_size(size))
        nc_free_lines(directory, size)
    }

    /// Calls `body` with each segment once, in the order of the hash.
    @inline(__always)
    func forEachSegment(_ body: (UnsafeMutablePointer<Segment>) -> Void) {
        var place = directory
        while let segment = place {
            place = self.segment(after: segment)
            body(segment)
        }
    }

    /// The canonical place of the next segment in the order of the hash, or nil behind the last one.
    @inline(__always)
    func segment(after segment: UnsafeMutablePointer<Segment>) -> UnsafeMutablePointer<Segment>? {
        guard let directory else { return nil }
        let next = segment + 1 << Int(depth - segment.pointee.depth)
        return next - directory < directoryCount ? next : nil
    }

    /// Gives the segments exact order stamps, or takes them away.
    mutating func setStamped(_ stamped: Bool) {
        guard stamped != isStamped else { return }
        isStamped = stamped
        var change = 0
        forEachSegment { place in
            let old = place.pointee
            let new = stamped ? old.withStamps() : old.withoutStamps()
            change += new.blockSize - old.blockSize
            replace(place, with: new)
        }
        blockSize += change
    }

    /// Frees segments and directory, not the entries.
    mutating func freeMemory() {
        forEachSegment { $0.pointee.freeMemory() }
        freeDirectory()
        ruleTallies.free()
        let stamped = isStamped
        self = Table()
        isStamped = stamped
    }
}
