import Primitives
import Testing

@testable import Store

/// Which tags a value may bear that was computed some invalidations ago.
@Suite struct LeaseTagTests {
    private let cache = TestCache()

    private func isCurrent(_ tags: [String], since sequence: UInt64, keepsTags: Bool = false) -> Bool {
        withAttributes(tags) { attributes in
            var attributes = attributes
            attributes.keepsTags = keepsTags
            attributes.sequence = sequence
            return cache.locked([1]) {
                cache.store.access.isCurrent(attributes, for: $0, now: cache.now)
            }
        }
    }

    private func withAttributes<Result>(_ tags: [String], _ body: (EntryAttributes) -> Result) -> Result {
        let bytes: [UInt8] = tags.reduce(into: []) { $0 += $1.utf8 } + [0]
        return bytes.withUnsafeBufferPointer { buffer in
            var slices: [ByteSlice] = []
            var start = 0
            for tag in tags {
                guard let base = buffer.baseAddress else { continue }
                slices.append(ByteSlice(base: base + start, count: tag.utf8.count))
                start += tag.utf8.count
            }
            return slices.withUnsafeBufferPointer { body(EntryAttributes(tags: $0)) }
        }
    }

    private func invalidate(_ tag: String, database: Int = 0) {
        Array(tag.utf8).withSlice { _ = cache.store.invalidate(tag: $0, database: database, now: cache.now) }
    }

    private func set(_ tags: [String], sequence: UInt64? = nil) -> Bool {
        withAttributes(tags) { attributes in
            var attributes = attributes
            attributes.sequence = sequence
            return cache.locked([1]) { key in
                [UInt8]([7]).withSlice {
                    cache.store.access.set(
                        key, to: EntryValue(leanest: $0), expiry: Entry.noExpiry, attributes: attributes,
                        now: cache.now)
                }
            }
        }
    }

    /// As with a key whose entry was invalidated: nobody else bears the tag.
    @Test func theInvalidationOfATagThatNobodyBearsCounts() {
        let sequence = cache.store.access.invalidationClock
        #expect(isCurrent(["t"], since: sequence))
        invalidate("t", database: 1)
        #expect(isCurrent(["t"], since: sequence))
        invalidate("t")
        #expect(!isCurrent(["t"], since: sequence))
        #expect(isCurrent(["other"], since: sequence))
        #expect(isCurrent([], since: sequence))
        #expect(isCurrent(["t"], since: cache.store.access.invalidationClock))
        // Set all the same it is not seen.
        #expect(set(["t"], sequence: sequence))
        #expect(!cache.exists([1]))
        #expect(set(["t"]))
        #expect(cache.exists([1]))
    }

    @Test func theInvalidationOfATagThatIsBorneCounts() {
        #expect(set(["t"]))
        let sequence = cache.store.access.invalidationClock
        #expect(isCurrent(["t"], since: sequence) && isCurrent([], since: sequence, keepsTags: true))
        invalidate("t")
        #expect(!isCurrent(["t"], since: sequence))
        // The entry is gone, and with it what was to be kept; the tag is remembered.
        #expect(isCurrent([], since: sequence, keepsTags: true))
        #expect(!cache.exists([1]))
        while !cache.store.reap(budget: 1000, now: cache.now) {}
        #expect(!isCurrent(["t"], since: sequence))
    }

    /// Invalidations of tags that nobody bears do not refuse every value that is on its way.
    @Test func otherTagsSeldomCount() {
        let sequence = cache.store.access.invalidationClock
        for number in 0..<100 { invalidate("invalidated \(number)") }
        let refused = (0..<1000).filter { !isCurrent(["tag \($0)"], since: sequence) }.count
        // 100 of 16,384 floors: six of a thousand.
        #expect(refused < 60)
        #expect((0..<100).allSatisfy { !isCurrent(["invalidated \($0)"], since: sequence) })
    }
}
