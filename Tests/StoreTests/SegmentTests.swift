import Primitives
import Testing

@testable import Store

/// A single segment with made-up fragments, so that every layout can be had.
@Suite struct SegmentTests {
    private final class Model {
        var segment: Segment
        var entries: [(fragment: Fragment, entry: Entry)] = []

        init(bucketCount: Int) { segment = Segment.make(bucketCount: bucketCount, depth: 3, stamped: true) }

        deinit {
            segment.freeMemory()
            for (_, entry) in entries { entry.free() }
        }

        func insert(_ fragment: Fragment, key: Int) {
            let entry = [UInt8](number: key).withSlice {
                Entry.make(type: .string, key: $0, value: .integer(1), expiry: Entry.noExpiry)
            }
            guard let entry else { return }
            let slot = Slot(entry: entry, fragment: fragment, expiryClass: 0, metadata: UInt8(truncatingIfNeeded: key))
            _ = segment.insert(fragment, slot, stamp: UInt64(key))
            entries.append((fragment, entry))
        }

        func remove(at index: Int) -> Bool {
            let (fragment, entry) = entries.remove(at: index)
            defer { entry.free() }
            guard let place = segment.find(fragment, entry.key) else { return false }
            segment.clear(bucket: place.bucket, lane: place.lane)
            return segment.find(fragment, entry.key) == nil
        }

        func resize(to bucketCount: Int) { segment = segment.resized(to: bucketCount) }

        /// What is wrong, or nil.
        func check() -> String? {
            guard segment.count == entries.count else { return "count \(segment.count) of \(entries.count)" }
            var overflows = [Int](repeating: 0, count: Int(segment.bucketCount))
            for (fragment, entry) in entries {
                guard let place = segment.find(fragment, entry.key) else { return "\(fragment) not found" }
                let slot = segment.bucket(place.bucket).slot(place.lane).pointee
                guard slot.entry.pointer == entry.pointer else { return "\(fragment) leads to another entry" }
                let stamp = segment.stamps?[place.bucket * Bucket.slotCount + place.lane] ?? 0
                guard UInt8(truncatingIfNeeded: stamp) == slot.metadata else {
                    return "\(fragment) has another's stamp"
                }
                var passed = fragment.home(bucketCount: Int(segment.bucketCount))
                while passed != place.bucket {
                    overflows[passed] += 1
                    passed = segment.next(passed)
                }
            }
            for index in overflows.indices where Int(segment.bucket(index).overflow) != overflows[index] {
                return "bucket \(index) counts \(segment.bucket(index).overflow) of \(overflows[index])"
            }
            return nil
        }
    }

    /// All ways of laying up to 12 entries (of one home or another) into two buckets, and of taking one out and one in.
    @Test func twoBucketsExhaustively() {
        let homes = [Fragment(tag: 1, high: 0), Fragment(tag: 1, high: 0x80)]
        for count in 0...12 {
            for layout in 0..<(1 << count) where count < 8 || layout % sized(37, full: 1) == 0 {
                let model = Model(bucketCount: 2)
                for index in 0..<count { model.insert(homes[layout >> index & 1], key: index) }
                if let wrong = model.check() {
                    Issue.record("\(count) entries, layout \(layout): \(wrong)")
                    return
                }
                guard count > 0 else { continue }
                let taken = model.remove(at: layout % count)
                model.insert(homes[layout & 1], key: 100)
                if let wrong = model.check(), taken {
                    Issue.record("\(count) entries, layout \(layout), one exchanged: \(wrong)")
                    return
                }
                #expect(taken)
            }
        }
    }

    /// From each size to each other that has room, when all entries have one home and when they are spread.
    @Test(arguments: Segment.sizes, [false, true])
    func resizesBetweenAllSizes(bucketCount: Int, isCrowded: Bool) {
        var generator = RandomGenerator(seed: testSeed)
        for target in Segment.sizes {
            let count = min(bucketCount, target) * Segment.entriesPerBucket
            let model = Model(bucketCount: bucketCount)
            for key in 0..<count {
                // At most 254 pass a bucket: the counter of one more would stick.
                let isSame = isCrowded && key < 200
                model.insert(Fragment(bits: isSame ? 0xFF80 : UInt16(truncatingIfNeeded: generator.next())), key: key)
            }
            #expect(model.check() == nil, "\(bucketCount) buckets")
            model.resize(to: target)
            #expect(model.check() == nil, "\(bucketCount) to \(target) buckets")
            while !model.entries.isEmpty { #expect(model.remove(at: generator.below(model.entries.count))) }
            #expect(model.check() == nil, "\(target) buckets, emptied")
        }
    }

    /// A bucket that more than 255 entries pass keeps its count for good, and lookups stay right.
    @Test func overflowThatSticks() {
        let model = Model(bucketCount: 64)
        for key in 0..<384 { model.insert(Fragment(bits: 0x0101), key: key) }
        #expect(model.entries.allSatisfy { model.segment.find($0.fragment, $0.entry.key) != nil })
        while model.entries.count > 3 { #expect(model.remove(at: 0)) }
        #expect(model.entries.allSatisfy { model.segment.find($0.fragment, $0.entry.key) != nil })
        #expect(model.segment.bucket(0).overflow == 255)
        model.resize(to: 1)
        #expect(model.check() == nil)
    }

    @Test func sizesHoldWhatTheyAreChosenFor() {
        for count in 0...330 {
            let bucketCount = Segment.bucketCount(for: count)
            #expect(bucketCount * Segment.entriesPerBucket > count)
            #expect(Segment.sizes.contains(bucketCount))
        }
    }
}
