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
        #expect(session.allocatedByAll { session.get($0) } == 0)
        // With a deadline each hit looks at it.
        session.storeAll(expiring: true)
        #expect(session.allocatedByAll { session.get($0) } == 0)
    }

    @Test(arguments: stores)
    func overwritingAllocatesTheEntryAlone(store: Store) throws {
        let session = try Conversation(store.options, valueCount: 64)
        session.storeAll(expiring: false)
        session.storeAll(expiring: false)
        // Four bytes of header (docs/architecture.md), a key of 16 and a value of 64.
        let entryByteCount = Int(nc_block_size(4 + 16 + 64))
        #expect(session.allocatedByAll { session.store($0, expiring: false) } <= Self.keyCount * entryByteCount)
    }

    @Test func overwritingALargeValueAllocatesEntryAndBlock() throws {
        let session = try Conversation([], valueCount: 20_000)
        session.storeAll(expiring: false)
        session.storeAll(expiring: false)
        // The entry holds the block's address; the block has 24 bytes of header.
        let byteCount = Int(nc_block_size(4 + 16 + 8) + nc_block_size(24 + 20_000))
        #expect(session.allocatedByAll { session.store($0, expiring: false) } <= Self.keyCount * byteCount)
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

        /// Every key once, in pipelines of as many as mostly arrive whole and whose replies a socket mostly takes at once: a part of a
        /// request has to be kept, and so has what is left of a reply.
        private var pipelines: [Range<Int>] {
            let depth = valueCount < 1024 ? AllocationTests.depth : 1
            return stride(from: 0, to: AllocationTests.keyCount, by: depth).map { $0..<($0 + depth) }
        }

        func storeAll(expiring: Bool) {
            for keys in pipelines { store(keys, expiring: expiring) }
        }

        func store(_ keys: Range<Int>, expiring: Bool) {
            let ending = expiring ? "$2\r\nEX\r\n$4\r\n1000\r\n" : ""
            var request: [UInt8] = []
            for number in keys {
                let count = expiring ? 5 : 3
                request += Array("*\(count)\r\n$3\r\nSET\r\n$16\r\n\(key(number))\r\n$\(valueCount)\r\n".utf8)
                request += value + Array("\r\n\(ending)".utf8)
            }
            client.send(request)
            #expect(client.receive(5 * keys.count) == String(repeating: "+OK\r\n", count: keys.count))
        }

        func get(_ keys: Range<Int>) {
            let replyCount = "$\(valueCount)\r\n".utf8.count + valueCount + 2
            let requests = keys.map { "*2\r\n$3\r\nGET\r\n$16\r\n\(key($0))\r\n" }
            run(requests.joined(), replyCount: replyCount * keys.count)
        }

        /// Bytes that the loop's thread allocates while `body` is called with every key. Of each pipeline the least of several times:
        /// on a busy machine one in some thousand comes or goes in parts, and a round without any such pipeline is rare.
        func allocatedByAll(_ body: (Range<Int>) -> Void) -> Int {
            pipelines.reduce(0) { sum, keys in sum + allocated { body(keys) } }
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
