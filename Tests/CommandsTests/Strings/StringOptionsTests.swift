import Primitives
import Testing

@testable import Commands

@Suite struct StringOptionsTests {
    @Test(arguments: [
        "nx xx", "xx nx", "ex", "ex 10 px 20", "keepttl ex 10", "ex 10 keepttl", "bogus", "ifeq", "ifeq a ifeq b",
        "ifeq a nx", "nx ifeq a", "xx ifne a", "ifdeq a ifdne b", "persist",
    ])
    func setRefuses(line: String) {
        withArguments(line) { arguments in
            #expect(throws: ArgumentFailure.syntax) { try StringOptions(arguments, for: .set) }
        }
    }

    @Test(arguments: ["nx", "xx", "get", "keepttl", "ifeq a", "ex 10 persist", "persist px 1"])
    func getRefuses(line: String) {
        withArguments(line) { arguments in
            #expect(throws: ArgumentFailure.syntax) { try StringOptions(arguments, for: .get) }
        }
    }

    @Test(arguments: ["get", "ifeq a", "nx xx", "persist"])
    func setManyRefuses(line: String) {
        withArguments(line) { arguments in
            #expect(throws: ArgumentFailure.syntax) { try StringOptions(arguments, for: .setMany) }
        }
    }

    @Test func optionsComeInAnyOrderAndCase() throws {
        try withArguments("GeT Px 1500 nX get NX px 1600") { arguments in
            let options = try StringOptions(arguments, for: .set)
            #expect(options.returnsOldValue)
            #expect(options.existence == .missing)
            guard case .expiry(let expiry) = options.lifetime else {
                Issue.record("no expiry")
                return
            }
            #expect(try expiry.positiveDeadline(nowMilliseconds: 1000) == 2600)
        }
    }

    @Test(arguments: [
        ("ex 0", ArgumentFailure.invalidExpiry), ("ex -1", .invalidExpiry), ("ex x", .notInteger),
        ("ex 9223372036854775807", .invalidExpiry), ("px 9223372036854775807", .invalidExpiry),
        ("exat 9223372036854776", .invalidExpiry), ("pxat 0", .invalidExpiry),
    ])
    func expiryOutOfRange(line: String, failure: ArgumentFailure) throws {
        try withArguments(line) { arguments in
            guard case .expiry(let expiry) = try StringOptions(arguments, for: .set).lifetime else {
                Issue.record("no expiry")
                return
            }
            #expect(throws: failure) { try expiry.positiveDeadline(nowMilliseconds: 1_700_000_000_000) }
        }
    }

    @Test func farthestDeadlinesAreValid() throws {
        try withArguments("9223372036854775807 9223372036854775") { arguments in
            let farthest = ExpiryArgument(text: arguments[0], unit: .unixMilliseconds)
            let last = try farthest.positiveDeadline(nowMilliseconds: 5)
            #expect(last == .max)
            let seconds = ExpiryArgument(text: arguments[1], unit: .unixSeconds)
            let lastSecond = try seconds.positiveDeadline(nowMilliseconds: 5)
            #expect(lastSecond == 9_223_372_036_854_775_000)
        }
    }

    @Test func conditionsCompareValuesAndDigests() throws {
        try withArguments("ifeq hello ifne hello ifdeq 9555E8555c62dcfd ifdne 9555e8555c62dcfd") { words in
            let hello = words[1]
            let other = words[0]
            for (index, holds) in [(0, true), (2, false), (4, true), (6, false)] {
                let comparison = try #require(ValueCondition.Comparison(option: words[index]))
                let condition = ValueCondition(comparison: comparison, operand: words[index + 1])
                #expect(try condition.holds(for: hello) == holds)
                #expect(try condition.holds(for: other) == !holds)
                #expect(condition.holdsWithoutValue == !holds)
            }
            let short = ValueCondition(comparison: .digestEqual, operand: hello)
            #expect(throws: ArgumentFailure.wrongDigestCount) { try short.holds(for: other) }
        }
    }

    @Test func digestKeepsLeadingZeros() {
        // A value of redis's own test for this (tests/unit/type/string.tcl).
        let text =
            "v8lf0c11xh8ymlqztfd3eeq16kfn4sspw7fqmnuuq3k3t75em5wdizgcdw7uc26nnf961u2jkfzkjytls2kwlj7626sd"
        var digits = [UInt8](repeating: 0, count: ValueDigest.textCount)
        withSlice(of: Array(text.utf8)) { ValueDigest(of: $0).write(to: &digits) }
        #expect(String(decoding: digits, as: UTF8.self) == "00006c38adf31777")
    }
}
