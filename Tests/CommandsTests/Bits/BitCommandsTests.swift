import Primitives
import Testing

@testable import Commands

@Suite struct BitCommandsTests {
    private let harness: CommandHarness

    init() throws {
        harness = try CommandHarness(StringCommands.specs + BitCommands.specs + KeyCommands.specs)
    }

    private func expect(_ pairs: [(String, String)], sourceLocation: SourceLocation = #_sourceLocation) {
        for (line, reply) in pairs { #expect(harness.run(line) == reply, "\(line)", sourceLocation: sourceLocation) }
    }

    @Test func singleBits() {
        let offset = "-ERR bit offset is not an integer or out of range"
        expect([
            ("setbit k 7 1", ":0"), ("setbit k 7 1", ":1"), ("getbit k 7", ":1"), ("getbit k 100", ":0"),
            ("strlen k", ":1"), ("setbit k 4294967296 1", offset), ("setbit k -1 1", offset), ("getbit k x", offset),
            ("setbit k 0 2", "-ERR bit is not an integer or out of range"), ("strlen k", ":1"), ("getbit none 5", ":0"),
            ("exists none", ":0"), ("set n 12", "+OK"), ("setbit n 15 1", ":0"), ("get n", "$2 13"),
        ])
    }

    @Test func countsAndPositions() {
        expect([
            ("set k hello", "+OK"), ("bitcount k", ":21"), ("bitcount k 1 -2", ":12"), ("bitcount k 5 30 bit", ":12"),
            ("bitcount k 1", ":18"), ("bitcount k -1 -100", ":0"), ("bitcount k 0 -1 foo", "-ERR syntax error"),
            ("bitcount none", ":0"), ("bitcount none x 1", "-ERR value is not an integer or out of range"),
            ("bitpos k 0", ":0"), ("bitpos k 1 2", ":17"), ("bitpos k 0 8 -1 bit", ":8"),
            ("bitpos k 2", "-ERR The bit argument must be 1 or 0."), ("bitpos none 0", ":0"), ("bitpos none 1", ":-1"),
            ("bitfield f set u24 0 16777215", "*1 :0"), ("bitpos f 0", ":24"), ("bitpos f 0 0", ":24"),
            ("bitpos f 0 0 -1", ":-1"), ("bitpos f 1 5", ":-1"),
        ])
    }

    @Test func operations() {
        expect([
            ("bitop and d a b", ":0"), ("set a abc", "+OK"), ("set b aB", "+OK"), ("bitop or d a b", ":3"),
            ("get d", "$3 abc"), ("bitop ANDOR d a b", ":3"), ("get d", "$3 aB\0"), ("bitop diff d a b", ":3"),
            ("get d", "$3 \0 c"), ("bitop not d a b", "-ERR BITOP NOT must be called with a single source key."),
            ("bitop diff d a", "-ERR BITOP DIFF must be called with at least two source keys."),
            ("bitop foo d a", "-ERR syntax error"), ("set n 12", "+OK"), ("bitop xor d n n", ":2"),
            ("get d", "$2 \0\0"), ("bitop and d none", ":0"), ("exists d", ":0"), ("bitop or a a n", ":3"),
            ("get a", "$3 qrc"),
        ])
    }

    @Test func bitfields() {
        expect([
            ("bitfield k get u8 0", "*1 :0"), ("exists k", ":0"),
            ("bitfield k set i8 0 -1 incrby u4 4 1 get u8 0", "*3 :0 :0 :240"),
            ("bitfield k overflow fail incrby u4 0 1", "*1 $-1"),
            ("bitfield k overflow sat incrby u4 0 1", "*1 :15"), ("bitfield k", "*0"),
            ("bitfield k overflow foo", "-ERR Invalid OVERFLOW type specified"),
            ("bitfield_ro k get u8 0", "*1 :240"),
            ("bitfield_ro k set u8 0 1", "-ERR BITFIELD_RO only supports the GET subcommand"),
            ("bitfield_ro k set u8 0 x", "-ERR value is not an integer or out of range"),
        ])
        harness.protocolVersion = 3
        #expect(harness.run("bitfield k overflow fail incrby u4 0 1") == "*1 _")
    }
}
