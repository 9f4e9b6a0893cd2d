import CPrimitives
import Primitives

/// What loops count. The names of INFO are behind each.
public enum Counter: Int, CaseIterable, Sendable {
    /// total_connections_received
    case connectionsReceived
    /// With the former: connected_clients.
    case connectionsClosed
    /// rejected_connections
    case connectionsRejected
    /// total_commands_processed
    case commandsProcessed
    /// keyspace_hits
    case keyspaceHits
    /// keyspace_misses
    case keyspaceMisses
    /// expired_keys
    case expiredKeys
    /// evicted_keys
    case evictedKeys
    /// invalidated_keys
    case invalidatedKeys
    /// evicted_clients
    case evictedClients
    /// total_net_input_bytes
    case netInputBytes
    /// total_net_output_bytes
    case netOutputBytes
    /// total_reads_processed: read(2) calls that gave bytes
    case readsProcessed
    /// total_writes_processed
    case writesProcessed
    /// total_error_replies
    case errorReplies
    /// unexpected_error_replies
    case unexpectedErrorReplies
    /// client_query_buffer_limit_disconnections
    case queryBufferLimitDisconnections
    /// client_output_buffer_limit_disconnections
    case outputBufferLimitDisconnections
    /// acl_access_denied_auth
    case authenticationFailures
    /// acl_delayed_auth_replies
    case delayedAuthentications
    /// lease_wins
    case leaseWins
    /// lease_waits
    case leaseWaits
    /// lease_refused_sets
    case leaseRefusals
}

/// One thread's counters, in cache lines of their own. That thread adds; any may read.
public struct CounterBlock: @unchecked Sendable {
    private let base: UnsafeMutablePointer<UInt64>
    public let count: Int

    /// - Parameter count: counters 0 to `count` - 1, all zero.
    public init(count: Int) {
        self.count = count
        // 128: the prefetcher of x86 fetches lines by pairs. The block ends on its own pair as well.
        let bytes = (max(count, 1) * MemoryLayout<UInt64>.stride + 127) / 128 * 128
        let words = bytes / MemoryLayout<UInt64>.stride
        base = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 128)
            .initializeMemory(as: UInt64.self, repeating: 0, count: words)
    }

    /// Frees the memory; nobody may read or add any more.
    public func deallocate() { UnsafeMutableRawPointer(base).deallocate() }

    /// Adds to a counter. Only by the owning thread. A load, an add and a store, none of them locked.
    ///
    /// - Parameter index: 0 to `count` - 1; checked in debug builds only.
    @inline(__always)
    public func add(_ index: Int, _ amount: UInt64 = 1) {
        assert(index >= 0 && index < count)
        nc_counter_add(base + index, amount)
    }

    @inline(__always)
    public func add(_ counter: Counter, _ amount: UInt64 = 1) { add(counter.rawValue, amount) }

    @inline(__always)
    public func value(_ index: Int) -> UInt64 {
        assert(index >= 0 && index < count)
        return nc_atomic_load_relaxed(base + index)
    }
}

/// The counters of all threads, with their sums.
///
/// A reset notes the sums of that moment and takes them off later: writing zeros would race with the owners' adds, which
/// are not locked.
public final class CounterBlocks: Sendable {
    /// One block to each thread, by its number.
    public let blocks: [CounterBlock]
    private let baseline: Locked<[UInt64]>

    public init(threads: Int, counters: Int = Counter.allCases.count) {
        blocks = (0..<threads).map { _ in CounterBlock(count: counters) }
        baseline = Locked([UInt64](repeating: 0, count: counters))
    }

    deinit {
        for block in blocks { block.deallocate() }
    }

    /// The sum over all threads since the start: what never goes back, for rates and differences of two counters.
    public func total(_ index: Int) -> UInt64 {
        // 2^64 events take centuries.
        blocks.reduce(0) { $0 &+ $1.value(index) }
    }

    public func total(_ counter: Counter) -> UInt64 { total(counter.rawValue) }

    /// The sum over all threads since the last reset.
    public func sum(_ index: Int) -> UInt64 {
        baseline.withLock { total(index) &- $0[index] }  // a total never falls below what it was
    }

    public func sum(_ counter: Counter) -> UInt64 { sum(counter.rawValue) }

    /// Sets all sums to zero.
    public func reset() { reset(0..<(blocks.first?.count ?? 0)) }

    /// Sets the sums of some counters to zero.
    public func reset(_ range: Range<Int>) {
        baseline.withLock { values in
            for index in range where values.indices.contains(index) { values[index] = total(index) }
        }
    }
}
