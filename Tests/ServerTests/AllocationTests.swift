import CAllocator
import Commands
import Primitives
import RESP
import Testing

@testable import Server

/// What a request takes from the allocator on its whole way, from the socket through parser, executor and store back to the
/// socket: nothing for a GET that hits, the new entry for a SET.
///
/// A command tells what its thread, the loop's, has allocated so far. jemalloc replaces malloc in the process and counts each
/// thread's bytes at every allocation, those of Swift's runtime too: `countsEveryKind` shows it. Without jemalloc (sanitizer builds)
/// nothing is counted.
@Suite(.enabled(if: nc_allocator_thread_allocated() > 0)) struct AllocationTests {
    /// The key is 16 bytes, the value starts with its number; from 16 KiB on a value is a block that replies refer to.
    private static let keyCount = 512
    private static let depth = 16

    struct Store: CustomTestStringConvertible {
        var options: [String]
        var testDescription: String { options.joined(separator: " ") }
    }

    /// Unbounded, and with each order's metadata under a bound.
    static let stores =
        [Store(options: [])]
        + [
            "allkeys-s3fifo", "allkeys-lru", "allkeys-lfu", "allkeys-fifo", "allkeys-random", "volatile-lru",
            "volatile-ttl",
        ].map { Store(options: ["--maxmemory", "200mb", "--maxmemory-policy", $0]) }
        + [Store(options: ["--max-entries", "1000", "--maxmemory-policy", "allkeys-lru"])]

    @Test(arguments: stores, [64, 16_384])
    func hitsAllocateNothing(store: Store, valueCount: Int) throws {
        let session = try Conversation(store.options, valueCount: valueCount)
        session.storeAll(expiring: false)
        #expect(session.allocatedByHits() == 0)
        // With a deadline each hit looks at it.
        session.storeAll(expiring: true)
        #expect(session.allocatedByHits() == 0)
    }

    @Test(arguments: stores)
    func overwritingAllocatesTheEntryAlone(store: Store) throws {
        let session = try Conversation(store.options, valueCount: 64)
        session.storeAll(expiring: false)
        session.storeAll(expiring: false)
        // Four bytes of header (docs/architecture.md), a key of 16 and a value of 64.
        let entryByteCount = Int(nc_block_size(4 + 16 + 64))
        #expect(session.allocated { session.storeAll(expiring: false) } <= Self.keyCount * entryByteCount)
    }

    @Test func overwritingALargeValueAllocatesEntryAndBlock() throws {
        let session = try Conversation([], valueCount: 20_000)
        session.storeAll(expiring: false)
        session.storeAll(expiring: false)
        // The entry holds the block's address; the block has 24 bytes of header. A request that arrives in pieces on a busy machine
        // is kept, which takes some hundred bytes; another allocation in each would take the allocator's least block, 8 bytes.
        let byteCount = Int(nc_block_size(4 + 16 + 8) + nc_block_size(24 + 20_000)) + 7
        #expect(session.allocated { session.storeAll(expiring: false) } <= Self.keyCount * byteCount)
    }

    /// Each kind of allocation on a loop's thread is seen, be it the only one.
    @Test(arguments: ["malloc", "entry", "object", "array"])
    func countsEveryKind(kind: String) throws {
        let session = try Conversation([], valueCount: 64)
        #expect(session.allocated {} == 0)
        #expect(session.allocated { session.run("ALLOCATE \(kind)\r\n", replyCount: 5) } > 0)
    }

    // MARK: The conversation

    /// A client of a server with all commands and the two that count and allocate. It is on the second loop: the first one
    /// measures the process ten times a second, and that takes memory.
    private final class Conversation {
        private let server: TestServer
        private let firstClient: TestClient
        private let client: TestClient
        private let valueCount: Int
        private let value: [UInt8]

        init(_ options: [String], valueCount: Int) throws {
            let table = CommandTable(CommandTable.standard().specs + AllocationCommands.specs)
            server = try TestServer(loopCount: 2, options, table: table)
            firstClient = try server.connect()
            client = try server.connect()
            self.valueCount = valueCount
            value = [UInt8](repeating: 0x76, count: valueCount)
            // The first call of a command makes its histogram of times.
            for _ in 0..<2 { _ = count() }
        }

        private func key(_ number: Int) -> String { "key:\(100_000_000_000 + number)" }

        func run(_ request: String, replyCount: Int) {
            client.send(request)
            #expect(client.receive(replyCount).utf8.count == replyCount)
        }

        /// Sets every key once, in pipelines that arrive whole: pieces of requests would have to be kept.
        func storeAll(expiring: Bool) {
            let depth = valueCount < 1024 ? AllocationTests.depth : 1
            let ending = expiring ? "$2\r\nEX\r\n$4\r\n1000\r\n" : ""
            for first in stride(from: 0, to: AllocationTests.keyCount, by: depth) {
                var request: [UInt8] = []
                for number in first..<(first + depth) {
                    let count = expiring ? 5 : 3
                    request += Array("*\(count)\r\n$3\r\nSET\r\n$16\r\n\(key(number))\r\n$\(valueCount)\r\n".utf8)
                    request += value + Array("\r\n\(ending)".utf8)
                }
                client.send(request)
                #expect(client.receive(5 * depth) == String(repeating: "+OK\r\n", count: depth))
            }
        }

        private func getAll() {
            // As many as a socket takes at once.
            let depth = valueCount < 1024 ? AllocationTests.depth : 1
            let replyCount = "$\(valueCount)\r\n".utf8.count + valueCount + 2
            for first in stride(from: 0, to: AllocationTests.keyCount, by: depth) {
                let requests = (first..<(first + depth)).map { "*2\r\n$3\r\nGET\r\n$16\r\n\(key($0))\r\n" }
                run(requests.joined(), replyCount: replyCount * depth)
            }
        }

        /// Bytes that the loop's thread allocates while every key is asked for. The least of several rounds: what a socket does not
        /// take at once has to be kept, and while the machine is busy a part of a large value is left now and then (in five
        /// rounds of 2,048 at least one, once). What a hit itself allocates is in every round.
        func allocatedByHits() -> Int {
            var least = Int.max
            for _ in 0..<12 where least > 0 { least = min(least, allocated { getAll() }) }
            return least
        }

        /// Bytes that the loop's thread allocates while `body` runs: the least of five times. What each request takes is taken every
        /// time; what the loop does by the clock (seen on a busy machine: 96 bytes once in some thousand requests) is not.
        func allocated(_ body: () -> Void) -> Int {
            var least = Int.max
            for _ in 0..<5 where least > 0 {
                let before = count()
                body()
                least = min(least, count() - before)
            }
            return least
        }

        private func count() -> Int {
            client.send("ALLOCATED\r\n")
            return Int(client.receive(22).dropFirst().prefix { $0.isNumber }) ?? -1
        }
    }
}

/// Commands of the test: they run where the real ones do, on the loop's thread.
private enum AllocationCommands {
    static let specs = [
        TestCommands.spec("allocated", [.fast]) { context in
            // 19 digits always, so that all replies are as long.
            Call(context).reply.integer(1_000_000_000_000_000_000 + Int64(nc_allocator_thread_allocated()))
        },
        TestCommands.spec("allocate", []) { context in
            allocate(Call(context)[1].string)
            Call(context).reply.ok()
        },
    ]

    private final class Object {
        var number = 0
    }

    nonisolated(unsafe) private static var kept: AnyObject?

    private static func allocate(_ kind: String) {
        switch kind {
        case "malloc": free(malloc(24))
        case "entry": if let block = nc_allocate(32) { nc_free(block, 32) }
        case "object": kept = Object()
        default: kept = [Int](repeating: 1, count: 3) as AnyObject
        }
        kept = nil
    }
}
