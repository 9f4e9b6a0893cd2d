import Primitives
import Store

/// MULTI's queue and WATCH's keys of one connection; made by the first of either.
public final class Transaction {
    struct Queued {
        let command: UnsafePointer<Command>
        let firstArgument: Int
        let argumentCount: Int
    }

    struct Watched: Hashable {
        let database: Int
        let key: [UInt8]
    }

    /// Bytes that a queue may hold; more is an error that dooms the transaction.
    static let maximumByteCount = 64 << 20
    /// What watching a key takes here and in its shard, besides two copies of it.
    private static let watchedOverheadByteCount = 200

    private(set) var queue: [Queued] = []
    private var ranges: [(offset: Int, count: Int)] = []
    private(set) var bytes: [UInt8] = []
    /// A command was refused while queueing: EXEC will refuse all.
    var isDoomed = false
    /// Whether a queued command runs with all loops parked.
    private(set) var needsExclusive = false
    /// Whether a queued command touches keys that it does not declare.
    private(set) var needsAllShards = false
    /// Whether a queued command may add memory.
    private(set) var mayGrow = false
    /// A set: one WATCH may name a hundred thousand keys, each looked up among those before it.
    private(set) var watched: Set<Watched> = []
    private var watchedByteCount = 0
    let flag = WatchFlag()

    /// Bytes held by the queue.
    var queueByteCount: Int {
        bytes.capacity + ranges.capacity * Transaction.rangeByteCount + queue.capacity * MemoryLayout<Queued>.stride
    }
    /// Bytes held by queue and watches, for the client's account. O(1).
    public var heapByteCount: Int { queueByteCount + watchedByteCount }
    public var queuedCount: Int { queue.count }
    public var watchedCount: Int { watched.count }

    private static let rangeByteCount = MemoryLayout<(offset: Int, count: Int)>.stride

    /// Copies a request behind the others; false when the queue would hold more than `limit` bytes, the records of arguments and
    /// commands counted in: a million of them are more than their texts.
    func append(
        _ command: UnsafePointer<Command>, _ arguments: UnsafePointer<ByteSlice>, count: Int, limit: Int
    ) -> Bool {
        var total = bytes.count + (ranges.count + count) * Transaction.rangeByteCount
        total += (queue.count + 1) * MemoryLayout<Queued>.stride
        for index in 0..<count { total += arguments[index].count }
        guard total <= limit else { return false }
        queue.append(Queued(command: command, firstArgument: ranges.count, argumentCount: count))
        for index in 0..<count {
            ranges.append((bytes.count, arguments[index].count))
            bytes.append(contentsOf: arguments[index].buffer)
        }
        let flags = command.pointee.flags
        needsExclusive = needsExclusive || flags.contains(.exclusive)
        needsAllShards = needsAllShards || flags.contains(.keyspace)
        mayGrow = mayGrow || flags.contains(.denyOOM)
        return true
    }

    /// Calls `body` with the arguments of all queued commands, laid out as in `queue`.
    func withArguments<Result>(_ body: (UnsafeMutablePointer<ByteSlice>) -> Result) -> Result {
        // One byte so that empty arguments have an address.
        if bytes.isEmpty { bytes.append(0) }
        return bytes.withUnsafeBufferPointer { buffer in
            let base = buffer.baseAddress ?? ("" as StaticString).utf8Start
            return withUnsafeTemporaryAllocation(of: ByteSlice.self, capacity: max(ranges.count, 1)) { slices in
                for (index, range) in ranges.enumerated() {
                    slices.initializeElement(at: index, to: ByteSlice(base: base + range.offset, count: range.count))
                }
                return body(slices.baseAddress.unsafelyUnwrapped)  // its capacity is at least 1
            }
        }
    }

    /// Notes a key as watched; false when it was already.
    func insertWatched(_ key: Watched) -> Bool {
        guard watched.insert(key).inserted else { return false }
        watchedByteCount += 2 * key.key.count + Transaction.watchedOverheadByteCount
        return true
    }

    /// Forgets the watched keys.
    func removeAllWatched() {
        watched = []
        watchedByteCount = 0
        flag.lower()
    }

    /// Forgets the queue, not the watches.
    func discardQueue() {
        queue = []
        ranges = []
        bytes = []
        isDoomed = false
        needsExclusive = false
        needsAllShards = false
        mayGrow = false
    }
}
