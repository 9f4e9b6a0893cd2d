import CAllocator
import CPrimitives

/// The store's account: what is in use against what may be. One for all shards, on cache lines of its own.
///
/// Each shard keeps its own figures exactly and reports differences here once they pass a grain, so that writers on several
/// cores do not fight for this line; with a small bound the grain is nothing. Close to a bound every difference is
/// reported: then each insertion pays with an eviction in its own shard. (With grains one shard paid for what several had
/// hidden, and lost entries that others would have kept: 2 % more misses under LFU and S3-FIFO.) Sums for INFO are taken
/// from the shards.
///
/// A trivial handle over plain memory with relaxed atomics: the numbers guide, the shards' locks order.
struct MemoryLedger {
    private enum Field: Int {
        case usedBytes, entryCount, foreignBytes, detachedBytes
        case maximumBytes, maximumEntryCount, byteGrain, entryGrain, sequence, wasteBytes
        case policy, isExact, tightBytes, tightEntryCount
        case isCompacting, movedCount, keptCount, compactionNanoseconds
        case trackedKeyCount, trackedHand
        case tagBytes, staleEntryCount, staleHand, leaseCount
    }

    private static let byteCount: Int64 = 256

    private let fields: UnsafeMutablePointer<Int64>

    private init(fields: UnsafeMutablePointer<Int64>) { self.fields = fields }

    static func make() -> MemoryLedger {
        guard let memory = nc_allocate_lines(byteCount) else { outOfMemory() }
        return MemoryLedger(fields: memory.bindMemory(to: Int64.self, capacity: 32))
    }

    func free() { nc_free_lines(fields, MemoryLedger.byteCount) }

    @inline(__always)
    private func load(_ field: Field) -> Int { Int(nc_atomic_load_signed(fields + field.rawValue)) }
    @inline(__always)
    private func store(_ field: Field, _ value: Int) { nc_atomic_store_signed(fields + field.rawValue, Int64(value)) }
    @inline(__always)
    private func add(_ field: Field, _ value: Int) { _ = nc_atomic_add_signed(fields + field.rawValue, Int64(value)) }

    /// Bytes in entries and tables, as reported so far.
    @inline(__always) var usedBytes: Int { load(.usedBytes) }
    /// Entries, as reported so far.
    @inline(__always) var entryCount: Int { load(.entryCount) }
    /// Bytes that other rooms hold: buffers of connections and the like.
    var foreignBytes: Int { load(.foreignBytes) }
    /// Bytes that FLUSH detached and nobody has freed yet.
    @inline(__always) var detachedBytes: Int { load(.detachedBytes) }
    /// The bound on bytes; 0 is none.
    @inline(__always) var maximumBytes: Int { load(.maximumBytes) }
    /// The bound on entries; 0 is none.
    @inline(__always) var maximumEntryCount: Int { load(.maximumEntryCount) }
    /// Differences below these stay with the shard.
    @inline(__always) var byteGrain: Int { load(.byteGrain) }
    @inline(__always) var entryGrain: Int { load(.entryGrain) }
    /// Whether a bound is so near that every difference counts.
    @inline(__always) var isTight: Bool {
        // Sums of real allocations: far below 2^63.
        usedBytes &+ foreignBytes &+ detachedBytes > load(.tightBytes) || entryCount > load(.tightEntryCount)
    }

    /// What makes room, and whether its order is exact across shards: read without a lock.
    var policy: EvictionPolicy { EvictionPolicy(rawValue: UInt8(truncatingIfNeeded: load(.policy))) ?? .noEviction }
    var isExact: Bool { load(.isExact) != 0 }

    func setPolicy(_ policy: EvictionPolicy, isExact: Bool) {
        store(.policy, Int(policy.rawValue))
        store(.isExact, isExact ? 1 : 0)
    }

