import Configuration
import Primitives
import Testing

@testable import Commands

struct RuleTableTests {
    /// The rules of conf lines, numbered from 1.
    static func rules(_ lines: [String]) throws -> [(rule: Rule, number: UInt8)] {
        let arguments = lines.flatMap { ["--rule"] + $0.split(separator: " ").map(String.init) }
        guard case .serve(let configuration) = try Configuration.load(arguments: arguments, environment: []) else {
            preconditionFailure("the arguments ask for a server")
        }
        return configuration.values.rules.enumerated().map { (rule: $1, number: UInt8($0 + 1)) }
    }

    /// The number of the rule that `key` comes under; 0 for none.
    private func number(_ key: String, in product: RuleTableBuilder.Product) -> UInt8 {
        withSlice(of: key) { product.table.rule(of: $0)?.pointee.number ?? 0 }
    }

    @Test func theLongestPrefixWinsThenTheFirst() throws {
        let product = RuleTableBuilder.make(
            try Self.rules([
                "all *", "users user:*", "first user:1*", "exact user:12", "tie1 item:*:a", "tie2 item:*",
                "tie3 item:*:b",
                "escaped star\\*x*",
            ]), adaptive: AdaptiveTTLs(count: 256))
        let expected = [
            ("", 1), ("x", 1), ("user", 1), ("user:", 2), ("user:2", 2), ("user:1", 3), ("user:12", 4), ("user:123", 3),
            ("item:1:a", 5), ("item:1:b", 6), ("item:", 6), ("star*x1", 8), ("starx", 1), ("star*", 1),
        ]
        for (key, number) in expected { #expect(self.number(key, in: product) == number, "\(key)") }
    }

    @Test func aShorterPrefixHasItsSayWhereTheLongerPatternFails() throws {
        let product = RuleTableBuilder.make(
            try Self.rules(["long user:1:?", "short user:*"]), adaptive: AdaptiveTTLs(count: 256))
        #expect(number("user:1:a", in: product) == 1)
        #expect(number("user:1:ab", in: product) == 2)
        #expect(number("use", in: product) == 0)
    }

    /// Against the definition, tried out rule by rule.
    @Test func agreesWithTheDefinition() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = RandomGenerator(seed: seed)
        let pieces = ["a", "b", "ab", ":", "*", "?", "[ab]", "\\*", "[^a]"]
        let letters = ["a", "b", ":", "*", "c"]
        for _ in 0..<300 {
            let lines = (0...generator.below(40)).map { index in
                "r\(index) " + (0...generator.below(5)).map { _ in pieces[generator.below(pieces.count)] }.joined()
            }
            let rules = try Self.rules(lines)
            let product = RuleTableBuilder.make(rules, adaptive: AdaptiveTTLs(count: 256))
            for _ in 0..<100 {
                let key = (0..<generator.below(8)).map { _ in letters[generator.below(letters.count)] }.joined()
                var best: (length: Int, number: UInt8) = (-1, 0)
                for (rule, number) in rules {
                    let matches = withSlice(of: rule.pattern) { pattern in
                        withSlice(of: key) { GlobPattern.matches(pattern, $0) }
                    }
                    let length = Self.prefixLength(rule.pattern)
                    if matches, length > best.length { best = (length, number) }
                }
                #expect(number(key, in: product) == best.number, "seed \(seed), key \(key), rules \(lines)")
            }
        }
    }

    /// By the words of the documentation: up to the first of * ? [ that no backslash stands before.
    private static func prefixLength(_ pattern: String) -> Int {
        var count = 0
        var isEscaped = false
        for byte in pattern.utf8 {
            if !isEscaped, byte == UInt8(ascii: "\\") {
                isEscaped = true
                continue
            }
            if !isEscaped, "*?[".utf8.contains(byte) { return count }
            isEscaped = false
            count += 1
        }
        return count
    }

    @Test func tagsAreMadeOfCaptures() throws {
        func tags(_ line: String, _ key: String) throws -> [String]? {
            let product = RuleTableBuilder.make(try Self.rules([line]), adaptive: AdaptiveTTLs(count: 256))
            return withSlice(of: key) { key in
                var tags: [String] = []
                guard let rule = product.table.rule(of: key) else { return ["no rule"] }
                let isDone = rule.pointee.forEachTag(of: key) { tag in
                    tags.append(tag.string)
                    return true
                }
                return isDone ? tags : nil
            }
        }
        #expect(try tags("a user:* tags all tag-template user:{1}", "user:17") == ["all", "user:17"])
        #expect(try tags("a *:*:x tag-template {2}-{1}-{2}", "a:b:c:x") == ["b:c-a-b:c"])
        #expect(try tags("a u:* tag-template {1}", "u:") == nil)
        #expect(try tags("a u:* tag-template x{1}", "u:" + String(repeating: "y", count: 511)) != nil)
        #expect(try tags("a u:* tag-template x{1}", "u:" + String(repeating: "y", count: 512)) == nil)
    }

