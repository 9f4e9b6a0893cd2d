import CPrimitives
import Primitives
import Testing

@testable import Store

/// Two threads on one store: what each does under the shards' locks leaves all invariants whole. Under the thread
/// sanitizer it shows that nothing is read without them.
@Suite struct ThreadTests {
    @Test(arguments: [EvictionPolicy.allKeysS3FIFO, .allKeysLRU, .volatileTTL], [0, 300])
    func randomOperationsOnTwoThreads(policy: EvictionPolicy, maximumEntryCount: Int) async {
        let store = TestCache(policy: policy, maximumBytes: 2 << 20, maximumEntryCount: maximumEntryCount).store
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<2 {
                group.addTask { Self.hammer(store, seed: testSeed &+ UInt64(worker)) }
            }
        }
        while !store.reclaim(budget: 1000) {}
        #expect(Invariants.violations(of: store) == [], "seed \(testSeed)")
    }

    private static func hammer(_ store: Store, seed: UInt64) {
        var generator = RandomGenerator(seed: seed)
        var now: Int64 = 1_700_000_000_000
        for _ in 0..<sized(4000, full: 300_000) {
            let number = generator.below(4000)
            switch generator.below(1000) {
            case 0..<400: set(number, in: store, now: now, generator.below(2000))
            case 400..<800: withHandle(number, in: store, now: now) { $0.withValue { _ in } }
            case 800..<900: withHandle(number, in: store, now: now) { store.access.remove($0) }
            case 900..<950: withHandle(number, in: store, now: now) { $0.setExpiry(now + 5000) }
            case 950..<970:
                var budget = 100
                _ = store.sweep(shard: generator.below(store.shardCount), now: now, budget: &budget)
            case 970..<985: _ = store.scan(database: 0, cursor: generator.next(), count: 50, now: now) { _ = $0.key }
            case 985..<990: now += 1000
            case 990..<994: _ = store.reclaim(budget: 100)
            case 994..<996: store.flush(database: 0, now: now)
            case 996..<998: _ = (store.statistics(), store.reclaimPendingCount, store.policy)
            case 998: _ = store.withRandomEntry(database: 0, now: now) { _ = $0.key }
            default:
                store.lockAll()
                store.swapDatabases(0, 1, now: now)
                store.unlockAll()
            }
        }
    }

    private static func withHandle(_ number: Int, in store: Store, now: Int64, _ body: (EntryHandle) -> Void) {
        [UInt8](number: number).withSlice { slice in
            let key = store.access.key(slice, database: 0)
            let shard = store.access.shard(hash: key.hash)
            shard.lock()
            defer { shard.unlock() }
            if let handle = store.access.find(key, now: now, touching: true) { body(handle) }
        }
    }

    private static func set(_ number: Int, in store: Store, now: Int64, _ count: Int) {
        [UInt8](number: number).withSlice { slice in
            let key = store.access.key(slice, database: 0)
            let preferred = store.access.shardIndex(hash: key.hash)
            if !store.fits(bytes: count + 100, entries: 1),
                store.makeRoom(bytes: count + 100, entries: 1, preferred: preferred, now: now) != .enough
            {
                return
            }
            let shard = store.access.shard(preferred)
            shard.lock()
            defer { shard.unlock() }
            [UInt8](repeating: 5, count: count).withSlice {
                _ = store.access.set(key, to: .bytes($0), expiry: now + 3000)
            }
        }
    }
}

@Suite struct WatchTests {
    /// Every way in which a watched key can change raises the flag; what does not concern it does not.
    @Test func flagsAreRaised() {
        let key: [UInt8] = [1, 2, 3]
        let changes: [(String, Bool, (TestCache) -> Void)] = [
            ("set", true, { $0.set(key, [9]) }),
            ("remove", true, { $0.remove(key) }),
            ("expiry", true, { cache in _ = cache.modify(key) { $0.setExpiry(cache.now + 9) } }),
            ("integer", true, { cache in _ = cache.modify(key) { $0.replaceInteger(7) } }),
            ("growth", true, { cache in _ = cache.modify(key) { $0.modifyValue(newCount: 50) { _ in } } }),
            ("flush", true, { $0.store.flush(database: 0, now: $0.now) }),
            ("flush of all", true, { $0.store.flush(database: nil, now: $0.now) }),
            (
                "swap", true,
                { cache in
                    cache.store.lockAll()
                    cache.store.swapDatabases(0, 1, now: cache.now)
                    cache.store.unlockAll()
                }
            ),
            ("read", false, { _ = $0.get(key) }),
            ("other key", false, { $0.set([4], [9]) }),
            ("other database", false, { $0.set(key, [9], database: 1) }),
            ("other flush", false, { $0.store.flush(database: 1, now: $0.now) }),
            ("scan", false, { _ = $0.scanAll() }),
        ]
        for (name, isChange, change) in changes {
            let cache = TestCache()
            cache.set(key, [1])
            let flag = WatchFlag()
            cache.locked(key) { cache.store.access.watch($0, flag) }
            #expect(!flag.isRaised)
            change(cache)
            #expect(flag.isRaised == isChange, "\(name)")
            flag.lower()
            cache.locked(key) { cache.store.access.unwatch($0, flag) }
            cache.set(key, [2])
            #expect(!flag.isRaised, "\(name), unwatched")
        }
    }
}
