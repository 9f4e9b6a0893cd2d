/// Counts of one loop: written by it alone, read by anyone. In its own cache lines.
struct LoopCounters {
    var turns: UInt64 = 0
    var inputBytes: UInt64 = 0
    var outputBytes: UInt64 = 0
    var reads: UInt64 = 0
    var writes: UInt64 = 0
    var connections: UInt64 = 0
    var rejections: UInt64 = 0
    var outputLimitDisconnections: UInt64 = 0
    var queryLimitDisconnections: UInt64 = 0
    /// Clients closed for `maxmemory-clients`.
    var evictedClients: UInt64 = 0
    /// Clients connected now.
    var clients: Int64 = 0
    /// Clients whose job is under way.
    var blockedClients: Int64 = 0
    /// Bytes of the clients and their buffers now.
    var bufferBytes: Int64 = 0
    /// The same with the values that waiting replies refer to.
    var clientBytes: Int64 = 0
    /// The largest buffers that a client had in the last seconds.
    var recentInputBytes: Int64 = 0
    var recentOutputBytes: Int64 = 0

    /// Memory for one, padded to cache lines of its own, two for the prefetcher's pairs.
    static func make() -> UnsafeMutablePointer<LoopCounters> {
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: (MemoryLayout<LoopCounters>.size + 127) & ~127, alignment: 128)
        let counters = block.bindMemory(to: LoopCounters.self, capacity: 1)
        counters.initialize(to: LoopCounters())
        return counters
    }
}
