import CAllocator
import CPrimitives
import Primitives

/// The memory of the cache: an embeddable engine of sharded tables with bounds, eviction and expiry. It knows no
/// sockets, no protocol and no clock: whoever calls says what time it is.
///
/// Threads: every call on a key happens between `lock` and `unlock` of its shard. Several shards are locked in ascending
/// order of their index, and nothing else is locked while holding one.
public final class Store: @unchecked Sendable {
    public struct Settings: Sendable {
        /// A power of two from 128 to 1024; at least 16 for each thread that uses the store.
        public var shardCount: Int
        /// From 1 to 128.
        public var databaseCount: Int
        public var seed: HashSeed
        public var policy: EvictionPolicy
        /// Bound on bytes of entries, tables and foreign memory; 0 is none.
        public var maximumBytes: Int
        /// Bound on entries; 0 is none.
        public var maximumEntryCount: Int
        /// LFU's `lfu-log-factor`: the higher, the slower the counters saturate.
        public var frequencyLogFactor: Int

        public init(
            shardCount: Int = 128, databaseCount: Int = 16, seed: HashSeed = .random(),
            policy: EvictionPolicy = .allKeysS3FIFO, maximumBytes: Int = 0, maximumEntryCount: Int = 0,
            frequencyLogFactor: Int = 10
        ) {
            self.shardCount = shardCount
            self.databaseCount = databaseCount
            self.seed = seed
            self.policy = policy
            self.maximumBytes = maximumBytes
            self.maximumEntryCount = maximumEntryCount
            self.frequencyLogFactor = frequencyLogFactor
        }
    }

    /// The shards; `shardCount` of them, each on cache lines of its own.
    public let access: StoreAccess
    public let databaseCount: Int
    let ledger: MemoryLedger
    let reclaimer: Reclaimer
    let tags: TagTable
    let tagReaper: TagReaper
    var compactor = Compactor()
    /// Guards the policy and the bounds against two changes at a time.
    var policyLock: UInt32 = 0
    public var policy: EvictionPolicy { ledger.policy }

    public init(_ settings: Settings) {
        precondition(settings.shardCount >= 128 && settings.shardCount <= 1024, "a store has 128 to 1024 shards")
        precondition(settings.shardCount.nonzeroBitCount == 1, "the number of shards is a power of two")
        precondition((1...128).contains(settings.databaseCount), "a store has 1 to 128 databases")
        ledger = MemoryLedger.make()
        tags = TagTable.make(databaseCount: settings.databaseCount, seed: settings.seed, ledger: ledger)
        reclaimer = Reclaimer(ledger: ledger, tags: tags)
        databaseCount = settings.databaseCount
        guard let memory = nc_allocate_lines(Int64(settings.shardCount * StoreAccess.stride)) else { outOfMemory() }
        access = StoreAccess(
            base: memory, shardCount: settings.shardCount, seed: settings.seed,
            noted: NotedShards(shardCount: settings.shardCount), leaseDesk: LeaseDesk(shardCount: settings.shardCount))
        for index in 0..<settings.shardCount {
            access.shard(index).initialize(
                to: Shard(
                    index: index, seed: settings.seed, ledger: ledger, tags: tags, databaseCount: databaseCount))
            ledger.addUsed(bytes: access.shard(index).pointee.tableBytes)
        }
        tagReaper = TagReaper(access: access, databaseCount: databaseCount, tags: tags)
        configure(
            policy: settings.policy, maximumBytes: settings.maximumBytes,
            maximumEntryCount: settings.maximumEntryCount, frequencyLogFactor: settings.frequencyLogFactor)
    }

    deinit {
        for index in 0..<access.shardCount { access.shard(index).deinitialize(count: 1) }
        reclaimer.drain()
        tags.free()
        ledger.free()
        access.noted.free()
        access.leaseDesk.free()
        nc_free_lines(access.base, Int64(access.shardCount * StoreAccess.stride))
    }

    public var shardCount: Int { access.shardCount }

    /// Calls `body` with each shard in turn, locked.
    public func forEachShard(locking: Bool = true, _ body: (UnsafeMutablePointer<Shard>) -> Void) {
        for index in 0..<access.shardCount {
            let shard = access.shard(index)
            if locking { shard.lock() }
            body(shard)
            if locking { shard.unlock() }
        }
    }
}

/// The way to the shards, as a trivial value that hot paths keep.
public struct StoreAccess: @unchecked Sendable {
    /// Bytes in front of a shard: its lock, four of them unused.
    static let headerCount = 8
    /// Bytes from one shard's header to the next: whole cache lines, an even number for the prefetcher's pairs.
    static let stride = (headerCount + MemoryLayout<Shard>.stride + 127) & ~127

    let base: UnsafeMutableRawPointer
    public let shardCount: Int
    let seed: HashSeed
    let noted: NotedShards
    let leaseDesk: LeaseDesk

    /// The shard at `index`, from 0 up to `shardCount` - 1.
    @inline(__always)
    public func shard(_ index: Int) -> UnsafeMutablePointer<Shard> {
        // `index` is masked or counted.
        (base + index &* StoreAccess.stride + StoreAccess.headerCount).assumingMemoryBound(to: Shard.self)
    }

    @inline(__always)
    public func hash(_ key: ByteSlice) -> UInt64 { seed.hash(key) }

    @inline(__always)
    public func shardIndex(hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (shardCount &- 1) }

    @inline(__always)
    public func shard(hash: UInt64) -> UnsafeMutablePointer<Shard> { shard(shardIndex(hash: hash)) }

    @inline(__always)
    public func key(_ bytes: ByteSlice, database: Int) -> Key {
        Key(bytes: bytes, hash: seed.hash(bytes), database: database)
    }
}
