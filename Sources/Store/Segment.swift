import CAllocator
import CPrimitives
import Primitives

/// An open-addressed table of 1 to 512 buckets: the unit in which a table grows.
///
/// Home buckets are chosen by `Fragment`, probing goes on to the next bucket and wraps around. A segment holds at most
/// six entries per bucket on average (86 %), grows in steps of a quarter or less from 32 buckets on, and is split in two
/// when 512 buckets are full: every step moves at most 3072 slots, some tens of microseconds, and no command pays for more.
///
/// The descriptor lies in the table's directory. When several directory places lead to one segment, the first is the
/// canonical one: only there are `entryCount` and `nextVisit` kept.
struct Segment {
    /// Sizes a segment may have, in buckets; each is one of jemalloc's size classes exactly. Large tables use those from
    /// 16 KiB on (256 buckets), which are runs of pages: segments of 2 to 4 KiB share slabs, and since all segments grow
    /// in step, half-empty slabs cost 5 bytes an entry.
    static let sizes: [Int] = [
        1, 2, 4, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512,
    ]
    static let maximumBucketCount = 512
    static let entriesPerBucket = 6
    static let never = UInt32.max

    var buckets: UnsafeMutableRawPointer
    /// Exact order stamps beside the slots, seven a bucket, when the policy keeps exact order (small bounds only).
    var stamps: UnsafeMutablePointer<UInt64>?
    var bucketCount: UInt16
    var entryCount: UInt16
    /// The tick (second of the store's clock) at which the expiry sweep must look here next, or `never`.
    var nextVisit: UInt32
    /// How many leading bits of the hash chose this segment.
    var depth: UInt8

    static func make(bucketCount: Int, depth: UInt8, stamped: Bool) -> Segment {
        guard let buckets = nc_allocate_lines(Int64(bucketCount * Bucket.size)) else { outOfMemory() }
        let segment = Segment(
            buckets: buckets, stamps: nil, bucketCount: UInt16(bucketCount), entryCount: 0, nextVisit: never,
            depth: depth)
        return stamped ? segment.withStamps() : segment
    }

    /// The same segment with zeroed stamps beside its slots.
    func withStamps() -> Segment {
        let count = Int(bucketCount) * Bucket.slotCount
        guard let memory = nc_allocate_lines(Int64(count * 8)) else { outOfMemory() }
        var segment = self
        segment.stamps = memory.bindMemory(to: UInt64.self, capacity: count)
        return segment
    }

    /// The same segment without stamps; their memory is freed.
    func withoutStamps() -> Segment {
        if let stamps { nc_free_lines(stamps, Int64(Int(bucketCount) * Bucket.slotCount * 8)) }
        var segment = self
        segment.stamps = nil
        return segment
    }

    /// Bytes the segment takes from the allocator.
    @inline(__always)
    var blockSize: Int {
        let own = Int(nc_block_size(Int64(Int(bucketCount) * Bucket.size)))
        return stamps == nil ? own : own + Int(nc_block_size(Int64(Int(bucketCount) * Bucket.slotCount * 8)))
    }

    func freeMemory() {
        nc_free_lines(buckets, Int64(Int(bucketCount) * Bucket.size))
        if let stamps { nc_free_lines(stamps, Int64(Int(bucketCount) * Bucket.slotCount * 8)) }
    }

    @inline(__always)
    var count: Int { Int(entryCount) }

    @inline(__always)
    var limit: Int { Int(bucketCount) &* Segment.entriesPerBucket }  // 512 × 6 at the most

    /// The smallest size that holds `count` entries with an eighth to spare.
    static func bucketCount(for count: Int) -> Int {
        let wanted = count + count / 8 + 4
        for size in sizes where size * entriesPerBucket >= wanted { return size }
        return maximumBucketCount
    }

    @inline(__always)
    func bucket(_ index: Int) -> Bucket { Bucket(buckets + index &* Bucket.size) }  // index < bucketCount

    @inline(__always)
    func next(_ index: Int) -> Int { index + 1 == Int(bucketCount) ? 0 : index + 1 }

