import Primitives
import Store
import Testing

@testable import Commands

@Suite struct KeyCommandsTests {
    private let harness: CommandHarness

    init() throws {
        harness = try CommandHarness(StringCommands.specs + KeyCommands.specs + SerializationCommands.specs)
    }

    private func expect(_ pairs: [(String, String)], sourceLocation: SourceLocation = #_sourceLocation) {
        for (line, reply) in pairs { #expect(harness.run(line) == reply, "\(line)", sourceLocation: sourceLocation) }
    }

    @Test func existenceAndType() {
        expect([
            ("mset a 1 b 2", "+OK"), ("exists a a b c", ":3"), ("touch a c", ":1"), ("type a", "+string"),
            ("type c", "+none"), ("del a a", ":1"), ("unlink b c", ":1"), ("exists a b", ":0"),
        ])
    }

    @Test func renaming() {
        expect([
            ("rename a b", "-ERR no such key"), ("set a 1 ex 100", "+OK"), ("rename a a", "+OK"),
            ("renamenx a a", ":0"),
            ("set b 2", "+OK"), ("renamenx a b", ":0"), ("rename a b", "+OK"), ("get b", "$1 1"), ("ttl b", ":100"),
            ("exists a", ":0"), ("renamenx b c", ":1"), ("get c", "$1 1"),
        ])
    }

    @Test func copyingAndMoving() {
        let same = "-ERR source and destination objects are the same"
        let range = "-ERR DB index is out of range"
        expect([
            ("set a 1 ex 100", "+OK"), ("copy a a", same), ("copy a b", ":1"), ("ttl b", ":100"), ("copy a b", ":0"),
            ("copy a b replace", ":1"), ("copy a b db 16", range), ("copy a b db -1", range),
            ("copy a b db", "-ERR syntax error"), ("copy a a db 1", ":1"), ("copy a a db 1", ":0"),
            ("copy a a DB 1 REPLACE", ":1"), ("copy none b", ":0"), ("move a 0", same), ("move a 16", range),
            ("move a 1", ":0"), ("move b 1", ":1"), ("exists b", ":0"), ("move b 1", ":0"),
        ])
    }

    @Test func deadlines() {
        expect([
            ("expire k 10", ":0"), ("set k v", "+OK"), ("ttl k", ":-1"), ("pttl none", ":-2"),
            ("expire k 100 xx", ":0"),
            ("expire k 100 gt", ":0"), ("expire k 100 lt", ":1"), ("expire k 50 gt", ":0"), ("expire k 200 gt", ":1"),
            ("expire k 300 nx", ":0"), ("ttl k", ":200"), ("persist k", ":1"), ("persist k", ":0"),
            ("pexpireat k 33177117420000", ":1"), ("pexpiretime k", ":33177117420000"),
            ("expiretime k", ":33177117420"), ("expireat k 9223372036854775", ":1"),
            ("expire k 100 nx xx", "-ERR NX and XX, GT or LT options at the same time are not compatible"),
            ("expire k 100 gt lt", "-ERR GT and LT options at the same time are not compatible"),
            ("expire k 100 foo", "-ERR Unsupported option foo"),
            ("expire k 9223372036854775807", "-ERR invalid expire time in 'expire' command"),
            ("pexpire k 9223372036854775807", "-ERR invalid expire time in 'pexpire' command"),
            ("expireat k 9223372036854776", "-ERR invalid expire time in 'expireat' command"),
            ("expire k -9223372036854775808", "-ERR invalid expire time in 'expire' command"), ("exists k", ":1"),
            ("pexpireat k 9223372036854775807", ":1"), ("exists k", ":1"),
            ("pexpireat k -9223372036854775808", ":1"), ("exists k", ":0"),
        ])
    }

    @Test func objects() throws {
        expect([
            ("mset a 1 b text", "+OK"), ("object encoding a", "$3 int"), ("object ENCODING b", "$6 embstr"),
            ("object encoding none", "$-1"), ("object refcount a", ":1"), ("object idletime a", ":0"),
        ])
        #expect(harness.run("object freq a").hasPrefix("-ERR An LFU maxmemory policy is not selected"))
        #expect(harness.run("object foo a") == "-ERR unknown subcommand 'foo'. Try OBJECT HELP.")
        let frequent = try CommandHarness(StringCommands.specs + KeyCommands.specs, policy: .allKeysLFU)
        #expect(frequent.run("set a 1") == "+OK")
        #expect(frequent.run("object freq a").hasPrefix(":"))
        #expect(frequent.run("object idletime a").hasPrefix("-ERR An LFU maxmemory policy is selected"))
    }

    @Test func dumpAndRestore() {
        func payload(_ key: String) -> [UInt8] {
            let reply = harness.runRaw([Array("dump".utf8), Array(key.utf8)])
            let start = reply.firstIndex(of: 10).map { $0 + 1 } ?? 0
            return Array(reply[start..<(reply.count - 2)])
        }
        func restore(_ key: String, _ lifetime: String, _ payload: [UInt8], _ options: String = "") -> String {
            let words = ["restore", key, lifetime].map { Array($0.utf8) } + [payload]
            return harness.run(words + options.split(separator: " ").map { Array($0.utf8) })
        }
        expect([("mset a text n 12345", "+OK"), ("dump none", "$-1")])
        let text = payload("a")
        let checksum = "-ERR DUMP payload version or checksum are wrong"
        #expect(restore("a", "0", text) == "-BUSYKEY Target key name already exists.")
        #expect(restore("b", "0", text) == "+OK")
        #expect(restore("b", "50000", payload("n"), "replace") == "+OK")
        expect([("get b", "$5 12345"), ("object encoding b", "$3 int"), ("ttl b", ":50")])
        #expect(restore("c", "-1", text) == "-ERR Invalid TTL value, must be >= 0")
        #expect(restore("c", "0", Array(text.dropLast())) == checksum)
        #expect(restore("c", "0", text, "idletime 5 freq 5") == "-ERR syntax error")
        #expect(restore("c", "0", text, "freq 256") == "-ERR Invalid FREQ value, must be >= 0 and <= 255")
        #expect(restore("c", "0", text, "idletime -1") == "-ERR Invalid IDLETIME value, must be >= 0")
        #expect(restore("c", "9223372036854775807", text) == "-ERR invalid expire time in 'restore' command")
        #expect(harness.run("exists c") == ":0")
        #expect(restore("b", "1", text, "absttl replace") == "+OK")
        #expect(harness.run("exists b") == ":0")
        #expect(restore("c", "33177117420000", text, "absttl idletime 5") == "+OK")
        expect([("pexpiretime c", ":33177117420000"), ("get c", "$4 text")])
    }
}
