import RESP
import Store
import Testing

@testable import Commands

@Suite struct InvalidationCommandsTests {
    private let harness: CommandHarness

    init() throws {
        harness = try CommandHarness(
            StringCommands.specs + KeyCommands.specs + KeyspaceCommands.specs + TransactionCommands.specs
                + InvalidationCommands.specs + StaleEntries.specs)
    }

    private func expect(_ pairs: [(String, String)], sourceLocation: SourceLocation = #_sourceLocation) {
        for (line, reply) in pairs { #expect(harness.run(line) == reply, "\(line)", sourceLocation: sourceLocation) }
    }

    @Test func globs() {
        expect([
            ("mset user:1 a user:2 b item:1 c", "+OK"), ("invalidate user:*", ":2"), ("dbsize", ":1"),
            ("invalidate user:* item:? *", ":1"), ("dbsize", ":0"), ("invalidate *", ":0"),
        ])
    }

    @Test func literals() {
        expect([
            ("mset a 1 b 2 a*c 3", "+OK"), ("invalidate a a b dryrun", ":2"), ("invalidate a b none limit 1", ":1"),
            ("exists a b", ":1"), ("invalidate \\b b \\\\b dryrun", ":1"), ("invalidate a\\*c", ":1"),
            ("dbsize", ":1"),
        ])
    }

    @Test func expressions() {
        expect([
            ("mset user:1 a user:x b item:1 c", "+OK"), ("invalidate ^user:[0-9]+$ regex dryrun", ":1"),
            ("invalidate user item REGEX DRYRUN", ":3"), ("invalidate user: REGEX", ":2"), ("dbsize", ":1"),
        ])
    }

    /// Whatever is wrong, nothing has been removed.
    @Test func wrongForms() throws {
        let syntax = "-ERR syntax error"
        let range = "-ERR value is out of range, value must between 1 and 9223372036854775807"
        expect([
            ("mset a 1 b 2", "+OK"),
            ("invalidate", "-ERR wrong number of arguments for 'invalidate' command"),
            ("invalidate * limit", syntax), ("invalidate * limit 0", range), ("invalidate * limit -1", range),
            ("invalidate * limit x", "-ERR value is not an integer or out of range"),
            ("invalidate * limit 1 limit 1", syntax), ("invalidate * dryrun dryrun", syntax),
            ("invalidate * regex regex", syntax), ("invalidate * dryrun a", syntax),
            ("invalidate * regex b dryrun", syntax), ("invalidate * limit 1 a", syntax),
            (
                "invalidate a ( regex",
                "-ERR invalid regular expression '(' at byte 1: missing closing parenthesis"
            ),
            ("dbsize", ":2"),
        ])
        let long = String(repeating: "a", count: 4097)
        #expect(harness.run("invalidate * \(long)") == "-ERR pattern is too long, 4096 bytes are allowed")
        #expect(harness.run("invalidate a \(long) regex") == "-ERR pattern is too long, 4096 bytes are allowed")
        let many = Array(repeating: "a*", count: 65).joined(separator: " ")
        #expect(harness.run("invalidate \(many)") == "-ERR too many patterns, 64 are allowed")
        #expect(harness.run("invalidate \(many) regex") == "-ERR too many patterns, 16 are allowed")
        expect([("dbsize", ":2")])
    }

    @Test func patternsNamedAsOptions() {
        expect([
            ("mset REGEX 1 LIMIT 2 DRYRUN 3 x 4", "+OK"), ("invalidate dryrun", ":0"), ("invalidate DRYRUN", ":1"),
            ("invalidate x \\LIMIT dryrun", ":2"), ("invalidate REGEX regex", ":1"),
            ("invalidate nothing [L]IMIT", ":1"), ("dbsize", ":1"),
        ])
    }

    @Test func limitsAreExact() {
        for number in 0..<1000 { _ = harness.run("set k:\(number) v") }
        expect([
            ("invalidate k:* limit 10 dryrun", ":10"), ("invalidate k:* limit 10", ":10"), ("dbsize", ":990"),
            ("invalidate k REGEX limit 390", ":390"), ("dbsize", ":600"), ("invalidate * limit 1000", ":600"),
            ("dbsize", ":0"),
        ])
    }

    @Test func otherDatabasesAreLeft() {
        expect([
            ("mset a:1 1 a:2 2", "+OK"), ("select 1", "+OK"), ("set a:3 3", "+OK"), ("invalidate a:*", ":1"),
            ("invalidate a:1", ":0"), ("select 0", "+OK"), ("dbsize", ":2"),
        ])
    }

    @Test func overdueKeysDoNotCount() {
        expect([
            ("mset a:1 1 a:2 2", "+OK"), ("pexpire a:1 1", ":1"),
        ])
        // The time is the harness's turn's: look until it has come.
        while harness.run("exists a:1") == ":1" {}
        expect([("invalidate a:1 a:2 dryrun", ":1"), ("invalidate a:*", ":1")])
    }

    /// Nobody sees a stale entry, but a lease would hand it out.
    @Test func staleEntriesGoUncounted() {
        expect([("setstale a:1", "+OK"), ("setstale a:2", "+OK"), ("setstale b", "+OK"), ("set a:3 v", "+OK")])
        while harness.run("exists a:1 a:2 b") != ":0" {}
        expect([
            ("stale a:1", ":1"), ("stale a:2", ":1"), ("stale b", ":1"), ("invalidate a:* dryrun", ":1"),
            ("stale a:1", ":1"), ("invalidate a:*", ":1"), ("stale a:1", ":0"), ("stale a:2", ":0"),
            ("stale b", ":1"), ("invalidate b", ":0"), ("stale b", ":0"),
        ])
    }

    @Test func aKeyThatIsTooLongIsAnErrorUnlessAGlanceRulesItOut() {
        let long = "long:" + String(repeating: "x", count: 16_380)
        #expect(harness.run("set \(long) v") == "+OK")
        expect([
            ("set short v", "+OK"), ("invalidate s*", ":1"),
            (
                "invalidate l*",
                "-ERR a key of 16385 bytes is too long to be matched, 16384 are allowed; 0 keys removed until then"
            ),
            ("dbsize", ":1"),
        ])
        #expect(harness.run("invalidate \(long)") == ":1")
    }

    @Test func matchesPastTheLimitEndTheCommand() {
        let key = String(repeating: "a", count: 50) + "!"
        #expect(harness.run("set \(key) v") == "+OK")
        expect([
            (
                "invalidate (a+)+$ regex",
                "-ERR '(a+)+$' takes more than 100000 steps on a key of 51 bytes; 0 keys removed until then"
            ),
            (
                "invalidate x (a+)+$ regex dryrun",
                "-ERR '(a+)+$' takes more than 100000 steps on a key of 51 bytes; 0 keys counted until then"
            ),
            ("dbsize", ":1"),
        ])
    }

    @Test func runsToItsEndInATransaction() {
        for number in 0..<5000 { _ = harness.run("set k:\(number) v") }
        expect([
            ("multi", "+OK"), ("set other v", "+QUEUED"), ("invalidate k:*", "+QUEUED"), ("dbsize", "+QUEUED"),
            ("invalidate oth REGEX LIMIT 1", "+QUEUED"), ("exec", "*4 +OK :5000 :1 :1"), ("dbsize", ":0"),
        ])
    }

    @Test func cacheKeys() {
        expect([
            ("cachekey", "-ERR wrong number of arguments for 'cachekey' command"), ("cachekey user", "$4 user"),
            ("cachekey user 1:2 100%", "$17 user:1%3A2:100%25"),
        ])
        let words = [Array("cachekey".utf8), [UInt8](repeating: 0x78, count: (1 << 20) + 1)]
        #expect(harness.run(words) == "-ERR the words are too long, 1048576 bytes are allowed")
    }
}

/// Commands of the test's own, that make entries with a stale window and look for them.
private enum StaleEntries {
    static let specs: [CommandSpec] = [
        CommandSpec(
            "setstale", arity: 2, flags: [.write], keys: [.one(at: 1, [.overwrite])], group: .string, since: "0.1.0",
            summary: "Sets a key for a millisecond.", complexity: "O(1)",
            handler: { pointer in
                let call = Call(pointer)
                var attributes = EntryAttributes()
                attributes.staleSeconds = 100
                let isSet = call.access.set(
                    call.key(1), to: .integer(1), expiry: call.nowMilliseconds + 1, attributes: attributes,
                    now: call.nowMilliseconds)
                if isSet { call.reply.ok() } else { call.outOfMemory() }
            }),
        CommandSpec(
            "stale", arity: 2, flags: [.readOnly], keys: [.one(at: 1, [.readOnly])], group: .string, since: "0.1.0",
            summary: "Tells whether a key is stale.", complexity: "O(1)",
            handler: { pointer in
                let call = Call(pointer)
                let isStale = call.access.findStale(call.key(1), now: call.nowMilliseconds) != nil
                call.reply.integer(isStale ? 1 : 0)
            }),
    ]
}
