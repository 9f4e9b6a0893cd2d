import Primitives
import Testing

@testable import Configuration

struct RuleTests {
    private func parse(_ line: String) -> String {
        do throws(Refusal) {
            return try Rule.parse(line.split(separator: " ").map(String.init)).text
        } catch {
            return error.text
        }
    }

    @Test(arguments: [
        ("a *", "a *"),
        ("users user:* TTL 60 Jitter 10", "users user:* ttl 60 jitter 10"),
        ("a x no-store ttl adaptive 5 50", "a x ttl adaptive 5 50 no-store"),
        (
            "a x*y*z max-value 2kb tags t1 t2 stale 9 tag-template u:{1} v:{2}:{1}",
            "a x*y*z stale 9 tags t1 t2 tag-template u:{1} v:{2}:{1} max-value 2kb"
        ),
        ("a item:* invalidates list:* tag:items one:{1} {x}:*", "a item:* invalidates list:* tag:items one:{1} {x}:*"),
        ("a * min-ttl 5 ttl 6 max-ttl 7", "a * ttl 6 max-ttl 7 min-ttl 5"),
    ])
    func readsAndWritesRules(line: String, text: String) {
        #expect(parse(line) == text)
        #expect(parse(text) == text)
    }

    @Test(arguments: [
        ("a", "a rule needs a name and a pattern"),
        ("a:b *", "the name \"a:b\" is not allowed; allowed: 1 to 64 letters, digits, \"_\", \"-\" and \".\""),
        (
            "a * tll 5",
            "rule a: unknown word \"tll\"; allowed: ttl, max-ttl, min-ttl, jitter, stale, tags, tag-template, invalidates, "
                + "no-store, max-value"
        ),
        ("a * ttl", "rule a: ttl lacks its operand; allowed: seconds, from 1 to 2147483647"),
        ("a * ttl 0", "rule a: ttl: \"0\" is not allowed; allowed: seconds, from 1 to 2147483647"),
        ("a * ttl 1 ttl 2", "rule a: ttl is there twice"),
        ("a * jitter 100", "rule a: jitter: \"100\" is not allowed; allowed: a percentage from 1 to 99"),
        ("a * ttl adaptive 5 5", "rule a: ttl adaptive 5 5: the first must be below the second"),
        ("a * ttl 5 max-ttl 4", "rule a: ttl 5 is above max-ttl 4"),
        ("a * ttl adaptive 1 5 min-ttl 2", "rule a: ttl 1 is below min-ttl 2"),
        ("a * min-ttl 5 max-ttl 4", "rule a: min-ttl 5 is above max-ttl 4"),
        ("a * tags no-store", "rule a: tags lacks its operands; allowed: one or more words"),
        ("a u:* tag-template user", "rule a: tag-template: \"user\" has no {1}; a fixed tag belongs under tags"),
        ("a u:* tag-template u:{2}", "rule a: \"u:{2}\": {2} names a * that the pattern does not have; it has 1"),
        ("a u:? invalidates u:{1}", "rule a: \"u:{1}\": {1} names a * that the pattern does not have; it has 0"),
        ("a u:[*]* tag-template u:{2}", "rule a: \"u:{2}\": {2} names a * that the pattern does not have; it has 1"),
        (
            "a * max-value x",
            "rule a: max-value: \"x\" is not allowed; allowed: bytes from 1 up, plain or with a unit (b, k=1000, kb=1024, m, "
                + "mb, g, gb)"
        ),
    ])
    func saysWhatIsWrong(line: String, error: String) {
        #expect(parse(line) == error)
    }

    @Test func boundsHold() {
        func isAccepted(_ words: [String]) -> Bool { (try? Rule.parse(words)) != nil }
        let long = { (count: Int) in String(repeating: "x", count: count) }
        #expect(isAccepted([long(64), long(4096)]))
        #expect(!isAccepted([long(65), "*"]))
        #expect(!isAccepted(["a", long(4097)]))
        #expect(!isAccepted(["a", ""]))
        #expect(isAccepted(["a", "*", "tags", long(512)]))
        #expect(!isAccepted(["a", "*", "tags", long(513)]))
        #expect(isAccepted(["a", "*", "tags"] + (0..<64).map { "t\($0)" }))
        #expect(!isAccepted(["a", "*", "tags"] + (0..<65).map { "t\($0)" }))
        #expect(!isAccepted(["a", "*", "invalidates"] + (0..<17).map { "t\($0)" }))
        #expect(!isAccepted(["a", "*", "tag-template", long(513) + "{1}"]))
    }

