import CPrimitives
import Commands
import Configuration
import Primitives

/// What finding a key's rule among a hundred costs, in this process: the store and the protocol would hide some 30 ns.
///
/// Three shapes of rules: a noun and a number (`user:3*`), nouns alone (`app7:*`), and patterns with a part behind the wildcard
/// (`user3:*:profile`). Each key is under a rule. The fewest nanoseconds of 40 rounds count: what else runs on the
/// machine only adds.
enum RuleShapes: CaseIterable {
    case numbered, distinct, twoParts

    private static let nouns = ["user", "session", "product", "cart", "item", "order", "token", "page", "list", "feed"]
    private static let ruleCount = 100
    private static let keyCount = 512
    private static let rounds = 100

    private func stem(_ index: Int) -> String {
        let noun = Self.nouns[index % 10]
        switch self {
        case .numbered: return "\(noun):\(index / 10)"
        case .distinct: return "app\(index):"
        case .twoParts: return "\(noun)\(index):"
        }
    }

    private var suffix: String { self == .twoParts ? ":profile" : "" }

    private var arguments: [String] {
        (0..<Self.ruleCount).flatMap { ["--rule", "r\($0)", stem($0) + "*" + suffix, "ttl", "60"] }
    }

    /// Nanoseconds per key.
    func measure() -> Double {
        guard case .serve(let configuration)? = try? Configuration.load(arguments: arguments, environment: []) else {
            fail("the rules are refused")
        }
        let matching = RuleMatching(configuration)
        var generator = RandomGenerator(seed: 1)
        let texts = (0..<Self.keyCount).map { _ in
            stem(generator.below(Self.ruleCount)) + String(generator.below(100_000)) + suffix
        }
        let bytes = texts.flatMap { Array($0.utf8) }
        return bytes.withUnsafeBufferPointer { buffer in
            guard var base = buffer.baseAddress else { fail("no keys") }
            let keys = texts.map { text in
                defer { base += text.utf8.count }
                return ByteSlice(base: base, count: text.utf8.count)
            }
            return keys.withUnsafeBufferPointer { best(matching, $0) }
        }
    }

    private func best(_ matching: RuleMatching, _ keys: UnsafeBufferPointer<ByteSlice>) -> Double {
        let clock = ProcessClock()
        var best = Double.infinity
        for _ in 0..<40 {
            let start = clock.nanoseconds()
            let matched = Self.rounds * keys.count
            guard matching.match(keys, rounds: Self.rounds) >= matched else { fail("a key has no rule") }
            best = min(best, Double(clock.nanoseconds() - start) / Double(matched))
        }
        return best
    }
}

/// Prints the nanoseconds of the slowest shape.
func runRuleShapes() {
    var line = JSONLine()
    line.add("match_ns", RuleShapes.allCases.map { $0.measure() }.max() ?? .infinity)
    line.write()
}
