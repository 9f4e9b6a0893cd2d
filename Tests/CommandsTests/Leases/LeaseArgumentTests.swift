import Primitives
import RESP
import Testing

@testable import Commands

/// The options of LEASE GET, and tokens as text.
@Suite struct LeaseArgumentTests {
    private func parse(_ line: String) throws -> LeaseRequest {
        try withArguments(line) { try LeaseRequest($0) }
    }

    @Test func optionsComeInAnyOrderAndCase() throws {
        let plain = try parse("")
        #expect(plain.durationMilliseconds == 10_000 && plain.waitMilliseconds == 0)
        let both = try parse("Wait 5 tTL 70")
        #expect(both.durationMilliseconds == 70 && both.waitMilliseconds == 5)
        #expect(try parse("TTL 3600000 WAIT 3600000").waitMilliseconds == 3_600_000)
    }

    @Test(arguments: [
        ("TTL", ArgumentFailure.syntax), ("WAIT 1 TTL", .syntax), ("TTL 1 TTL 1", .syntax), ("NX 1", .syntax),
        ("TTL x", .notInteger), ("WAIT 01", .notInteger), ("WAIT 9223372036854775808", .notInteger),
        ("TTL 0", .leaseDuration), ("TTL 3600001", .leaseDuration), ("TTL -9223372036854775808", .leaseDuration),
        ("WAIT -1", .leaseWait), ("WAIT 3600001", .leaseWait),
    ])
    func wrongOnesAreRefused(line: String, failure: ArgumentFailure) {
        #expect(throws: failure) { try parse(line) }
    }

    @Test func tokensAreReadAsTheyAreWritten() throws {
        var generator = SystemRandomNumberGenerator()
        for value in [0, 1, 0x0123_4567_89AB_CDEF, UInt64.max, generator.next(), generator.next()] {
            let text = written(LeaseToken(rawValue: value))
            #expect(text.count == 16)
            #expect(try withSlice(of: text) { try LeaseToken($0) }.rawValue == value, "\(value)")
        }
        #expect(written(LeaseToken(rawValue: 0xAB)) == Array("00000000000000ab".utf8))
        let upper = try withSlice(of: Array("0123456789ABCDEF".utf8)) { try LeaseToken($0) }
        #expect(upper.rawValue == 0x0123_4567_89AB_CDEF)
    }

    @Test(arguments: [
        "", "0", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeg", "+123456789abcdef", "0x23456789abcdef",
    ])
    func whatIsNoTokenIsRefused(text: String) {
        withSlice(of: Array(text.utf8)) { slice in
            #expect(throws: ArgumentFailure.leaseToken) { try LeaseToken(slice) }
        }
    }

    /// The digits of the bulk string.
    private func written(_ token: LeaseToken) -> [UInt8] {
        var buffer = ReplyBuffer()
        withUnsafeMutablePointer(to: &buffer) { token.reply(ReplyWriter($0, version: 2)) }
        let wire = Array(UnsafeBufferPointer(start: buffer.base, count: buffer.count))
        return Array(wire.dropFirst(5).dropLast(2))
    }
}