    @inline(__always) func addUsed(bytes: Int) { add(.usedBytes, bytes) }
    @inline(__always) func addEntries(_ count: Int) { add(.entryCount, count) }
    /// Bytes that the allocator holds beyond what is allocated, as far as they are too many.
    var wasteBytes: Int { load(.wasteBytes) }
    func setWaste(bytes: Int) {
        addForeign(bytes: bytes - wasteBytes)
        store(.wasteBytes, bytes)
    }

    /// Whether holes of the allocator are being closed, and what that did since the store began.
    var compaction: Store.Compaction {
        var sum = Store.Compaction()
        sum.isRunning = isCompacting
        sum.movedCount = load(.movedCount)
        sum.keptCount = load(.keptCount)
        sum.nanoseconds = load(.compactionNanoseconds)
        return sum
    }
    var isCompacting: Bool { load(.isCompacting) != 0 }
    func noteCompaction(isRunning: Bool, moved: Int, kept: Int, nanoseconds: Int) {
        store(.isCompacting, isRunning ? 1 : 0)
        add(.movedCount, moved)
        add(.keptCount, kept)
        add(.compactionNanoseconds, nanoseconds)
    }

    /// Keys that tracking clients have read.
    var trackedKeyCount: Int { load(.trackedKeyCount) }
    func addTrackedKeys(_ count: Int) { add(.trackedKeyCount, count) }
    /// The next number of those by which shards take turns in dropping tracked keys.
    func nextTrackedHand() -> Int { Int(nc_atomic_add_signed(fields + Field.trackedHand.rawValue, 1)) }

    /// Bytes of the tag table, records and names included; they count as foreign.
    var tagBytes: Int { load(.tagBytes) }
    func addTags(bytes: Int) {
        add(.tagBytes, bytes)
        addForeign(bytes: bytes)
    }

    /// Entries past their deadline that are held for their window.
    var staleEntryCount: Int { load(.staleEntryCount) }
    func addStaleEntries(_ count: Int) { add(.staleEntryCount, count) }
    /// The next number of those by which shards take turns in giving stale entries.
    func nextStaleHand() -> Int { Int(nc_atomic_add_signed(fields + Field.staleHand.rawValue, 1)) }

    /// Leases that are held or have run out and are not yet forgotten.
    var leaseCount: Int { load(.leaseCount) }
    func addLeases(_ count: Int) { add(.leaseCount, count) }

    func addForeign(bytes: Int) { add(.foreignBytes, bytes) }
    func addDetached(bytes: Int) { add(.detachedBytes, bytes) }

    /// The next number of the clock of exact order.
    func nextSequence() -> UInt64 { UInt64(bitPattern: nc_atomic_add_signed(fields + Field.sequence.rawValue, 1)) }

    /// Sets the bounds, and the grains so that all shards together hide at most a 64th of a bound.
    func setBounds(bytes: Int, entries: Int, shardCount: Int) {
        store(.maximumBytes, bytes)
        store(.maximumEntryCount, entries)
        store(.byteGrain, bytes == 0 ? 4096 : min(4096, bytes / (64 * shardCount)))
        store(.tightBytes, bytes == 0 ? Int.max : bytes - bytes / 32)
        store(.tightEntryCount, entries == 0 ? Int.max : entries - entries / 32)
        store(.entryGrain, entries == 0 ? 32 : min(32, entries / (64 * shardCount)))
    }

    /// Whether `bytes` more would pass the bound on bytes. Detached memory is memory.
    @inline(__always)
    func isOver(adding bytes: Int) -> Bool {
        let maximumBytes = maximumBytes
        // Sums of real allocations: far below 2^63.
        return maximumBytes != 0 && usedBytes &+ foreignBytes &+ detachedBytes &+ bytes > maximumBytes
    }

    /// Whether `bytes` and `entries` more would pass a bound.
    @inline(__always)
    func isOver(adding bytes: Int, entries: Int) -> Bool {
        if isOver(adding: bytes) { return true }
        let maximumEntryCount = maximumEntryCount
        return maximumEntryCount != 0 && entryCount &+ entries > maximumEntryCount
    }
}
