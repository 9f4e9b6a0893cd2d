import Primitives
import Testing

@testable import Commands

/// Replies are those of redis-server 7.0.15 and valkey-server 9.1, or of Redis 8.4's own tests.
@Suite struct StringCommandsTests {
    private let harness: CommandHarness

    init() throws { harness = try CommandHarness(StringCommands.specs + KeyCommands.specs) }

    private func expect(_ pairs: [(String, String)], sourceLocation: SourceLocation = #_sourceLocation) {
        for (line, reply) in pairs { #expect(harness.run(line) == reply, "\(line)", sourceLocation: sourceLocation) }
    }

    @Test func setOnConditions() {
        expect([
            ("SET k v", "+OK"), ("GET k", "$1 v"), ("set k w nx", "$-1"), ("set k w XX", "+OK"), ("get k", "$1 w"),
            ("set k x nx get", "$1 w"), ("set n x xx get", "$-1"), ("set n x get", "$-1"), ("get n", "$1 x"),
            ("set k y ifeq nope", "$-1"), ("set k y ifeq w get", "$1 w"), ("set k z ifne y", "$-1"),
            ("set k z ifne q", "+OK"), ("set new z ifne q", "+OK"), ("set other z ifeq q", "$-1"),
            ("set k hello", "+OK"), ("digest k", "$16 9555e8555c62dcfd"), ("set k v ifdne 9555e8555c62dcfd", "$-1"),
            ("set k v ifdeq 9555E8555C62DCFD", "+OK"),
            ("set k v ifdeq 123", "-ERR must be exactly 16 hexadecimal characters"),
            ("set gone v ifdeq 123", "$-1"), ("digest gone", "$-1"),
        ])
    }

    @Test func lifetimes() {
        expect([
            ("set k v ex 100", "+OK"), ("ttl k", ":100"), ("set k w keepttl", "+OK"), ("ttl k", ":100"),
            ("set k w", "+OK"), ("ttl k", ":-1"), ("set k v exat 1", "+OK"), ("exists k", ":0"),
            ("set k v ex 0", "-ERR invalid expire time in 'set' command"), ("exists k", ":0"),
            ("setex k 0 v", "-ERR invalid expire time in 'setex' command"), ("setex k 50 v", "+OK"), ("ttl k", ":50"),
            ("psetex k 50000 v", "+OK"), ("ttl k", ":50"), ("getex k persist", "$1 v"), ("ttl k", ":-1"),
            ("getex k ex 70", "$1 v"), ("ttl k", ":70"), ("getex k", "$1 v"), ("ttl k", ":70"),
            ("getex k pxat 1", "$1 v"), ("exists k", ":0"), ("getex k ex 0", "$-1"),
            ("set k v pxat 9223372036854775807", "+OK"), ("get k", "$1 v"),
            ("set k v px 9223372036854775807", "-ERR invalid expire time in 'set' command"),
        ])
    }

    @Test func severalKeys() {
        expect([
            ("mset a 1 b 2 a 3", "+OK"), ("mget a b c", "*3 $1 3 $1 2 $-1"),
            ("mset a 1 b", "-ERR wrong number of arguments for 'mset' command"), ("msetnx c 1 a 2", ":0"),
            ("get c", "$-1"), ("msetnx c 1 c 2", ":1"), ("get c", "$1 2"), ("msetex 2 a 1 d 4 nx", ":0"),
            ("msetex 2 a 1 d 4 ex 100", ":1"), ("ttl d", ":100"), ("msetex 1 d 5 keepttl", ":1"), ("ttl d", ":100"),
            ("msetex 2 a 1 e 4 xx", ":0"), ("exists e", ":0"), ("msetex 0 a 1", "-ERR invalid numkeys value"),
            ("msetex x a 1", "-ERR invalid numkeys value"), ("msetex 2147483648 a 1", "-ERR invalid numkeys value"),
            ("msetex 2147483647 a 1", "-ERR wrong number of key-value pairs"),
            ("msetex 1 a 1 get", "-ERR syntax error"),
        ])
    }

    @Test func numbers() {
        expect([
            ("incr n", ":1"), ("incrby n 41", ":42"), ("decr n", ":41"), ("decrby n 1", ":40"), ("expire n 100", ":1"),
            ("incr n", ":41"), ("ttl n", ":100"), ("set n 9223372036854775807", "+OK"),
            ("incr n", "-ERR increment or decrement would overflow"), ("get n", "$19 9223372036854775807"),
            ("decrby n -9223372036854775808", "-ERR decrement would overflow"),
            ("set n 01", "+OK"), ("incr n", "-ERR value is not an integer or out of range"),
            ("incrbyfloat n 0.5", "$3 1.5"), ("incrbyfloat n inf", "-ERR increment would produce NaN or Infinity"),
            ("incrbyfloat n x", "-ERR value is not a valid float"), ("get n", "$3 1.5"),
            ("incrbyfloat new 3.0e3", "$4 3000"), ("object encoding new", "$6 embstr"),
        ])
    }

    @Test func parts() {
        expect([
            ("append k abc", ":3"), ("append k def", ":6"), ("strlen k", ":6"), ("getrange k -3 -1", "$3 def"),
            ("substr k 0 1", "$2 ab"), ("getrange k 4 2", "$0 "), ("getrange k -1 -100", "$0 "),
            ("getrange k 0 -100", "$1 a"), ("getrange none 0 1", "$0 "), ("setrange k 1 XY", ":6"),
            ("get k", "$6 aXYdef"),
            ("setrange k 536870912 x", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"),
            ("setrange k -1 x", "-ERR offset is out of range"),
            (
                "setrange k 9223372036854775807 x",
                "-ERR string exceeds maximum allowed size (proto-max-bulk-len)"
            ),
            ("setrange new 2 x", ":3"), ("get new", "$3 \0\0x"), ("strlen none", ":0"),
        ])
        #expect(harness.run([Array("setrange".utf8), Array("none".utf8), Array("5".utf8), []]) == ":0")
        #expect(harness.run("exists none") == ":0")
    }

    @Test func conditionalDeletion() {
        expect([
            ("set k v", "+OK"), ("delifeq k x", ":0"), ("delifeq k v", ":1"), ("delifeq k v", ":0"), ("set k v", "+OK"),
            ("delex k ifne v", ":0"), ("delex k ifeq", "-ERR wrong number of arguments for 'delex' command"),
            ("delex k foo v", "-ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"),
            ("delex none foo v", "-ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"),
            ("delex k ifdeq v", "-ERR must be exactly 16 hexadecimal characters"), ("delex k ifeq v", ":1"),
            ("delex k", ":0"), ("set k v", "+OK"), ("delex k", ":1"), ("set k v", "+OK"), ("getdel k", "$1 v"),
            ("getdel k", "$-1"), ("getset k a", "$-1"), ("getset k b", "$1 a"), ("setnx k c", ":0"),
        ])
    }

    @Test func commonSubsequence() {
        expect([
            ("mset a ohmytext b mynewtext", "+OK"), ("lcs a b", "$6 mytext"), ("lcs a b len", ":6"),
            ("lcs a b len idx", "-ERR If you want both the length and indexes, please just use IDX."),
            (
                "lcs a b idx minmatchlen 4 withmatchlen",
                "*4 $7 matches *1 *3 *2 :4 :7 *2 :5 :8 :4 $3 len :6"
            ), ("lcs a none", "$0 "), ("lcs a b minmatchlen", "-ERR syntax error"),
        ])
        harness.protocolVersion = 3
        #expect(harness.run("lcs a b idx minmatchlen 9") == "%2 $7 matches *0 $3 len :6")
    }

    /// More cells than one turn fills: goes through the job.
    @Test func longCommonSubsequence() {
        let text = String(repeating: "abcdefgh", count: 300)
        #expect(harness.run("mset a \(text) b \(text)x") == "+OK")
        #expect(harness.run("lcs a b len") == ":2400")
        #expect(harness.run("lcs a b idx") == "*4 $7 matches *1 *2 *2 :0 :2399 *2 :0 :2399 $3 len :2400")
    }
}
