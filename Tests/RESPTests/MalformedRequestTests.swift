import Primitives
import Testing

@testable import RESP

/// The catalogue of bad input, rows P1 to P17 and X1.
@Suite struct MalformedRequestTests {
    /// P1, P2, CVE-2026-27623: nothing stays behind of an empty request.
    @Test(arguments: ["\r\n", "\n", "  \r\n", "*0\r\n", "*-1\r\n", "*-10\r\n", "*-9223372036854775808\r\n", "\0\r\n"])
    func emptyRequestsLeaveTheInitialState(empty: String) {
        for follower in ["PING\r\n", "*1\r\n$4\r\nPING\r\n"] {
            let bytes = Array((empty + empty + follower).utf8)
            #expect(Conversation.held(bytes).commands == [words("PING")])
            #expect(Conversation.held(bytes.map { [$0] }).commands == [words("PING")])
        }
        var batch = RequestBatch()
        var parser = RequestParser()
        let bytes = Array(empty.utf8)
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            for count in 1...bytes.count {
                _ = parser.parse(base, count: count, limits: Conversation.limits, into: &batch)
            }
        }
        let isInitial = parser.isInitial
        #expect(isInitial)
        #expect(batch.commandCount == 0)
    }

    /// P3.
    @Test(arguments: [
        "3000000000", "2147483648", "2147483647", "1048577", "99999999999999999999", "-9223372036854775809", "abc", "",
        "+1", "01", " 1", "1 ", "1x", "0x1", "1.0", "-0", "00", "-", "1\0", "\0",
    ])
    func multibulkCount(text: String) {
        expectFailure("*\(text)\r\n", .invalidMultibulkCount)
    }

    /// P6.
    @Test(arguments: [
        "-10", "-1", "2000000000", "536870913", "99999999999999999999", "blabla", "", "+4", "04", " 4", "4 ", "-0",
        "9223372036854775807", "00",
    ])
    func bulkCount(text: String) {
        expectFailure("*2\r\n$3\r\nGET\r\n$\(text)\r\n", .invalidBulkCount)
        expectFailure("*1\r\n$\(text)\r\n", .invalidBulkCount)
    }

    /// P8, stricter than Redis.
    @Test(arguments: ["*1\r\n$4\r\nPINGXX", "*1\r\n$4\r\nPING\n\n", "*1\r\n$4\r\nPING\r\r", "*1\rX", "*1\r\n$4\rX"])
    func lineEnds(text: String) {
        expectFailure(text, .invalidLineEnd)
    }

    /// P9: waits for a CR, as Redis does.
    @Test func bareLineFeeds() {
        let result = Conversation.held("*1\n$4\nPING\n")
        #expect(result.commands.isEmpty)
        #expect(result.ending == .open)
    }

    /// P10.
    @Test func expectedBulk() {
        expectFailure("*3\r\n$3\r\nSET\r\n$1\r\nx\r\nfooz\r\n", .expectedBulk(UInt8(ascii: "f")))
        expectFailure("*1\r\n*1\r\n$4\r\nPING\r\n", .expectedBulk(UInt8(ascii: "*")))
        expectFailure("*1\r\n\r\n", .expectedBulk(0x0D))
    }

    /// P11.
    @Test(arguments: ["+", ":", "$", "%", "_", "~", ">", "|", "(", "="])
    func otherTypesAreInlineRequests(marker: String) {
        let result = Conversation.held("\(marker)3\r\nPING\r\n")
        #expect(result.commands == [words("\(marker)3"), words("PING")])
    }

    /// P12, P13.
    @Test func linesWithoutEnd() {
        let filler = [UInt8](repeating: UInt8(ascii: "A"), count: 70_000)
        let cases: [(String, ProtocolFailure)] = [
            ("\0", .tooBigInlineRequest), ("", .tooBigInlineRequest), ("*", .tooBigMultibulkCount),
            ("*\0", .tooBigMultibulkCount), ("*1\r\n$", .tooBigBulkCount), ("*1\r\n$\0", .tooBigBulkCount),
        ]
        for (prefix, failure) in cases {
            let bytes = Array(prefix.utf8) + filler
            // A line end further on makes no difference, however the bytes are cut.
            for tail in [[], Array("\r\n".utf8)] {
                #expect(Conversation.held(bytes + tail).ending == .failed(failure))
                #expect(Conversation.held(pieces(of: bytes + tail, size: 1_000)).ending == .failed(failure))
                #expect(Conversation.held(pieces(of: bytes + tail, size: 65_536)).ending == .failed(failure))
            }
        }
    }

    @Test func linesOfJustTheLimit() {
        let limit = RequestParser.Limits.maximumLineCount
        let longest = [UInt8](repeating: UInt8(ascii: "A"), count: limit)
        for size in [1_000, limit, limit + 1, limit + 2] {
            #expect(Conversation.held(pieces(of: longest + [0x0A], size: size)).commands == [[longest]])
            #expect(
                Conversation.held(pieces(of: longest + [0x41, 0x0A], size: size)).ending
                    == .failed(.tooBigInlineRequest))
        }
    }

    /// P5.
    @Test func beforeAuthentication() {
        let limits = RequestParser.Limits.unauthenticated
        #expect(Conversation.held("*11\r\n", limits: limits).ending == .failed(.unauthenticatedMultibulkCount))
        #expect(Conversation.held("*10\r\n", limits: limits).ending == .open)
        #expect(Conversation.held("*1048577\r\n", limits: limits).ending == .failed(.invalidMultibulkCount))
        #expect(Conversation.held("*1\r\n$16385\r\n", limits: limits).ending == .failed(.unauthenticatedBulkCount))
        #expect(Conversation.held("*1\r\n$16384\r\n", limits: limits).ending == .open)
        #expect(Conversation.held("*1\r\n$536870913\r\n", limits: limits).ending == .failed(.invalidBulkCount))
    }

    /// The request behind AUTH is not to be read under the limits before it.
    @Test func oneRequestAtATimeBeforeAuthentication() {
        var batch = RequestBatch()
        var parser = RequestParser()
        let large = [UInt8](repeating: 1, count: 20_000)
        let login = encoded("AUTH", "secret")
        let bytes = login + encoded([Array("SET".utf8), [0x6B], large])
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let first = parser.parse(base, count: bytes.count, limits: .unauthenticated, into: &batch)
            #expect(first == .parsed(consumed: login.count))
            batch.removeAll()
            let second = parser.parse(
                base + login.count, count: bytes.count - login.count, limits: Conversation.limits, into: &batch)
            #expect(second == .parsed(consumed: bytes.count - login.count))
            #expect(batch.commandCount == 1)
        }
    }

    /// P17: nothing behind a failure is read.
    @Test func nothingAfterAFailureIsRead() {
        let result = Conversation.held("*1\r\n$4\r\nPING\r\n*1\r\n$-5\r\n*1\r\n$4\r\nPING\r\n")
        #expect(result.commands == [words("PING")])
        #expect(result.ending == .failed(.invalidBulkCount))
    }

    /// X1.
    @Test(arguments: [
        "POST / HTTP/1.1", "post /", "Host: localhost", "host:", "GET / HTTP/1.0", "PUT /asdf HTTP/1.1",
        "DELETE HTTP/1.1", "HEAD / HTTP/1.1", "OPTIONS * HTTP/1.1",
    ])
    func webRequestsAreHostile(line: String) {
        let result = Conversation.held("PING\r\n\(line)\r\nSET a b\r\n")
        #expect(result.commands == [words("PING")])
        #expect(result.ending == .hostile)
    }

    /// X2, in every two pieces.
    @Test func handshakesOfTLSAreKnownByTwoBytes() {
        let hello = Array("PING\r\n".utf8) + [22, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3]
        for point in 0...hello.count {
            let result = Conversation.held([Array(hello[..<point]), Array(hello[point...])])
            #expect(result.commands == [words("PING")])
            #expect(result.ending == .handshake, "cut at \(point)")
        }
        #expect(Conversation.held([[22]]).ending == .open)
        #expect(Conversation.held([[22, 13, 10]]).commands == [[[22]]])
    }

    @Test func whatOnlyLooksLikeTheWebIsACommand() {
        #expect(Conversation.held("GET HTTP/1.1\r\n").commands == [words("GET", "HTTP/1.1")])
        #expect(Conversation.held("SET a HTTP/1.1\r\n").commands == [words("SET", "a", "HTTP/1.1")])
        #expect(Conversation.held("POSTER a\r\n").commands == [words("POSTER", "a")])
    }

    @Test func failureTexts() {
        let expected: [(ProtocolFailure, String)] = [
            (.invalidMultibulkCount, "invalid multibulk length"),
            (.unauthenticatedMultibulkCount, "unauthenticated multibulk length"),
            (.tooBigMultibulkCount, "too big mbulk count string"), (.invalidBulkCount, "invalid bulk length"),
            (.unauthenticatedBulkCount, "unauthenticated bulk length"),
            (.tooBigBulkCount, "too big bulk count string"),
            (.expectedBulk(UInt8(ascii: "f")), "expected '$', got 'f'"),
            (.expectedBulk(0x0A), "expected '$', got '?'"), (.expectedBulk(0xFF), "expected '$', got '?'"),
            (.invalidLineEnd, "invalid CRLF in request"), (.tooBigInlineRequest, "too big inline request"),
            (.unbalancedQuotes, "unbalanced quotes in request"),
        ]
        for (failure, text) in expected { #expect(failure.errorText == "ERR Protocol error: \(text)") }
    }

    /// The failure comes, however the bytes are cut.
    private func expectFailure(
        _ text: String, _ failure: ProtocolFailure, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let bytes = Array(text.utf8)
        let whole = Conversation.held(bytes)
        #expect(whole.ending == .failed(failure), sourceLocation: sourceLocation)
        #expect(whole.commands.isEmpty, sourceLocation: sourceLocation)
        #expect(Conversation.held(bytes.map { [$0] }).ending == .failed(failure), sourceLocation: sourceLocation)
    }

    private func pieces(of bytes: [UInt8], size: Int) -> [[UInt8]] {
        stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
    }
}
