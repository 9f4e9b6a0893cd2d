import CAllocator
import Primitives
import Testing

@testable import Store

@Suite struct EntryTests {
    static let keyCounts = [0, 1, 7, 8, 16, 254, 255, 256, 257, 70_000]
    static let valueCounts = [0, 1, 15, 64, 254, 255, 256, 65_535 / 4, 16_383, 16_384, 16_385, 65_536, 200_000]

    private static func bytes(_ count: Int, _ first: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: first + $0 * 7) }
    }

    /// Every combination of sizes, with and without a deadline: all fields read back, and the size is what was asked for.
    @Test(arguments: keyCounts, [Entry.noExpiry, 0, 1_700_000_000_123])
    func fieldsReadBack(keyCount: Int, expiry: Int64) {
        let key = Self.bytes(keyCount, 3)
        for valueCount in Self.valueCounts {
            let value = Self.bytes(valueCount, 5)
            let entry = key.withSlice { key in
                value.withSlice { Entry.make(type: .set, key: key, value: .bytes($0), expiry: expiry) }
            }
            guard let entry else { fatalError("no memory") }
            defer { entry.free() }
            #expect(entry.type == .set)
            #expect(entry.encoding == (valueCount >= SharedBlock.threshold ? .block : .inline))
            #expect(entry.hasExpiry == (expiry != Entry.noExpiry))
            #expect(entry.expiry == expiry)
            #expect(entry.key.array == key)
            #expect(entry.rawValue?.array == value)
            #expect(entry.valueCount == valueCount)
            #expect(entry.integerValue == nil)
            #expect(key.withSlice { entry.hasKey($0) })
            #expect(!(key + [1]).withSlice { entry.hasKey($0) })
            let header = (keyCount > 255 ? 9 : 4) + (expiry == Entry.noExpiry ? 0 : 8)
            let stored = valueCount >= SharedBlock.threshold ? 8 : valueCount
            #expect(entry.requestedCount == max(header + keyCount + stored, 16))
            let own = Int(nc_block_size(Int64(entry.requestedCount)))
            #expect(entry.blockSize == own + (entry.block?.blockSize ?? 0))
        }
    }

    /// Any byte of a key that differs is seen, whatever the length: keys are compared by words that overlap.
    @Test func keysAreComparedWhole() {
        for count in 1...40 {
            let key = Self.bytes(count, 9)
            let entry = key.withSlice {
                Entry.make(type: .string, key: $0, value: .integer(0), expiry: Entry.noExpiry)
            }
            guard let entry else { fatalError("no memory") }
            defer { entry.free() }
            for index in 0..<count {
                var other = key
                other[index] ^= 0x80
                #expect(!other.withSlice { entry.hasKey($0) }, "length \(count), byte \(index)")
            }
            #expect(!key.dropLast().withSlice { entry.hasKey($0) })
        }
    }

    static let integers: [Int64] = [
        0, 1, -1, 127, 128, -128, -129, 32_767, 32_768, -32_768, -32_769, 2_147_483_647, 2_147_483_648, -2_147_483_648,
        -2_147_483_649, .max, .min,
    ]

    @Test(arguments: integers)
    func integersTakeTheirWidth(value: Int64) {
        let width =
            Int64(Int8.min)...Int64(Int8.max) ~= value
            ? 1
            : Int64(Int16.min)...Int64(Int16.max) ~= value ? 2 : Int64(Int32.min)...Int64(Int32.max) ~= value ? 4 : 8
        for expiry in [Entry.noExpiry, 5] {
            for keyCount in [3, 300] {
                let entry = Self.bytes(keyCount, 1).withSlice {
                    Entry.make(type: .string, key: $0, value: .integer(value), expiry: expiry)
                }
                guard let entry else { fatalError("no memory") }
                defer { entry.free() }
                #expect(entry.integerValue == value)
                #expect(entry.storedValueCount == width)
                #expect(entry.valueCount == "\(value)".utf8.count)
                #expect(entry.rawValue == nil)
                #expect(entry.expiry == expiry)
            }
        }
    }

    @Test func theLeanestFormPrintsBackTheSame() {
        func isInteger(_ text: String) -> Bool {
            [UInt8](text).withSlice { if case .integer = EntryValue(leanest: $0) { true } else { false } }
        }
        for value in Self.integers { #expect(isInteger("\(value)")) }
        for text in ["", "-", "-0", "01", "+1", " 1", "1 ", "1.0", "9223372036854775808", "-9223372036854775809", "a"] {
            #expect(!isInteger(text), "\(text)")
        }
    }

    @Test func copiesShareTheirBlock() {
        let value = Self.bytes(20_000, 1)
        let entry = value.withSlice { bytes in
            [1, 2].withSlice { Entry.make(type: .string, key: $0, value: .bytes(bytes), expiry: Entry.noExpiry) }
        }
        guard let entry, let block = entry.block else { fatalError("no memory") }
        #expect(block.isUnique)
        let copy = [3].withSlice { entry.copy(key: $0, expiry: 77, extensionBytes: entry.extensionBytes) }
        guard let copy else { fatalError("no memory") }
        #expect(!block.isUnique)
        #expect(copy.block?.pointer == block.pointer)
        #expect(copy.expiry == 77)
        #expect(copy.key.array == [3])
        // A reply that still sends the value outlives both entries.
        block.retain()
        entry.free()
        copy.free()
        #expect(block.isUnique)
        #expect(block.slice.array == value)
        SharedBlock.releaseFunction(block.pointer)
    }
}

