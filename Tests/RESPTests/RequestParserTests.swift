import Primitives
import Testing

@testable import RESP

@Suite struct RequestParserTests {
    @Test func readsPipelinedRequests() {
        let bytes = encoded("SET", "key", "value") + encoded("GET", "key") + Array("PING\r\n".utf8) + encoded("PING")
        let result = Conversation.held(bytes)
        #expect(
            result.commands == [words("SET", "key", "value"), words("GET", "key"), words("PING"), words("PING")])
        #expect(result.leftOverCount == 0)
    }

    @Test func readsArgumentsOfAllKindsOfLengths() {
        for count in [0, 1, 9, 10, 99, 100, 101, 999, 1_000, 65_535, 65_536, 100_000] {
            let value = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            let arguments = [Array("SET".utf8), [], value]
            #expect(Conversation.held(encoded(arguments)).commands == [arguments])
        }
    }

    @Test func readsManyArguments() {
        for count in [1, 9, 10, 99, 100, 255, 256, 257, 1_000, 20_000] {
            let arguments = (0..<count).map { Array("\($0)".utf8) }
            #expect(Conversation.held(encoded(arguments) + encoded("PING")).commands == [arguments, words("PING")])
        }
    }

    @Test func stopsAtThirtyTwoRequests() {
        var batch = RequestBatch()
        var parser = RequestParser()
        let one = encoded("PING")
        let bytes = (0..<40).flatMap { _ in one }
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let first = parser.parse(base, count: bytes.count, limits: Conversation.limits, into: &batch)
            #expect(first == .parsed(consumed: 32 * one.count))
            #expect(batch.commandCount == 32)
            // A full batch takes nothing.
            let full = parser.parse(base + 32 * one.count, count: 8, limits: Conversation.limits, into: &batch)
            #expect(full == .parsed(consumed: 0))
            batch.removeAll()
            let rest = parser.parse(
                base + 32 * one.count, count: 8 * one.count, limits: Conversation.limits, into: &batch)
            #expect(rest == .parsed(consumed: 8 * one.count))
            #expect(batch.commandCount == 8)
        }
    }

    @Test func tellsHowManyBytesEachRequestTook() {
        var batch = RequestBatch()
        var parser = RequestParser()
        let bytes = encoded("SET", "k", "v") + Array("*0\r\n".utf8) + Array("PING x\r\n".utf8)
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let result = parser.parse(base, count: bytes.count, limits: Conversation.limits, into: &batch)
            #expect(result == .parsed(consumed: bytes.count))
        }
        #expect(batch.commandCount == 2)
        #expect(batch.commands[0].byteCount == encoded("SET", "k", "v").count)
        #expect(batch.commands[1].byteCount == 8)
    }

    @Test func tellsWhatItExpects() {
        var batch = RequestBatch()
        var parser = RequestParser()
        let head = Array("*2\r\n$3\r\nGET\r\n$100000\r\nabc".utf8)
        head.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            for count in 1...head.count {
                let result = parser.parse(base, count: count, limits: Conversation.limits, into: &batch)
                #expect(result == .parsed(consumed: 0))
                let isIdle = parser.isIdle
                #expect(!isIdle)
            }
        }
        #expect(parser.expectedByteCount == head.count - 3 + 100_002)
        #expect(parser.heapByteCount > 0)
        parser.reset()
        let isInitial = parser.isInitial
        #expect(isInitial)
    }

    /// P4, P7 of the catalogue: what is announced takes no memory.
    @Test(arguments: ["*1048576\r\n", "*1048576\r\n$1\r\na\r\n", "*1\r\n$536870912\r\n", "*1048576\r\n$536870912\r\n"])
    func announcedLengthsAllocateNothing(text: String) {
        var batch = RequestBatch()
        var parser = RequestParser()
        let bytes = Array(text.utf8)
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            let result = parser.parse(base, count: bytes.count, limits: Conversation.limits, into: &batch)
            #expect(result == .parsed(consumed: 0))
        }
        #expect(batch.argumentCapacity == 256)
        #expect(parser.heapByteCount <= 64)
    }

    @Test func hugeBatchesGiveTheirMemoryBack() {
        var batch = RequestBatch()
        var parser = RequestParser()
        let bytes = encoded((0..<50_000).map { _ in [] })
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            _ = parser.parse(base, count: bytes.count, limits: Conversation.limits, into: &batch)
        }
        #expect(batch.argumentCount == 50_000)
        batch.removeAll()
        #expect(batch.argumentCapacity <= 16_384)
    }
}

extension RequestParser {
    /// Whether every field is as `init` left it.
    var isInitial: Bool {
        phase == .idle && argumentCount == 0 && position == 0 && scanned == 0 && bulkCount == 0 && ranges.count == 0
            && ranges.byteCount == 0 && expectedByteCount == 0 && isIdle
    }
}
