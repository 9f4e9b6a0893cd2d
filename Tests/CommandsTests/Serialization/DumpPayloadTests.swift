import Primitives
import Testing

@testable import Commands

@Suite struct DumpPayloadTests {
    private func bytes(hex: String) -> [UInt8] {
        let digits = hex.utf8.map { UInt8(String(decoding: [$0], as: UTF8.self), radix: 16) ?? 0 }
        return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    }

    /// The value of a payload as text.
    private func decode(_ payload: [UInt8], maximumCount: Int = 1 << 20) throws(DumpPayload.Failure) -> String {
        var result: Swift.Result<String, DumpPayload.Failure> = .failure(.damaged)
        withSlice(of: payload) { slice in
            do throws(DumpPayload.Failure) {
                switch try DumpPayload.decode(slice, maximumCount: maximumCount) {
                case .bytes(let bytes): result = .success(bytes.string)
                case .integer(let number): result = .success("\(number)")
                case .unpacked(let bytes): result = .success(String(decoding: bytes, as: UTF8.self))
                }
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }

    /// A payload with a right footer around any body.
    private func sealed(_ body: [UInt8], version: UInt16 = 10) -> [UInt8] {
        var payload = body + withUnsafeBytes(of: version.littleEndian) { Array($0) }
        let checksum = withSlice(of: payload) { CRC64.checksum($0) }
        payload += withUnsafeBytes(of: checksum.littleEndian) { Array($0) }
        return payload
    }

    @Test func checksumOfTheUsualText() {
        // The check value of CRC-64/Redis.
        #expect(CRC64.checksum(("123456789" as StaticString).slice) == 0xE9C6_D914_C4B8_D9CA)
        withSlice(of: Array(0...99)) { whole in
            let halves = CRC64.checksum(whole.dropFirst(37), seed: CRC64.checksum(whole.slice(from: 0, to: 37)))
            #expect(halves == CRC64.checksum(whole))
        }
    }

    /// Payloads of redis-server 7.0.15.
    @Test(arguments: [
        ("000568656c6c6f0a006372df766534200a", "hello"), ("00c0070a0074cd48a283abce92", "7"),
        ("00c17fff0a001760822854808480", "-129"), ("00c2701101000a0001a408fe953095a5", "70000"),
        ("000b2d333030303030303030300a007cef356d39051fd1", "-3000000000"), ("00000a005d9b5c400f7fa2da", ""),
        ("00c3094064016161e057000161610a00e8a3b507b06df271", String(repeating: "a", count: 100)),
        ("00c30b405a0361626361e04b020162630a00238036f9e2d0c780", String(repeating: "abc", count: 30)),
    ])
    func readsRedissPayloads(hex: String, value: String) throws {
        #expect(try decode(bytes(hex: hex)) == value)
    }

    @Test(arguments: [0, 1, 63, 64, 16383, 16384, 70000])
    func writtenStringsReadBack(count: Int) throws {
        let value = (0..<count).map { UInt8(truncatingIfNeeded: 0x20 + $0 % 90) }
        let payload = withSlice(of: value) { DumpPayload.encode($0, integer: nil) }
        #expect(try decode(payload) == String(decoding: value, as: UTF8.self))
    }

    @Test(arguments: [0, 127, 128, -128, -129, 32767, 32768, -32769, 2_147_483_647, 2_147_483_648, .min, .max])
    func writtenIntegersReadBack(number: Int64) throws {
        let payload = withSlice(of: Array("\(number)".utf8)) { DumpPayload.encode($0, integer: number) }
        #expect(try decode(payload) == "\(number)")
    }

    @Test func everyFlippedByteIsFound() {
        let payload = bytes(hex: "000568656c6c6f0a006372df766534200a")
        for index in payload.indices {
            for bit in 0..<8 {
                var damaged = payload
                damaged[index] ^= 1 << bit
                #expect(throws: DumpPayload.Failure.versionOrChecksum) { try decode(damaged) }
            }
        }
    }

    @Test func everyTruncationIsFound() {
        let payload = bytes(hex: "000568656c6c6f0a006372df766534200a")
        for count in 0..<payload.count {
            #expect(throws: DumpPayload.Failure.versionOrChecksum) { try decode(Array(payload.prefix(count))) }
        }
    }

    @Test func versions() throws {
        for version: UInt16 in [1, 9, 12, 15, 80] { #expect(try decode(sealed([0, 1, 65], version: version)) == "A") }
        for version: UInt16 in [16, 79, 82, .max] {
            #expect(throws: DumpPayload.Failure.versionOrChecksum) { try decode(sealed([0, 1, 65], version: version)) }
        }
    }

    /// Bodies that lie, under a right checksum.
    @Test(
        arguments: [
            [], [0], [0, 2, 65], [0, 0, 65], [0, 0x41], [0, 0x41, 0], [0, 0x80, 0, 0, 0], [0, 0xC1, 1], [0, 0xC4],
            [0, 0xC3],
            [0, 0xC3, 1, 1, 0], [0, 0xC3, 2, 3, 0x20, 0], [0, 0xC3, 3, 3, 0, 65, 0x20], [0, 0xC3, 0, 0],
            [0, 0xC3, 2, 2, 0, 65], [0, 0xC3, 2, 1, 1, 65], [0, 0xC3, 2, 0x7F, 0xFF, 0, 65],
            [0, 0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], [0, 0xFF, 1],
        ] as [[UInt8]])
    func lyingLengths(body: [UInt8]) {
        #expect(throws: DumpPayload.Failure.damaged) { try decode(sealed(body)) }
    }

    @Test func limits() {
        #expect(throws: DumpPayload.Failure.unsupportedType(18)) { try decode(sealed([18, 1, 2])) }
        #expect(throws: DumpPayload.Failure.tooLong) { try decode(sealed([0, 3, 65, 65, 65]), maximumCount: 2) }
        #expect(throws: DumpPayload.Failure.tooLong) {
            try decode(sealed([0, 0x81, 0, 0, 0, 1, 0, 0, 0, 0]), maximumCount: 1 << 20)
        }
        #expect(throws: DumpPayload.Failure.tooLong) {
            try decode(sealed([0, 0xC3, 1, 0x81, 0x7F, 0, 0, 0, 0, 0, 0, 0, 0]), maximumCount: 1 << 20)
        }
    }

    @Test func randomPackedInputNeverEscapes() {
        let seed: UInt64 = .random(in: 0 ... .max)
        print("seed \(seed)")
        var random = RandomGenerator(seed: seed)
        for _ in 0..<20_000 {
            let input = (0..<random.below(12)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            var output = [UInt8](repeating: 0, count: 1 + random.below(40))
            _ = withSlice(of: input) { input in output.withUnsafeMutableBufferPointer { LZF.decompress(input, to: $0) }
            }
        }
    }
}
