import Primitives
import Store

/// MULTI's queue and WATCH's keys of one connection; made by the first of either.
public final class Transaction {
    struct Queued {
        let command: UnsafePointer<Command>
        let firstArgument: Int
        let argumentCount: Int
    }

    struct Watched {
        let database: Int
        let key: [UInt8]
    }

    /// Bytes that a queue may hold; more is an error that dooms the transaction.
    static let maximumByteCount = 64 << 20

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
    var watched: [Watched] = []
    let flag = WatchFlag()

    /// Bytes held, for the client's account.
    public var heapByteCount: Int {
        bytes.capacity + ranges.capacity * 16 + queue.capacity * 24 + watched.reduce(0) { $0 + $1.key.count + 64 }
    }
    public var queuedCount: Int { queue.count }
    public var watchedCount: Int { watched.count }

    /// Copies a request behind the others; false when the queue is full.
    func append(_ command: UnsafePointer<Command>, _ arguments: UnsafePointer<ByteSlice>, count: Int) -> Bool {
        var total = bytes.count
        for index in 0..<count { total += arguments[index].count + 16 }
        guard total <= Transaction.maximumByteCount else { return false }
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