@Suite struct EntryHandleTests {
    private static let key: [UInt8] = [9, 9]

    private func check(_ cache: TestCache, _ value: [UInt8], expiry: Int64) {
        #expect(cache.get(Self.key) == value)
        #expect(cache.modify(Self.key) { $0.expiry } == expiry)
        #expect(cache.modify(Self.key) { $0.valueCount } == value.count)
        #expect(Invariants.violations(of: cache.store) == [])
    }

    @Test(arguments: EntryTests.integers, EntryTests.integers)
    func integersReplaceIntegers(old: Int64, new: Int64) {
        let cache = TestCache()
        let expiry = cache.now + 5000
        cache.set(Self.key, [UInt8]("\(old)"), expiry: expiry)
        #expect(cache.modify(Self.key) { $0.replaceInteger(new) } == true)
        check(cache, [UInt8]("\(new)"), expiry: expiry)
        #expect(cache.modify(Self.key) { $0.integerValue } == new)
    }

    /// From every size to every larger one, around all that changes the layout.
    @Test func valuesGrow() {
        let counts = [0, 1, 12, 13, 100, 255, 256, 16_383, 16_384, 16_385, 40_000]
        for (index, old) in counts.enumerated() {
            for new in counts[index...] {
                for expiry in [Entry.noExpiry, 1_700_000_900_000] {
                    let cache = TestCache()
                    var value = [UInt8](repeating: 0x61, count: old)
                    cache.set(Self.key, value, expiry: expiry)
                    let done = cache.modify(Self.key) { handle in
                        handle.modifyValue(newCount: new) { bytes in if new > 0 { bytes[new - 1] = 0x7A } }
                    }
                    #expect(done == true)
                    value += [UInt8](repeating: 0, count: new - old)
                    if new > 0 { value[new - 1] = 0x7A }
                    check(cache, value, expiry: expiry)
                }
            }
        }
    }

    /// What a reply still sends is not written to.
    @Test func sharedBlocksAreCopiedBeforeWriting() {
        let cache = TestCache()
        let value = [UInt8](repeating: 1, count: 20_000)
        cache.set(Self.key, value)
        guard let block = cache.modify(Self.key, { $0.entry.block }) ?? nil else { fatalError("no block") }
        block.retain()
        #expect(cache.modify(Self.key) { handle in handle.modifyValue(newCount: 20_000) { $0[0] = 2 } } == true)
        #expect(block.slice.array == value)
        #expect(cache.get(Self.key)?.first == 2)
        #expect(block.isUnique)
        block.release()
        // Unique now: written in place, and grown within its capacity.
        let place = cache.modify(Self.key) { $0.entry.block?.pointer }
        #expect(cache.modify(Self.key) { handle in handle.modifyValue(newCount: 20_000) { $0[1] = 3 } } == true)
        #expect(cache.modify(Self.key) { $0.entry.block?.pointer } == place)
        #expect(Invariants.violations(of: cache.store) == [])
    }

    /// Appends to a large value allocate seldom: the spare room grows with it.
    @Test func appendsAreLinear() {
        let cache = TestCache()
        cache.set(Self.key, [UInt8](repeating: 1, count: 20_000))
        var blocks: Set<UnsafeMutableRawPointer?> = []
        for count in 20_001...24_000 {
            #expect(
                cache.modify(Self.key) { handle in handle.modifyValue(newCount: count) { $0[count - 1] = 1 } } == true)
            blocks.insert(cache.modify(Self.key) { $0.entry.block?.pointer } ?? nil)
        }
        #expect(blocks.count <= 3)
        #expect(cache.get(Self.key) == [UInt8](repeating: 1, count: 24_000))
    }

    @Test(arguments: [10, 300, 20_000])
    func deadlinesComeAndGo(valueCount: Int) {
        let cache = TestCache(policy: .volatileLRU)
        let value = [UInt8](repeating: 8, count: valueCount)
        cache.set(Self.key, value)
        for expiry in [cache.now + 1000, cache.now + 90_000_000, Entry.noExpiry, Entry.noExpiry, cache.now + 1] {
            #expect(cache.modify(Self.key) { $0.setExpiry(expiry) } == true)
            check(cache, value, expiry: expiry)
            let volatile = cache.store.statistics(database: 0).volatileCount
            #expect(volatile == (expiry == Entry.noExpiry ? 0 : 1))
        }
        cache.now += 1
        #expect(!cache.exists(Self.key))
        #expect(cache.count == 0)
        #expect(cache.store.statistics().expiredCount == 1)
    }

    @Test func encodingNames() {
        let cache = TestCache()
        for (value, name) in [("12", "int"), ("a", "embstr"), (String(repeating: "a", count: 44), "embstr")] {
            cache.set(Self.key, [UInt8](value))
            #expect(cache.modify(Self.key) { "\($0.encodingName)" } == name)
        }
        for count in [45, 20_000] {
            cache.set(Self.key, [UInt8](repeating: 0x61, count: count))
            #expect(cache.modify(Self.key) { "\($0.encodingName)" } == "raw")
        }
    }
}
