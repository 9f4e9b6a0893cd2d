import Primitives
import Testing

@testable import Commands

@Suite struct RegularExpressionTests {
    private let budget: Budget

    /// A reference, since a test's suite has to be copyable.
    private final class Budget {
        let budget: MatchBudget
        init() throws {
            guard let budget = MatchBudget() else { throw MatchFailure.memory }
            self.budget = budget
        }
    }

    init() throws { budget = try Budget() }

    private func matches(_ pattern: String, _ key: String) throws -> Bool {
        try matches(pattern, Array(key.utf8))
    }

    private func matches(_ pattern: String, _ key: [UInt8]) throws -> Bool {
        let expression = try withSlice(of: pattern) { try RegularExpression($0) }
        return try (key + [0]).withUnsafeBufferPointer { buffer in
            try expression.matches(ByteSlice(base: buffer.baseAddress!, count: key.count), budget.budget)
        }
    }

    @Test(arguments: [
        ("user", "an:user:1", true), ("^user", "an:user:1", false), ("user$", "an:user", true), ("", "", true),
        (#"^user:\d+$"#, "user:42", true), (#"^user:\d+$"#, "user:4x2", false), ("(?i)USER", "user", true),
        ("a|b", "xb", true), (#"(.)\1"#, "abba", true), (#"(.)\1"#, "abab", false), ("(?<=a)b", "ab", true),
        (".*9.*8.*7", "user:987654:profile:987", true), ("a.b", "a\nb", false), ("(?s)a.b", "a\nb", true),
    ])
    func searches(_ pattern: String, _ key: String, _ isMatch: Bool) throws {
        #expect(try matches(pattern, key) == isMatch)
    }

    @Test func keysAreBytes() throws {
        #expect(try matches("^.$", [0xFF]))
        #expect(try matches(#"^\xff\x00$"#, [0xFF, 0]))
        #expect(try !matches("^.$", "ä"))
        #expect(try matches("ä", "xä"))
    }

    @Test(arguments: ["(", "[", "*a", "a{2,1}", "(*UTF)a", "(*UCP)a", "(?<n>", #"\"#, "(a)(?2)", "(?<=a*)b"])
    func wrongPatternsAreRefused(_ pattern: String) {
        #expect(throws: RegularExpression.SyntaxError.self) { try matches(pattern, "a") }
    }

    @Test func errorsSayWhatAndWhere() throws {
        do {
            _ = try matches("ab(c", "a")
            Issue.record("an open group is accepted")
        } catch let error as RegularExpression.SyntaxError {
            #expect(error.offset == 4)
            #expect(error.text.contains("parenthesis"))
        }
    }

    @Test(arguments: ["(a+)+$", "(a|aa)+$", "(a*)*$", "(a|a)*$", #"^(?:\w+\s?)+$"#, "(?:a?){40}a{40}$", "(?:a+a+)+$"])
    func catastrophesEndAtTheLimit(_ pattern: String) {
        #expect(throws: MatchFailure.steps) { try matches(pattern, String(repeating: "a", count: 60) + "!") }
    }

    /// PCRE2's limits count backtracking, of which there is none here: a quadratic number of bytes is run over.
    @Test func runsOverTheKeyCount() {
        #expect(throws: MatchFailure.steps) {
            try matches("a++[b!][cd]", String(repeating: "a", count: 16_000) + "!")
        }
    }

    /// No option that a pattern begins with takes the limits away.
    @Test(arguments: ["(*LIMIT_MATCH=4000000000)", "(*LIMIT_DEPTH=4000000000)", "(*LIMIT_HEAP=4000000000)"])
    func patternsCannotRaiseTheLimits(_ option: String) {
        #expect(throws: MatchFailure.steps) { try matches(option + "(a+)+$", String(repeating: "a", count: 60) + "!") }
    }

    @Test func memoryIsBounded() {
        let pattern = "^" + String(repeating: "(a)?", count: 1000) + "b"
        #expect(throws: MatchFailure.memory) { try matches(pattern, String(repeating: "a", count: 10_000) + "b") }
    }

    /// Each match has the whole budget.
    @Test func theBudgetIsRenewed() throws {
        let key = String(repeating: "ab", count: 200)
        for _ in 0..<1000 { #expect(try matches("^(a|b)*$", key)) }
    }

    @Test func ordinaryPatternsFitLongKeys() throws {
        let key = "tenant:42:" + String(repeating: "segment/", count: 1500) + ":end"
        #expect(try matches(#"^tenant:\d+:.*:end$"#, key))
        #expect(try matches("^tenant:(?:42|43):(?:[a-z]+/)*:end$", key))
        #expect(try !matches("nowhere", key))
    }
}
