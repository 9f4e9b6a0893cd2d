import CAllocator
import CPrimitives
import Primitives

/// One of the power-of-two many parts of L1, behind its own lock: a table for each database, the policy's state and the
/// shard's share of the ledger.
///
/// Lives in pointer-allocated memory, padded to its own cache lines. All members are used under the lock.
///
/// Methods that change what `tables` or `eviction` point to do so through a local copy of the pointer: without it Swift 6.3
/// makes invalid code of them under the thread sanitizer ("Invalid bitcast").
public struct Shard: ~Copyable {
    let index: Int
    let seed: HashSeed
    let ledger: MemoryLedger
    let databaseCount: Int
    let tables: UnsafeMutablePointer<Table>
    let eviction: UnsafeMutablePointer<EvictionState>
    let tags: TagTable

    /// Bytes of entries, exactly.
    private(set) var entryBytes = 0
    /// Bytes of tables, exactly.
    private(set) var tableBytes = 0
    private(set) var entryCount = 0
    private var unreportedBytes = 0
    private var unreportedEntries = 0
    /// The store's second, as the last command or sweep gave it.
    var tick: UInt32 = 0
    /// Counted since the store began.
    public internal(set) var expiredCount: UInt64 = 0
    public internal(set) var evictedCount: UInt64 = 0
    var ruleEvents = ByRule<RuleEvents>()
    /// Changes to the data since the store began (Redis's `rdb_changes_since_last_save`).
    public internal(set) var changeCount: UInt64 = 0
    /// Who is to be told of changes; nil when nobody is, so that a write pays one comparison.
    var observers: KeyObservers?

    init(index: Int, seed: HashSeed, ledger: MemoryLedger, tags: TagTable, databaseCount: Int) {
        self.index = index
        self.seed = seed
        self.ledger = ledger
        self.tags = tags
        self.databaseCount = databaseCount
        tables = .allocate(capacity: databaseCount)
        tables.initialize(repeating: Table(), count: databaseCount)
        eviction = .allocate(capacity: 1)
        eviction.initialize(to: EvictionState(seed: seed.k0 ^ UInt64(index)))
        bookSideStructures()
        unreportedBytes = 0
    }

    deinit {
        for database in 0..<databaseCount {
            tables[database].freeEntries()
            tables[database].freeMemory()
        }
        ruleEvents.free()
        tables.deallocate()
        eviction.pointee.free()
        eviction.deallocate()
    }

    // MARK: Account

    /// Bytes of everything the shard holds.
    var byteCount: Int { entryBytes + tableBytes }

    /// Books a difference of entries and their bytes, and what the tables have grown or shrunk meanwhile.
    @inline(__always)
    mutating func book(entryBytes bytes: Int, entries: Int) {
        entryBytes += bytes
        entryCount += entries
        unreportedBytes += bytes
        unreportedEntries += entries
        if ledger.isTight {
            reportAll()
            return
        }
        if unreportedBytes.magnitude >= UInt(ledger.byteGrain) {
            ledger.addUsed(bytes: unreportedBytes)
            unreportedBytes = 0
        }
        if unreportedEntries.magnitude >= UInt(ledger.entryGrain) {
            ledger.addEntries(unreportedEntries)
            unreportedEntries = 0
        }
    }

    @inline(__always)
    mutating func book(tableBytes bytes: Int) {
        tableBytes += bytes
        unreportedBytes += bytes
    }

    /// Books what the policy's queues have grown or shrunk by.
    @inline(__always)
    mutating func bookSideStructures() {
        let bytes = eviction.pointee.blockSize
        if bytes != eviction.pointee.bookedBytes {
            book(tableBytes: bytes - eviction.pointee.bookedBytes)
            eviction.pointee.bookedBytes = bytes
        }
    }

    /// Reports everything: after the bounds changed, and before they are judged exactly.
    mutating func reportAll() {
        if unreportedBytes != 0 { ledger.addUsed(bytes: unreportedBytes) }
        if unreportedEntries != 0 { ledger.addEntries(unreportedEntries) }
        unreportedBytes = 0
        unreportedEntries = 0
    }

    // MARK: Lookup

    /// Fetches the bucket of `hash` into the cache. A hint.
    @inline(__always)
    func prefetchBucket(hash: UInt64, database: Int) {
        let table = tables + database
        guard table.pointee.directory != nil else { return }
        let segment = table.pointee.segment(for: hash)
        let fragment = Fragment(hash: hash, depth: segment.pointee.depth)
        nc_prefetch_write(segment.pointee.bucket(fragment.home(bucketCount: Int(segment.pointee.bucketCount))).pointer)
    }

    /// Fetches the entry that `hash` probably leads to into the cache. A hint.
    @inline(__always)
    func prefetchEntry(hash: UInt64, database: Int) {
        let table = tables + database
        guard table.pointee.directory != nil else { return }
        let segment = table.pointee.segment(for: hash)
        segment.pointee.prefetchEntry(Fragment(hash: hash, depth: segment.pointee.depth))
    }

    /// Where `key` lies, expired or not.
    @inline(__always)
    func place(of key: Key) -> Place? { tables[key.database].place(of: key) }

    /// Where `key` lies; an entry past its deadline is removed and counted, and is not there. Nor is one that is void by its tags or
    /// stale.
    @inline(__always)
    mutating func livePlace(of key: Key, now: Int64) -> Place? {
        guard let place = place(of: key) else { return nil }
        let entry = place.slot.pointee.entry
        guard entry.mayBeVoid else { return place }
        if entry.hasExtension { return judgedPlace(place, database: key.database, now: now) }
        if entry.isExpired(at: now) {
            expire(place, key)
            return nil
        }
        return place
    }

    @inline(never)
    private mutating func expire(_ place: Place, _ key: Key) {
        countExpiry(of: place.slot.pointee.entry)
        remove(place, database: key.database, .aged)
    }
}

/// The lock of a shard: a word in front of it, on the same cache line. Not a member, since a mutating method claims all of the
/// shard for itself, and a thread that waits for the lock then writes to it: against Swift's law of exclusivity.
extension UnsafeMutablePointer where Pointee == Shard {
    @inline(__always)
    private var lockWord: UnsafeMutablePointer<UInt32> {
        // The store lays a header before each shard: see `StoreAccess.shard`.
        (UnsafeMutableRawPointer(self) - StoreAccess.headerCount).assumingMemoryBound(to: UInt32.self)
    }

    @inline(__always)
    public func lock() { nc_spin_lock(lockWord) }

    @inline(__always)
    public func unlock() { nc_spin_unlock(lockWord) }
}

extension Table {
    /// Frees all entries, not the segments.
    func freeEntries() {
        for place in places { place.slot.pointee.entry.free() }
    }
}
