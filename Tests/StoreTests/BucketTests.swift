import Primitives
import Testing

@testable import Store

@Suite struct BucketTests {
    private func withBucket(_ body: (Bucket) -> Void) {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: Bucket.size, alignment: Bucket.size)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: Bucket.size)
        body(Bucket(memory))
    }

    /// Every lane with every tag, beside neighbours that differ in one bit, where shorter tricks find what is not there.
    @Test func lanesAreExact() {
        withBucket { bucket in
            var wrong = 0
            for tag in 0..<256 {
                for lane in 0..<Bucket.slotCount {
                    for bit in 0..<8 {
                        for other in 0..<Bucket.slotCount { bucket.setTag(other, UInt8(tag) ^ (1 << UInt8(bit))) }
                        bucket.setTag(lane, UInt8(tag))
                        let found = Bucket.lanes(of: bucket.header, tagged: UInt8(tag))
                        if found != 0x80 << UInt64(8 * lane) || Bucket.lane(of: found) != lane { wrong += 1 }
                    }
                }
            }
            #expect(wrong == 0)
        }
    }

    /// All sets of occupied lanes, with every overflow count beside them.
    @Test func occupiedLanes() {
        withBucket { bucket in
            var wrong = 0
            for set in 0..<128 {
                for lane in 0..<Bucket.slotCount {
                    bucket.setTag(lane, set >> lane & 1 == 1 ? UInt8(lane * 37 + 1) : 0)
                }
                var lanes: Set<Int> = []
                var occupied = bucket.occupied
                while occupied != 0 {
                    lanes.insert(Bucket.lane(of: occupied))
                    occupied &= occupied - 1
                }
                if lanes != Set((0..<Bucket.slotCount).filter { set >> $0 & 1 == 1 }) { wrong += 1 }
                bucket.countOverflow()
            }
            #expect(wrong == 0)
            #expect(bucket.overflow == 128)
        }
    }

    @Test func overflowSticksAtItsMaximum() {
        withBucket { bucket in
            bucket.discountOverflow()
            #expect(bucket.overflow == 0)
            for count in 1...254 {
                bucket.countOverflow()
                #expect(Int(bucket.overflow) == count)
            }
            bucket.discountOverflow()
            #expect(bucket.overflow == 253)
            for _ in 0..<5 { bucket.countOverflow() }
            #expect(bucket.overflow == 255)
            bucket.discountOverflow()
            #expect(bucket.overflow == 255)
            #expect((0..<Bucket.slotCount).allSatisfy { bucket.tag($0) == 0 })
        }
    }

    /// All fragments: none has the tag of an empty lane, and homes rise with the fragment in every size.
    @Test(arguments: Segment.sizes)
    func homesRiseWithTheHash(bucketCount: Int) {
        var last = 0
        var seen: Set<Int> = []
        for bits in 0...Int(UInt16.max) {
            let fragment = Fragment(bits: UInt16(bits))
            let home = fragment.home(bucketCount: bucketCount)
            if fragment.tag == 0 || home < last || home >= bucketCount {
                Issue.record("fragment \(bits), home \(home) behind \(last)")
                return
            }
            last = home
            seen.insert(home)
        }
        #expect(seen.count == bucketCount)
    }

    /// SCAN and the hand rely on it: a position is the first of its bucket, and no bucket begins at a fragment whose tag would
    /// have been 0.
    @Test(arguments: Segment.sizes)
    func bucketsBeginAtTheirPosition(bucketCount: Int) {
        for depth: UInt8 in [0, 1, 7, 20] {
            let segment = Segment.make(bucketCount: bucketCount, depth: depth, stamped: false)
            defer { segment.freeMemory() }
            let prefix: UInt64 = depth == 0 ? 0 : 0x5555_5555_5555_5555 & ~(UInt64.max >> UInt64(depth))
            for index in 1..<max(bucketCount, 2) {
                guard let start = TablePosition.start(ofBucket: index, of: segment, at: prefix | 12345) else {
                    #expect(bucketCount == 1 && depth == 0)
                    continue
                }
                if index >= bucketCount { continue }
                let bits = UInt16(truncatingIfNeeded: (start << UInt64(depth)) >> 48)
                #expect(Fragment.home(bits: bits, bucketCount: bucketCount) == index)
                #expect(Fragment.home(bits: bits - 1, bucketCount: bucketCount) == index - 1)
                #expect(bits & 0xFF != 1)
                #expect(depth == 0 || start >> (64 - UInt64(depth)) == prefix >> (64 - UInt64(depth)))
            }
        }
    }
}
