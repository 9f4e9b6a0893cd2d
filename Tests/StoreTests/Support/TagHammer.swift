import CPrimitives
import Primitives

@testable import Store

/// Random operations with tags under the locks that commands hold.
struct TagHammer {
    private let store: Store
    private let seed: UInt64

    init(_ store: Store, seed: UInt64) {
        self.store = store
        self.seed = seed
    }

    /// - Parameter check: called some ten times in between, and at the end.
    func run(_ count: Int, _ check: (Store) -> Void) {
        var generator = RandomGenerator(seed: seed)
        var now: Int64 = 1_700_000_000_000
        for step in 0..<count {
            operate(&generator, &now)
            if (step + 1) % (count / 10) == 0 { check(store) }
        }
    }

    private func operate(_ generator: inout RandomGenerator, _ now: inout Int64) {
        let (key, database) = (generator.below(500), generator.below(8) == 0 ? 1 : 0)
        switch generator.below(1000) {
        case 0..<350: set(key, database, &generator, now)
        case 350..<500: with(key, database, now) { $0.withValue { _ in } }
        case 500..<560: with(key, database, now) { store.access.remove($0) }
        case 560..<620:
            let names = names(&generator)
            let change: EntryHandle.TagChange = [.add, .remove, .replace][generator.below(3)]
            with(key, database, now) { handle in names.withSlices { _ = handle.changeTags(change, $0, now: now) } }
        case 620..<650: with(key, database, now) { $0.setExpiry(now + 3000) }
        case 650..<670: with(key, database, now) { $0.replaceInteger(Int64(key)) }
        case 670..<690:
            with(key, database, now) { handle in
                let count = handle.valueCount + generator.below(100)
                _ = handle.modifyValue(newCount: count) { _ in }
            }
        case 690..<740: copy(key, generator.below(500), database, generator.below(2), now)
        case 740..<770:
            names(&generator, most: 1).withSlices { names in
                for name in names { _ = store.invalidate(tag: name, database: database, now: now) }
            }
        case 770..<785:
            names(&generator, most: 1).withSlices { names in
                for name in names { _ = store.makeStale(tag: name, database: database, now: now) }
            }
        case 785..<850: _ = store.reap(budget: 50, now: now)
        case 850..<860: now += 500
        case 860..<880:
            var budget = 100
            _ = store.sweep(shard: generator.below(store.shardCount), now: now, budget: &budget)
        case 880..<890: _ = store.scan(database: database, cursor: 0, count: 50, now: now) { _ = $0.key }
        case 890..<895: _ = store.reclaim(budget: 100)
        case 895..<897: store.flush(database: database, now: now)
        case 897:
            store.lockAll()
            store.swapDatabases(0, 1, now: now)
            store.unlockAll()
        case 898..<950: makeStaleRead(key, database, now)
        default: listTags(database, now)
        }
    }

    private func names(_ generator: inout RandomGenerator, most: Int = 4) -> [[UInt8]] {
        (0..<(1 + generator.below(most))).map { _ in [UInt8]("tag\(generator.below(20))") }
    }

    private func rule(_ generator: inout RandomGenerator) -> UInt8? {
        generator.below(3) == 0 ? nil : UInt8(1 + generator.below(20))
    }

    private func set(_ number: Int, _ database: Int, _ generator: inout RandomGenerator, _ now: Int64) {
        let names = generator.below(4) == 0 ? [] : names(&generator)
        let (keeps, stale) = (generator.below(5) == 0, UInt32(generator.below(3)))
        let expiry = generator.below(2) == 0 ? Entry.noExpiry : now + Int64(generator.below(4000)) + 1
        let isOld = generator.below(10) == 0
        let rule = rule(&generator)
        let count = generator.below(300)
        if !store.fits(bytes: count + 600, entries: 1) {
            _ = store.makeRoom(bytes: count + 600, entries: 1, preferred: 0, now: now)
        }
        let value = [UInt8](repeating: 7, count: count)
        locked(number, database) { key in
            names.withSlices { slices in
                var attributes = EntryAttributes(tags: slices)
                attributes.keepsTags = keeps
                attributes.staleSeconds = stale
                attributes.rule = rule
                if isOld { attributes.sequence = store.access.invalidationClock / 2 }
                value.withSlice { bytes in
                    _ = store.access.set(key, to: .bytes(bytes), expiry: expiry, attributes: attributes, now: now)
                }
            }
        }
    }

    private func copy(_ from: Int, _ to: Int, _ database: Int, _ target: Int, _ now: Int64) {
        [UInt8](number: from).withSlice { source in
            [UInt8](number: to).withSlice { other in
                let first = store.access.key(source, database: database)
                let second = store.access.key(other, database: target)
                let indexes = Set([first.hash, second.hash].map { store.access.shardIndex(hash: $0) }).sorted()
                for index in indexes { store.access.shard(index).lock() }
                if let handle = store.access.find(first, now: now, touching: true) {
                    _ = store.access.set(second, toCopyOf: handle, expiry: handle.expiry, rule: UInt8(1 + from % 30))
                    store.access.settle(second, now: now)
                }
                for index in indexes { store.access.shard(index).unlock() }
            }
        }
    }

    private func makeStaleRead(_ number: Int, _ database: Int, _ now: Int64) {
        locked(number, database) { key in store.access.findStale(key, now: now)?.withValue { _ in } }
    }

    private func listTags(_ database: Int, _ now: Int64) {
        _ = store.forEachTag(database: database, from: 0, limit: 100) { _ = $0.count }
        [UInt8]("tag1").withSlice { name in
            for hash in store.hashes(tag: name, database: database).prefix(10) {
                let shard = store.access.shard(hash: hash)
                shard.lock()
                _ = store.access.find(hash: hash, database: database, now: now)
                shard.unlock()
            }
        }
    }

    private func locked(_ number: Int, _ database: Int, _ body: (Key) -> Void) {
        [UInt8](number: number).withSlice { slice in
            let key = store.access.key(slice, database: database)
            let shard = store.access.shard(hash: key.hash)
            shard.lock()
            defer { shard.unlock() }
            body(key)
        }
    }

    private func with(_ number: Int, _ database: Int, _ now: Int64, _ body: (EntryHandle) -> Void) {
        locked(number, database) { key in
            if let handle = store.access.find(key, now: now, touching: true) { body(handle) }
        }
    }
}