    /// Where `key` lies, or nil.
    @inline(__always)
    func find(_ fragment: Fragment, _ key: ByteSlice) -> (bucket: Int, lane: Int)? {
        var index = fragment.home(bucketCount: Int(bucketCount))
        for _ in 0..<Int(bucketCount) {
            let bucket = bucket(index)
            let header = bucket.header
            var matches = Bucket.lanes(of: header, tagged: fragment.tag)
            while matches != 0 {
                let lane = Bucket.lane(of: matches)
                let slot = bucket.slot(lane).pointee
                if slot.hashHigh == fragment.high, slot.entry.hasKey(key) { return (index, lane) }
                matches &= matches &- 1  // matches is not 0
            }
            if header >> 56 == 0 { return nil }
            index = next(index)
        }
        return nil
    }

    /// Fetches the first entry whose tag matches into the cache: a hint, wrong at worst.
    @inline(__always)
    func prefetchEntry(_ fragment: Fragment) {
        let bucket = bucket(fragment.home(bucketCount: Int(bucketCount)))
        let matches = Bucket.lanes(of: bucket.header, tagged: fragment.tag)
        if matches != 0 {
            let entry = bucket.slot(Bucket.lane(of: matches)).pointee.entry.pointer
            nc_prefetch_read(entry)
            nc_prefetch_read(entry + 64)
        }
    }

    /// Puts a slot into the first free lane from its home on. The caller has made room: fewer than 7 entries a bucket.
    @inline(__always)
    mutating func insert(_ fragment: Fragment, _ slot: Slot, stamp: UInt64) -> (bucket: Int, lane: Int) {
        var index = fragment.home(bucketCount: Int(bucketCount))
        while true {
            let bucket = bucket(index)
            let empty = Bucket.lanes(of: bucket.header, tagged: 0)
            if empty != 0 {
                let lane = Bucket.lane(of: empty)
                bucket.setTag(lane, fragment.tag)
                bucket.slot(lane).pointee = slot
                if let stamps { stamps[index * Bucket.slotCount + lane] = stamp }
                entryCount += 1
                return (index, lane)
            }
            bucket.countOverflow()
            index = next(index)
        }
    }

    /// Empties a lane; the entry itself is the caller's.
    @inline(__always)
    mutating func clear(bucket index: Int, lane: Int) {
        let bucket = bucket(index)
        let fragment = Fragment(tag: bucket.tag(lane), high: bucket.slot(lane).pointee.hashHigh)
        bucket.setTag(lane, 0)
        entryCount -= 1
        var passed = fragment.home(bucketCount: Int(bucketCount))
        while passed != index {
            self.bucket(passed).discountOverflow()
            passed = next(passed)
        }
    }

    /// Calls `body` with every occupied lane.
    @inline(__always)
    func forEachSlot(_ body: (_ bucket: Int, _ lane: Int, _ slot: UnsafeMutablePointer<Slot>) -> Void) {
        for index in 0..<Int(bucketCount) {
            let bucket = bucket(index)
            var occupied = bucket.occupied
            while occupied != 0 {
                let lane = Bucket.lane(of: occupied)
                body(index, lane, bucket.slot(lane))
                occupied &= occupied &- 1  // not 0
            }
        }
    }

    /// A copy with another number of buckets; this one's memory is freed. Touches no entry.
    func resized(to newBucketCount: Int) -> Segment {
        var target = Segment.make(bucketCount: newBucketCount, depth: depth, stamped: stamps != nil)
        target.nextVisit = nextVisit
        forEachSlot { index, lane, slot in
            let fragment = Fragment(tag: bucket(index).tag(lane), high: slot.pointee.hashHigh)
            _ = target.insert(fragment, slot.pointee, stamp: stamps.map { $0[index * Bucket.slotCount + lane] } ?? 0)
        }
        freeMemory()
        return target
    }
}

func outOfMemory() -> Never {
    fatalError("nearcached: out of memory")
}
