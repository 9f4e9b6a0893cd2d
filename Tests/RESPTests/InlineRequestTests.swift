import Primitives
import Testing

@testable import RESP

/// P14 of the catalogue: inline requests by sdssplitargs' rules.
@Suite struct InlineRequestTests {
    @Test(arguments: [
        ("SET a b\r\n", ["SET", "a", "b"]),
        ("SET a b\n", ["SET", "a", "b"]),
        ("  SET\t a   b \r\n", ["SET", "a", "b"]),
        ("SET \"a b\" 'c d'\r\n", ["SET", "a b", "c d"]),
        ("SET \"\" ''\r\n", ["SET", "", ""]),
        ("SET \"a\\nb\\r\\t\\b\\a\\\\\\\"\\q\"\r\n", ["SET", "a\nb\r\t\u{8}\u{7}\\\"q"]),
        ("SET 'a\\'b\\n'\r\n", ["SET", "a'b\\n"]),
        ("SET \"\\x41\\x7a\\x0A\\xg1\\x4\"\r\n", ["SET", "Az\nxg1x4"]),
        ("SET ab\"c d\" e'f'\r\n", ["SET", "abc d", "ef"]),
        ("SET \"it's\" 'a\"b'\r\n", ["SET", "it's", "a\"b"]),
        ("\"SET\"\u{0B}a\u{0C}b\r\n", ["SET", "a\u{0C}b"]),
        ("SET a\u{0}b c\r\n", ["SET", "a"]),
        ("a\\b \\x41\r\n", ["a\\b", "\\x41"]),
    ])
    func splitsWords(line: String, expected: [String]) {
        let command = expected.map { Array($0.utf8) }
        let bytes = Array(line.utf8)
        #expect(Conversation.held(bytes).commands == [command])
        #expect(Conversation.held(bytes.map { [$0] }).commands == [command])
    }

    @Test func decodesBytesThatAreNoText() {
        let result = Conversation.held("SET \"\\xff\\x00\\x80\"\r\n")
        #expect(result.commands == [[Array("SET".utf8), [0xFF, 0x00, 0x80]]])
    }

    @Test(arguments: [
        "SET \"a", "SET 'a", "SET \"a\"b", "SET 'a'b", "SET \"a\\\"", "SET 'a\\'", "\"", "'", "SET a\"", "SET \"a\0\"",
        "SET \"a\"\"b\"", "SET \"\\",
    ])
    func unbalancedQuotes(line: String) {
        for end in ["\r\n", "\n"] {
            let result = Conversation.held("PING\r\n\(line)\(end)PING\r\n")
            #expect(result.commands == [words("PING")])
            #expect(result.ending == .failed(.unbalancedQuotes))
        }
    }

    @Test func manyWords() {
        let line = "MSET" + String(repeating: " a", count: 10_000) + "\r\n"
        #expect(Conversation.held(line).commands.first?.count == 10_001)
    }

    /// Decoded words live in the batch's scratch, which ends the batch when it is full and never moves.
    @Test func quotedLinesShareTheScratch() {
        let word = String(repeating: "x", count: 30_000)
        let line = "ECHO \"\(word)\"\r\n"
        let text = String(repeating: line, count: 7) + "PING\r\n"
        let expected = Array(repeating: words("ECHO", word), count: 7) + [words("PING")]
        #expect(Conversation.held(text).commands == expected)

        var batch = RequestBatch()
        var parser = RequestParser()
        let bytes = Array(text.utf8)
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let result = parser.parse(base, count: bytes.count, limits: Conversation.limits, into: &batch)
            #expect(result == .parsed(consumed: 2 * line.utf8.count))
            #expect(batch.commandCount == 2)
            #expect(batch.arguments(of: 0)[1].string == word)
        }
    }
}
