import Testing

@testable import Server

@Suite struct InputBufferTests {
    @Test func holdsNoMemoryWhenEmpty() {
        var buffer = InputBuffer()
        expect(buffer.capacity == 0)
        fill(&buffer, with: Array(0..<100))
        expect(buffer.capacity == 100)
        buffer.removeFirst(100)
        expect(buffer.capacity == 0)
    }

    @Test func dropsFromTheFront() {
        var buffer = InputBuffer()
        fill(&buffer, with: Array(0..<100))
        buffer.removeFirst(0)
        buffer.removeFirst(97)
        expect(bytes(of: buffer) == [97, 98, 99])
        fill(&buffer, with: [1, 2])
        expect(bytes(of: buffer) == [1, 2])
    }

    @Test func growsWithWhatArrivesNotWithWhatIsAnnounced() {
        var buffer = InputBuffer()
        fill(&buffer, with: [UInt8](repeating: 7, count: 40_000))
        buffer.makeRoom(expectedByteCount: 512 << 20)
        expect(buffer.capacity == 80_000)
        buffer.received(40_000)
        buffer.makeRoom(expectedByteCount: 512 << 20)
        expect(buffer.capacity == 160_000)
    }

    @Test func growsNoFurtherThanTheRequestNeeds() {
        var buffer = InputBuffer()
        fill(&buffer, with: [UInt8](repeating: 7, count: 40_000))
        buffer.makeRoom(expectedByteCount: 40_010)
        expect(buffer.freeCount == 10)
        buffer.received(3)
        buffer.makeRoom(expectedByteCount: 40_010)
        expect(buffer.capacity == 40_010)
    }

    @Test func alwaysHasRoomAfterMakingIt() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<1000 {
            var buffer = InputBuffer()
            let count = Int.random(in: 1...200_000, using: &generator)
            let expected = Int.random(in: 0...400_000, using: &generator)
            fill(&buffer, with: [UInt8](repeating: 1, count: count))
            buffer.makeRoom(expectedByteCount: expected)
            expect(buffer.freeCount > 0, "count \(count), expected \(expected)")
            expect(buffer.capacity <= max(2 * count, 65_536), "count \(count), expected \(expected)")
        }
    }

    private func fill(_ buffer: inout InputBuffer, with bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { buffer.replace(with: base, source.count) }
        }
    }

    private func bytes(of buffer: borrowing InputBuffer) -> [UInt8] {
        Array(UnsafeBufferPointer(start: buffer.base, count: buffer.count))
    }

    private func expect(_ condition: Bool, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation) {
        #expect(condition, comment, sourceLocation: place)
    }
}
