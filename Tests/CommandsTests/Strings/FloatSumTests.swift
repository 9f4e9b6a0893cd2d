import Primitives
import Testing

@testable import Commands

@Suite struct FloatSumTests {
    private func sum(_ current: String?, _ increment: String) throws -> String {
        try withSlice(of: Array(increment.utf8)) { increment in
            guard let current else { return try FloatSum.with(nil, increment) { $0.string } }
            return try withSlice(of: Array(current.utf8)) { try FloatSum.with($0, increment) { $0.string } }
        }
    }

    /// Replies of redis-server 7.0.15.
    @Test(arguments: [
        ("0.1", "0.2", "0.3"), ("3.0e3", "200", "3200"), ("10.5", "0.1", "10.6"), ("1", "-1", "0"),
        ("-0", "-0.0", "0"), ("5.0e3", "1e-18", "5000"), ("1e22", "0.3", "10000000000000000000000"),
        ("9007199254740993", "1", "9007199254740994"), ("-5", "2.5", "-2.5"), ("1", "0x10", "17"),
        ("0.1", "-0.1", "0"),
    ])
    func sums(current: String, increment: String, expected: String) throws {
        #expect(try sum(current, increment) == expected)
    }

    @Test func missingValueIsZero() throws { #expect(try sum(nil, "1.5") == "1.5") }

    @Test(arguments: [
        ("", "1"), ("1", ""), ("abc", "1"), ("1", "abc"), ("1", " 1"), ("1", "1 "), ("1", "nan"), ("1", "1\u{0}"),
        ("1", "1e5000"), ("1", String(repeating: "0", count: 6000)),
    ])
    func notFloat(current: String, increment: String) {
        #expect(throws: FloatSum.Failure.notFloat) { try sum(current, increment) }
    }

    @Test(arguments: [("1", "inf"), ("1", "-inf"), ("inf", "-inf"), ("0", "1e400"), ("1e308", "1e308")])
    func outOfRange(current: String, increment: String) {
        #expect(throws: FloatSum.Failure.outOfRange) { try sum(current, increment) }
    }

    @Test func largestDoublePrintsInFull() throws {
        #expect(try sum("0", "-1.7976931348623157e308").utf8.count == 310)
    }
}
