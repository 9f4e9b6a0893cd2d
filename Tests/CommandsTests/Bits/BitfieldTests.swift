import Primitives
import Testing

@testable import Commands

@Suite struct BitfieldTests {
    private func integer(_ text: StaticString) -> BitfieldInteger? { BitfieldInteger(text.slice) }

    private func parse(_ line: String, isReadOnly: Bool = false) throws -> [BitfieldOperation] {
        try withArguments(line) { arguments in
            try BitfieldOperation.parse(arguments, isReadOnly: isReadOnly, maximumByteCount: 512 << 20)
        }
    }

    @Test func typesAndTheirRanges() throws {
        #expect(integer("i64")?.minimum == .min)
        #expect(integer("i64")?.maximum == .max)
        #expect(integer("u63")?.maximum == .max)
        #expect(integer("i8")?.minimum == -128)
        #expect(integer("u8")?.maximum == 255)
        #expect(integer("u1")?.maximum == 1)
        #expect(integer("i1")?.minimum == -1)
        #expect(integer("i1")?.maximum == 0)
        for text in ["u64", "i65", "u0", "i", "x8", "i-1", "i08", "u 8", "U8"] as [StaticString] {
            #expect(integer(text) == nil)
        }
    }

    @Test func writtenNumbersReadBack() throws {
        let seed: UInt64 = .random(in: 0 ... .max)
        print("seed \(seed)")
        var random = RandomGenerator(seed: seed)
        for bitCount in 1...64 {
            for sign in bitCount == 64 ? ["i"] : ["i", "u"] {
                let type = try #require(withSlice(of: Array("\(sign)\(bitCount)".utf8)) { BitfieldInteger($0) })
                let offset = random.below(40)
                let number = Int64(truncatingIfNeeded: random.next())
                let wrapped = try #require(type.fittedForSetting(number, .wrap))
                #expect((type.minimum...type.maximum).contains(wrapped))
                var bytes = [UInt8](repeating: 0xA5, count: 14)
                type.write(wrapped, &bytes, at: offset)
                #expect(withSlice(of: bytes) { type.read($0, at: offset) } == wrapped)
                type.write(0, &bytes, at: offset)
                #expect(withSlice(of: bytes) { type.read($0, at: offset) } == 0)
            }
        }
        #expect(withSlice(of: [0xFF]) { integer("u16")?.read($0, at: 0) } == 0xFF00)
    }

    @Test func overflowRules() throws {
        let u2 = try #require(integer("u2"))
        #expect(u2.sum(3, 1, .wrap) == 0)
        #expect(u2.sum(3, 1, .saturate) == 3)
        #expect(u2.sum(3, 1, .fail) == nil)
        #expect(u2.sum(0, -1, .wrap) == 3)
        #expect(u2.sum(0, -1, .saturate) == 0)
        #expect(u2.fittedForSetting(-1, .saturate) == 3)
        #expect(u2.fittedForSetting(-1, .fail) == nil)
        let i8 = try #require(integer("i8"))
        #expect(i8.sum(127, 1, .wrap) == -128)
        #expect(i8.sum(-128, -1, .saturate) == -128)
        let i64 = try #require(integer("i64"))
        #expect(i64.sum(.max, 1, .wrap) == .min)
        #expect(i64.sum(.max, .max, .saturate) == .max)
        #expect(i64.sum(.min, -1, .saturate) == .min)
        #expect(i64.sum(.min, -1, .fail) == nil)
    }

    @Test func parsesOperations() throws {
        let operations = try parse("get u8 0 overflow sat incrby i5 #3 -7 SET u4 9 1")
        #expect(operations.map(\.kind) == [.get, .increment(-7), .set(1)])
        #expect(operations.map(\.bitOffset) == [0, 15, 9])
        #expect(operations.map(\.overflow) == [.wrap, .saturate, .saturate])
        #expect(operations.map(\.neededByteCount) == [1, 3, 2])
    }

    @Test(arguments: [
        ("get", ArgumentFailure.syntax), ("get u8", .syntax), ("set u8 0", .syntax), ("bogus u8 0", .syntax),
        ("get u64 0", .bitfieldType), ("get u8 -1", .bitOffset), ("get u8 #-1", .bitOffset), ("get u8 x", .bitOffset),
        ("get u8 4294967296", .bitOffset), ("get u8 #536870912", .bitOffset),
        ("get u8 #9223372036854775807", .bitOffset), ("set u8 0 x", .notInteger), ("overflow bogus", .overflowKind),
        ("overflow", .syntax),
    ])
    func refuses(line: String, failure: ArgumentFailure) {
        #expect(throws: failure) { try parse(line) }
    }

    @Test func readOnlyRefusesWrites() {
        #expect(throws: ArgumentFailure.readOnlyBitfield) { try parse("set u8 0 1", isReadOnly: true) }
        #expect(throws: Never.self) { try parse("get u8 4294967295", isReadOnly: true) }
    }
}
