import Primitives

@testable import Store

/// A store with virtual time that takes keys and values as arrays or numbers, makes room as commands do, and locks.
final class TestCache {
    static let fixedSeed = HashSeed(k0: 0x0123_4567_89AB_CDEF, k1: 0xFEDC_BA98_7654_3210)

    let store: Store
    /// Store milliseconds. Starts where a daemon's does: at some unix time.
    var now: Int64 = 1_700_000_000_000

    init(
        policy: EvictionPolicy = .allKeysS3FIFO, maximumBytes: Int = 0, maximumEntryCount: Int = 0,
        shardCount: Int = 128, databaseCount: Int = 2, seed: HashSeed = fixedSeed
    ) {
        store = Store(
            Store.Settings(
                shardCount: shardCount, databaseCount: databaseCount, seed: seed, policy: policy,
                maximumBytes: maximumBytes, maximumEntryCount: maximumEntryCount))
    }

    /// Calls `body` with the key's shard locked.
    func locked<Result>(_ bytes: [UInt8], database: Int = 0, _ body: (Key) -> Result) -> Result {
        bytes.withSlice { slice in
            let key = store.access.key(slice, database: database)
            let shard = store.access.shard(hash: key.hash)
            shard.lock()
            defer { shard.unlock() }
            return body(key)
        }
    }

    /// Sets after making room for it; false when there is none.
    @discardableResult
    func set(
        _ bytes: [UInt8], _ value: [UInt8], database: Int = 0, expiry: Int64 = Entry.noExpiry
    ) -> Bool {
        let mayEvict = store.maximumBytes > 0 || store.maximumEntryCount > 0
        if mayEvict, !makeRoom(bytes, value.count, database) { return false }
        return locked(bytes, database: database) { key in
            value.withSlice { store.access.set(key, to: EntryValue(leanest: $0), expiry: expiry) }
        }
    }

    private func makeRoom(_ bytes: [UInt8], _ valueCount: Int, _ database: Int) -> Bool {
        // As the command does: the request's bytes and some for the entry's header.
        let wanted = bytes.count + valueCount + 64
        if store.fits(bytes: wanted, entries: 1) { return true }
        let isNew = !exists(bytes, database: database)
        let preferred = bytes.withSlice { store.access.shardIndex(hash: store.access.hash($0)) }
        for _ in 0..<1000 {
            switch store.makeRoom(bytes: wanted, entries: isNew ? 1 : 0, preferred: preferred, now: now) {
            case .enough: return true
            case .later: continue
            case .none: return false
            }
        }
        return false
    }

    func get(_ bytes: [UInt8], database: Int = 0) -> [UInt8]? {
        locked(bytes, database: database) { key in
            store.access.find(key, now: now, touching: true)?.withValue { $0.array }
        }
    }

    func exists(_ bytes: [UInt8], database: Int = 0) -> Bool {
        locked(bytes, database: database) { store.access.find($0, now: now, touching: false) != nil }
    }

    @discardableResult
    func remove(_ bytes: [UInt8], database: Int = 0) -> Bool {
        locked(bytes, database: database) { key in
            guard let handle = store.access.find(key, now: now, touching: false) else { return false }
            store.access.remove(handle)
            return true
        }
    }

    /// Calls `body` with the entry's handle; nil when there is no such entry.
    func modify<Result>(_ bytes: [UInt8], database: Int = 0, _ body: (EntryHandle) -> Result) -> Result? {
        locked(bytes, database: database) { store.access.find($0, now: now, touching: true).map(body) }
    }

    /// Sweeps all shards until nothing due is left.
    func sweepAll() {
        for shard in 0..<store.shardCount {
            var budget = Int.max
            _ = store.sweep(shard: shard, now: now, budget: &budget)
        }
    }

    /// All keys that a whole SCAN sees, in its order.
    func scanAll(database: Int = 0, count: Int = 10, skippingVoid: Bool = true) -> [[UInt8]] {
        var keys: [[UInt8]] = []
        var cursor: UInt64 = 0
        repeat {
            cursor = store.scan(
                database: database, cursor: cursor, count: count, now: now, skippingVoid: skippingVoid
            ) { keys.append($0.key.array) }
        } while cursor != 0
        return keys
    }

    var count: Int { store.statistics().entryCount }
}

extension [UInt8] {
    /// The bytes as a slice, with a base even when there are none.
    func withSlice<Result>(_ body: (ByteSlice) -> Result) -> Result {
        withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return body(("" as StaticString).slice) }
            return body(ByteSlice(base: base, count: buffer.count))
        }
    }

    /// A key of eight bytes that are not text.
    init(number: Int) {
        self = Swift.withUnsafeBytes(of: UInt64(truncatingIfNeeded: number).bigEndian) { Array($0) }
    }

    init(_ text: String) { self = Array(text.utf8) }
}

/// A size that grows when the environment asks for the full run: debug builds are 10 to 100 times slower.
///
/// `STORETESTS_FULL=1` runs all tests of this target at full size and prints the tables of the policies; best with
/// `swift test -c release -Xswiftc -enable-testing --filter StoreTests`.
func sized(_ quick: Int, full: Int) -> Int { isFullRun ? full : quick }
