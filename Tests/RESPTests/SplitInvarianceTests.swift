import Primitives
import Testing

@testable import RESP

/// However the bytes are cut into reads, the same commands come out.
@Suite struct SplitInvarianceTests {
    private static let messages: [[UInt8]] = [
        encoded("PING"),
        encoded("GET", "key:0123456789ab"),
        encoded("SET", "", String(repeating: "v", count: 101)),
        encoded("SET", "a\r\nb", "\r\n$3\r\n") + encoded("GET", "a\r\nb"),
        Array("PING\r\nSET a \"b\\x0a c\" 'd'\r\n\r\n".utf8) + encoded("PING"),
        Array("*0\r\nPING\r\n*-1\r\n*1\r\n$4\r\nPING\r\n".utf8),
        encoded((0..<12).map { Array("\($0)".utf8) }) + Array("x".utf8),
        Array("*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPINGXX".utf8),
        Array("*2\r\n$3\r\nGET\r\nfooz\r\n".utf8),
        Array("*01\r\n".utf8),
        Array("PING\r\nPOST / HTTP/1.1\r\nHost: a\r\n".utf8),
        Array("GET \"a\r\nPING\r\n".utf8),
        Array("*1\n$4\nPING\n".utf8),
    ]

    @Test func everySplitIntoTwo() {
        for message in Self.messages {
            let whole = Conversation.held(message)
            for split in 0...message.count {
                let result = Conversation.held([Array(message[..<split]), Array(message[split...])])
                expectSame(result, whole, message)
            }
        }
    }

    @Test func everySplitIntoThree() {
        for message in Self.messages where message.count <= 80 {
            let whole = Conversation.held(message)
            for first in 0...message.count {
                for second in first...message.count {
                    let pieces = [Array(message[..<first]), Array(message[first..<second]), Array(message[second...])]
                    expectSame(Conversation.held(pieces), whole, message)
                }
            }
        }
    }

    @Test func byteByByte() {
        for message in Self.messages {
            expectSame(Conversation.held(message.map { [$0] }), Conversation.held(message), message)
        }
    }

    @Test func randomRequestsInRandomPieces() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = RandomGenerator(seed: seed)
        for _ in 0..<300 {
            let commands = (0...random.below(40)).map { _ in
                (0...random.below(random.below(10) == 0 ? 300 : 5)).map { _ in
                    (0..<random.below(random.below(10) == 0 ? 2_000 : 20)).map { _ in
                        UInt8(truncatingIfNeeded: random.next())
                    }
                }
            }
            let result = Conversation.held(cut(commands.flatMap { encoded($0) }, &random))
            #expect(result.commands == commands && result.ending == .open, "seed \(seed)")
        }
    }

    /// Bytes likely to reach deep into the machine: the answers must not depend on the pieces, and memory stays in
    /// proportion to what has arrived.
    @Test func garbage() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = RandomGenerator(seed: seed)
        let fragments: [[UInt8]] = [
            "*", "$", "\r\n", "\r", "\n", "1", "2", "3", "0", "-", "*1\r\n", "*3\r\n", "$1\r\n", "$4\r\nPING\r\n", "\"",
            "'", "\\", "\\x", " ", "a", "\0", "*1048576\r\n", "$536870912\r\n", "GET", "HTTP/1.1",
        ].map { Array($0.utf8) }
        for _ in 0..<20_000 {
            var bytes: [UInt8] = []
            for _ in 0..<random.below(30) {
                if random.below(8) == 0 {
                    bytes.append(UInt8(truncatingIfNeeded: random.next()))
                } else {
                    bytes += fragments[random.below(fragments.count)]
                }
            }
            let whole = Conversation.held(bytes)
            let cutUp = Conversation.held(cut(bytes, &random))
            #expect(
                whole.commands == cutUp.commands && whole.ending == cutUp.ending, "seed \(seed), \(bytes)")
        }
    }

    @Test func memoryIsBoundedByWhatHasArrived() {
        var parser = RequestParser()
        var batch = RequestBatch()
        // The least bytes for the most arguments.
        let bytes = Array("*1048576\r\n".utf8) + (0..<100_000).flatMap { _ in Array("$0\r\n\r\n".utf8) }
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            for count in stride(from: 1_000, through: bytes.count, by: 1_000) {
                let result = parser.parse(base, count: count, limits: Conversation.limits, into: &batch)
                #expect(result == .parsed(consumed: 0))
                #expect(parser.heapByteCount <= 6 * count)
            }
        }
        #expect(batch.argumentCapacity == 256)
    }

    private func cut(_ bytes: [UInt8], _ random: inout RandomGenerator) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var index = 0
        while index < bytes.count {
            let size = 1 + random.below(random.below(2) == 0 ? 4 : 2_000)
            pieces.append(Array(bytes[index..<min(index + size, bytes.count)]))
            index += size
        }
        return pieces
    }

    private func expectSame(
        _ result: Conversation, _ whole: Conversation, _ message: [UInt8],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        // What is left over after a failure depends on how much had arrived by then.
        let same =
            result.commands == whole.commands && result.ending == whole.ending
            && (whole.ending != .open || result.leftOverCount == whole.leftOverCount)
        #expect(
            same, "\(result) is not \(whole) of \(String(decoding: message, as: UTF8.self).debugDescription)",
            sourceLocation: sourceLocation)
    }
}
