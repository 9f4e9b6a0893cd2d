import CAllocator
import Primitives
import Testing

@testable import RESP

@Suite struct AllocationTests {
    /// Requests in and replies out take no memory once batch and buffer are warm. Without jemalloc (sanitizer builds)
    /// nothing counts, and the test says nothing.
    @Test func warmPathAllocatesNothing() {
        let input = (0..<100).flatMap { encoded("SET", "key:\($0)", "value") + encoded("GET", "key:\($0)") }
        var parser = RequestParser()
        var batch = RequestBatch()
        var buffer = ReplyBuffer(hardLimit: 1 << 30)
        let limits = RequestParser.Limits(maximumBulkCount: 1 << 20)
        var parsedCount = 0
        input.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            func turn() {
                buffer.removeAll()
                var offset = 0
                while offset < bytes.count {
                    batch.removeAll()
                    let result = parser.parse(base + offset, count: bytes.count - offset, limits: limits, into: &batch)
                    guard case .parsed(let consumed) = result else { return }
                    offset += consumed
                    parsedCount += batch.commandCount
                    withUnsafeMutablePointer(to: &buffer) { pointer in
                        let writer = ReplyWriter(pointer, version: 3)
                        for index in 0..<batch.commandCount {
                            writer.bulk(batch.arguments(of: index)[1])
                            writer.ok()
                            writer.null()
                            writer.integer(Int64(index) * 1_000)
                        }
                    }
                }
            }
            turn()
            let before = nc_allocator_thread_allocated()
            for _ in 0..<10 { turn() }
            #expect(nc_allocator_thread_allocated() == before)
        }
        #expect(parsedCount == 11 * 200)
    }
}
