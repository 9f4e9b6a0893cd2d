import Primitives
import Testing

@testable import Commands

@Suite struct KeyGlobTests {
    private func glob(_ text: String) -> KeyGlob { withSlice(of: text) { KeyGlob($0) } }

    @Test(arguments: [
        ("user:1", "user:1"), ("", ""), ("a\\*b", "a*b"), ("\\\\", "\\"), ("a\\", "a\\"), ("\\[a]", "[a]"),
        ("REGEX", "REGEX"), ("a]b-^", "a]b-^"),
    ])
    func patternsWithoutWildcardsAreOneKey(_ pattern: String, _ key: String) throws {
        let literal = try #require(glob(pattern).literal)
        #expect(literal == Array(key.utf8))
        #expect(withSlice(of: key) { glob(pattern).matches($0) })
    }

    @Test(arguments: ["*", "a*", "a?", "[a]", "a\\**", "[", "\\a?"])
    func othersAreNot(_ pattern: String) { #expect(glob(pattern).literal == nil) }

    @Test func aGlanceLooksAtWhatIsInFrontOfTheFirstWildcard() {
        let escaped = glob("a\\*b:*")
        #expect(withSlice(of: "a*b:") { escaped.mayMatch($0) && escaped.matches($0) })
        #expect(withSlice(of: "axb:") { !escaped.mayMatch($0) })
        #expect(withSlice(of: "a*") { !escaped.mayMatch($0) })
        #expect(withSlice(of: "") { glob("*").mayMatch($0) })
        #expect(withSlice(of: "a") { glob("[ab]").mayMatch($0) })
    }

    /// What a glance rules out the glob must not match.
    @Test func aGlanceNeverRulesOutAMatch() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = RandomGenerator(seed: seed)
        let alphabet = Array("ab*?[]\\^-".utf8)
        func text(_ count: Int) -> String {
            String(decoding: (0..<count).map { _ in alphabet[generator.below(alphabet.count)] }, as: UTF8.self)
        }
        for _ in 0..<200_000 {
            let (pattern, key) = (text(generator.below(6)), text(generator.below(5)))
            let glob = glob(pattern)
            let matches = withSlice(of: key) { glob.matches($0) }
            let mayMatch = withSlice(of: key) { glob.mayMatch($0) }
            #expect(mayMatch || !matches, "seed \(seed): '\(pattern)' and '\(key)'")
            if let literal = glob.literal {
                #expect(matches == (literal == Array(key.utf8)), "seed \(seed): '\(pattern)' and '\(key)'")
            }
        }
    }
}