    /// Random rules, of words with blanks, quotes and hashes too.
    @Test func textsReadBackAsTheSameRule() throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = RandomGenerator(seed: seed)
        let pieces = ["user:", "*", "?", "[a-z]", " ", "\"", "#", "\\*", "ü", "{1}", "'"]
        func text(_ count: Int) -> String { (0..<count).map { _ in pieces[generator.below(pieces.count)] }.joined() }
        for _ in 0..<2000 {
            var words = ["r\(generator.below(100))", "*" + text(generator.below(6))]
            if generator.below(2) == 0 { words += ["tags"] + (0...generator.below(3)).map { "t\($0)" + text(2) } }
            if generator.below(2) == 0 { words += ["tag-template", text(2) + "{1}"] }
            if generator.below(2) == 0 { words += ["invalidates", "i" + text(3)] }
            if generator.below(2) == 0 { words += ["max-value", "\(generator.below(1 << 20) + 1)"] }
            if generator.below(2) == 0 { words += ["stale", "\(generator.below(1000) + 1)"] }
            let rule = try Rule.parse(words)
            let read = try #require(DirectiveSyntax.words(Array(rule.text.utf8)[...]))
            let again = try Rule.parse(read.map { String(decoding: $0, as: UTF8.self) })
            #expect(again.isSame(as: rule) && again.words == rule.words, "seed \(seed)")
        }
    }

    // MARK: In the configuration

    @Test func linesAddUpAndLaterOnesReplace() throws {
        let folder = TemporaryFolder()
        let file = folder.write("a.conf", "rule a x:* ttl 5\nrule b y:* ttl 6\nrule a z:* ttl 7\n")
        let configuration = try load([file, "--rule", "c", "w:*", "no-store", "--rule", "b", "v:*"])
        #expect(configuration.get("rule") == "rule=a z:* ttl 7\nb v:*\nc w:* no-store")
        let forgetful = folder.write("b.conf", "rule a x:*\nrule \"\"\nrule d \"a b\"\n")
        #expect(try load([forgetful]).get("rule") == "rule=d \"a b\"")
        #expect(configuration.set("rule", "a x:*").contains("can't set immutable config"))
    }

    @Test func faultsNameTheirLine() {
        let folder = TemporaryFolder()
        let file = folder.write("a.conf", "timeout 5\nrule a x:* ttl ten\n")
        #expect(
            refusal([file])
                == "\(file):2: rule a: ttl: \"ten\" is not allowed; allowed: seconds, from 1 to 2147483647")
        let many = (0..<256).flatMap { ["--rule", "r\($0)", "*"] }
        #expect(refusal(many).hasSuffix("rule r255: there are 255 rules already, which is the most allowed"))
    }

    @Test func theEnvironmentHasOneRule() throws {
        let configuration = try load(environment: [(name: "NEARCACHED_RULE", value: "a \"x y*\" ttl 5")])
        #expect(configuration.get("rule") == "rule=a \"x y*\" ttl 5")
    }

    @Test func rewriteKeepsWhatIsAsItWas() throws {
        let folder = TemporaryFolder()
        let file = folder.write("a.conf", "# mine\nrule  a   x:*  TTL 5\nrule b y:*\n# below\nrule c z:*\n")
        let configuration = try load([file])
        #expect(rewrite(configuration) == "OK")
        #expect(folder.read("a.conf").contains("rule  a   x:*  TTL 5"))
        #expect(change(configuration, "b y:* ttl 9") == "OK")
        #expect(change(configuration, "d w:* no-store") == "OK")
        #expect(try configuration.removeRule(named: "c"))
        #expect(try !configuration.removeRule(named: "c"))
        #expect(rewrite(configuration) == "OK")
        #expect(
            folder.read("a.conf")
                == "# mine\nrule  a   x:*  TTL 5\nrule b y:* ttl 9\n# below\n# Generated by CONFIG REWRITE\nrule d w:* no-store\n"
        )
        #expect(try load([file]).get("rule") == configuration.get("rule"))
    }

    @Test func rewriteOverridesIncludedRules() throws {
        let folder = TemporaryFolder()
        folder.write("b.conf", "rule b y:*\n")
        let file = folder.write("a.conf", "rule a x:*\ninclude b.conf\n")
        let configuration = try load([file])
        #expect(try configuration.removeRule(named: "b"))
        #expect(rewrite(configuration) == "OK")
        #expect(folder.read("a.conf") == "include b.conf\n# Generated by CONFIG REWRITE\nrule \"\"\nrule a x:*\n")
        #expect(try load([file]).get("rule") == "rule=a x:*")
        #expect(try configuration.removeRule(named: "a"))
        #expect(rewrite(configuration) == "OK")
        #expect(try load([file]).get("rule") == "rule=")
    }

    private func change(_ configuration: Configuration, _ line: String) -> String {
        do throws(ConfigurationError) {
            try configuration.setRule(line.split(separator: " ").map { copy(String($0)) })
            return "OK"
        } catch {
            return error.message
        }
    }

    private func rewrite(_ configuration: Configuration) -> String {
        do throws(ConfigurationError) {
            try configuration.rewrite()
            return "OK"
        } catch {
            return error.message
        }
    }
}