    @Test func capturesMatchTogetherWhatTheKeyIs() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = RandomGenerator(seed: seed)
        let pieces = ["a", "b", "*", "?", "[ab]", "*"]
        for _ in 0..<20_000 {
            let pattern = (0...generator.below(6)).map { _ in pieces[generator.below(pieces.count)] }.joined()
            let key = (0..<generator.below(8)).map { _ in ["a", "b", "c"][generator.below(3)] }.joined()
            withSlice(of: pattern) { pattern in
                withSlice(of: key) { key in
                    let starCount = GlobPattern.starCount(pattern)
                    let captures = UnsafeMutableBufferPointer<ByteSlice>.allocate(capacity: starCount)
                    defer { captures.deallocate() }
                    let isMatch = GlobPattern.matches(pattern, key, captures: captures)
                    #expect(isMatch == GlobPattern.matches(pattern, key), "seed \(seed)")
                    guard isMatch else { return }
                    // With each * replaced by its capture the pattern still matches.
                    var star = 0
                    var text: [UInt8] = []
                    for byte in pattern.buffer {
                        guard byte == UInt8(ascii: "*") else { text.append(byte); continue }
                        text += captures[star].array
                        star += 1
                    }
                    text.withUnsafeBufferPointer { buffer in
                        guard let base = buffer.baseAddress else { return }
                        let filled = ByteSlice(base: base, count: buffer.count)
                        #expect(GlobPattern.matches(filled, key), "seed \(seed): \(pattern.string) \(key.string)")
                    }
                }
            }
        }
    }

    @Test func keysStandForThemselvesInPatternsThatTheyInvalidate() throws {
        let product = RuleTableBuilder.make(
            try Self.rules(["a item:* invalidates list:{1}:* tag:i{1} all"]), adaptive: AdaptiveTTLs(count: 256))
        let texts = withSlice(of: "item:a*[") { key in
            product.table.rule(of: key)?.pointee.invalidationTexts(of: key).map { String(decoding: $0, as: UTF8.self) }
        }
        #expect(texts == ["list:a\\*\\[:*", "tag:ia*[", "all"])
    }

    // MARK: Deadlines

    @Test func deadlinesKeepToTheRule() throws {
        func check(_ line: String, asked: Int64, _ expected: ClosedRange<Int64>) throws {
            let rules = try Self.rules([line])
            let adaptive = AdaptiveTTLs(count: 256)
            adaptive.prepare(1, for: rules[0].rule)
            let product = RuleTableBuilder.make(rules, adaptive: adaptive)
            let rule = try #require(withSlice(of: "x") { product.table.rule(of: $0) })
            var generator = RandomGenerator(seed: 1)
            for _ in 0..<200 {
                let deadline = rule.pointee.deadline(
                    asked: asked, defaultMilliseconds: product.table.defaultMilliseconds(of: rule), now: 1000,
                    &generator)
                #expect(expected.contains(deadline), "\(line), asked \(asked): \(deadline)")
            }
        }
        let none = Int64.max
        try check("a *", asked: none, none...none)
        try check("a * ttl 10", asked: none, 11_000...11_000)
        try check("a * ttl 10", asked: 5000, 5000...5000)
        try check("a * max-ttl 10", asked: none, 11_000...11_000)
        try check("a * max-ttl 10", asked: none - 1, 11_000...11_000)
        try check("a * min-ttl 10", asked: 1001, 11_000...11_000)
        try check("a * min-ttl 10", asked: none, none...none)
        try check("a * ttl 10 jitter 20", asked: none, 9000...11_000)
        try check("a * jitter 20 max-ttl 10", asked: 900_000, 9000...11_000)
        try check("a * jitter 90 min-ttl 9 ttl 10", asked: none, 10_000...11_000)
        try check("a * jitter 99", asked: none - 1, 1...none - 1)
        try check("a * ttl adaptive 3 9", asked: none, 4000...4000)
    }
}
