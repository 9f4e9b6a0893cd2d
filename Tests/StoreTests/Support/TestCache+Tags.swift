import Primitives
import Testing

@testable import Store

/// Tags by name, as commands use them.
extension TestCache {
    func set(
        _ bytes: [UInt8], tags: [String], database: Int = 0, sequence: UInt64? = nil, expiry: Int64 = Entry.noExpiry,
        staleSeconds: UInt32 = 0
    ) {
        let arrays = tags.map { [UInt8]($0) }
        locked(bytes, database: database) { key in
            arrays.withSlices { names in
                var attributes = EntryAttributes(tags: names)
                attributes.sequence = sequence
                attributes.staleSeconds = staleSeconds
                _ = store.access.set(
                    key, to: .bytes(("value" as StaticString).slice), expiry: expiry, attributes: attributes, now: now)
            }
        }
    }

    @discardableResult
    func invalidate(_ tag: String, database: Int = 0) -> Int {
        [UInt8](tag).withSlice { store.invalidate(tag: $0, database: database, now: now) }
    }

    func count(_ tag: String) -> Int { [UInt8](tag).withSlice { store.count(tag: $0, database: 0) } }

    /// How many tags were changed; nil when there is no such entry.
    func change(_ bytes: [UInt8], _ change: EntryHandle.TagChange, _ tags: [String]) -> Int? {
        let outcome = modify(bytes) { handle in
            tags.map { [UInt8]($0) }.withSlices { handle.changeTags(change, $0, now: now) }
        }
        guard case .changed(let count)? = outcome else { return nil }
        return count
    }

    func staleValue(_ bytes: [UInt8]) -> [UInt8]? {
        locked(bytes) { store.access.findStale($0, now: now)?.withValue { $0.array } }
    }

    /// Lets the reaper and the reclaimer finish.
    func drain() {
        repeat {
            while !store.reap(budget: 1000, now: now) {}
            while !store.reclaim(budget: 1000) {}
        } while store.reapPendingCount > 0
    }

    func expectExact(_ location: SourceLocation = #_sourceLocation) {
        drain()
        #expect(Invariants.violations(of: store) == [], sourceLocation: location)
    }
}

extension [[UInt8]] {
    func withSlices<Result>(_ body: (UnsafeBufferPointer<ByteSlice>) -> Result) -> Result {
        // One allocation for all: slices must not outlive what they point to.
        var flat: [UInt8] = []
        for element in self { flat += element }
        flat.append(0)
        return flat.withUnsafeBufferPointer { buffer in
            var slices: [ByteSlice] = []
            var offset = 0
            for element in self {
                if let base = buffer.baseAddress { slices.append(ByteSlice(base: base + offset, count: element.count)) }
                offset += element.count
            }
            return slices.withUnsafeBufferPointer(body)
        }
    }
}
