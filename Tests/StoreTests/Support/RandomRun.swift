import Primitives

@testable import Store

/// Random operations on a store and on a dictionary. A bounded store may have evicted what the dictionary holds, but
/// what it answers must be what was stored last.
struct RandomRun {
    private struct Model {
        var value: [UInt8]
        var expiry: Int64
    }

    let cache: TestCache
    private var generator: RandomGenerator
    private let keyCount: Int
    private let mayEvict: Bool
    private var models: [[[UInt8]: Model]] = [[:], [:]]
    /// What went wrong first.
    private(set) var failure: String?

    init(cache: TestCache, seed: UInt64, keyCount: Int) {
        self.cache = cache
        self.keyCount = keyCount
        generator = RandomGenerator(seed: seed)
        mayEvict = cache.store.maximumBytes > 0 || cache.store.maximumEntryCount > 0
    }

    mutating func step() {
        let database = generator.below(10) == 0 ? 1 : 0
        let key = [UInt8](number: generator.below(keyCount))
        switch generator.below(1000) {
        case 0..<350: set(key, database)
        case 350..<600: compare(key, database)
        case 600..<750: remove(key, database)
        case 750..<800: changeExpiry(key, database)
        case 800..<850: count(key, database)
        case 850..<900: modify(key, database)
        case 900..<915: copy(key, database)
        case 915..<930: rename(key, database, to: [UInt8](number: generator.below(keyCount)))
        case 930..<960: cache.now += Int64(generator.below(3000))
        case 960..<985: sweepSome()
        case 985..<995: scan(database)
        case 995..<997: flush(database)
        case 997..<999: _ = cache.store.reclaim(budget: generator.below(100))
        default: swap()
        }
    }

    // MARK: Operations

    private mutating func randomValue() -> [UInt8] {
        switch generator.below(20) {
        case 0..<5: [UInt8]("\(Int64(bitPattern: generator.next()) >> Int64(generator.below(64)))")
        case 5..<19: [UInt8](repeating: UInt8(generator.below(256)), count: generator.below(400))
        default: [UInt8](repeating: 9, count: SharedBlock.threshold - 10 + generator.below(40))
        }
    }

    private mutating func randomExpiry() -> Int64 {
        generator.below(2) == 0 ? Entry.noExpiry : cache.now + 1 + Int64(generator.below(20_000))
    }

    private func live(_ key: [UInt8], _ database: Int) -> Model? {
        models[database][key].flatMap { $0.expiry > cache.now ? $0 : nil }
    }

    private mutating func set(_ key: [UInt8], _ database: Int) {
        let (value, expiry) = (randomValue(), randomExpiry())
        if cache.set(key, value, database: database, expiry: expiry) {
            models[database][key] = Model(value: value, expiry: expiry)
        } else if !mayEvict {
            failure = failure ?? "a set was refused without a bound"
        }
    }

    private mutating func compare(_ key: [UInt8], _ database: Int) {
        let found = cache.get(key, database: database)
        let expected = live(key, database)?.value
        if found == nil, mayEvict {
            models[database][key] = nil
        } else if found != expected {
            failure = failure ?? "\(key) is \(found?.prefix(40) ?? []), must be \(expected?.prefix(40) ?? [])"
        }
    }

    private mutating func remove(_ key: [UInt8], _ database: Int) {
        let expected = live(key, database) != nil
        if cache.remove(key, database: database) != expected, !(mayEvict && expected) {
            failure = failure ?? "removal of \(key) should say \(expected)"
        }
        models[database][key] = nil
    }

    private mutating func changeExpiry(_ key: [UInt8], _ database: Int) {
        let expiry = randomExpiry()
        if cache.modify(key, database: database, { $0.setExpiry(expiry) && $0.expiry == expiry }) == true {
            models[database][key]?.expiry = expiry
        }
    }

    private mutating func count(_ key: [UInt8], _ database: Int) {
        let value = Int64(bitPattern: generator.next()) >> Int64(generator.below(64))
        let done = cache.modify(key, database: database) { $0.replaceInteger(value) && $0.integerValue == value }
        if done == true { models[database][key]?.value = [UInt8]("\(value)") }
    }

    private mutating func modify(_ key: [UInt8], _ database: Int) {
        guard let model = live(key, database) else { return }
        let growth = generator.below(40) == 0 ? 20_000 : generator.below(100)
        let byte = UInt8(generator.below(256))
        let newCount = model.value.count + growth
        let done = cache.modify(key, database: database) { handle in
            handle.modifyValue(newCount: newCount) { bytes in if newCount > 0 { bytes[newCount / 2] = byte } }
        }
        guard done == true else { return }
        var value = model.value + [UInt8](repeating: 0, count: growth)
        if newCount > 0 { value[newCount / 2] = byte }
        models[database][key]?.value = value
    }

    /// COPY within a shard: a handle is valid under its own shard's lock only.
    private mutating func copy(_ key: [UInt8], _ database: Int) {
        let other = 1 - database
        let expiry = randomExpiry()
        let store = cache.store
        let done = cache.modify(key, database: database) { handle in
            store.access.set(
                Key(bytes: handle.key.bytes, hash: handle.key.hash, database: other), toCopyOf: handle, expiry: expiry)
        }
        if done == true, let model = live(key, database) {
            models[other][key] = Model(value: model.value, expiry: expiry)
        }
    }

    /// RENAME as the command does it, with both shards locked: a copy under the new key, which may have a value, then the old one goes.
    private mutating func rename(_ key: [UInt8], _ database: Int, to target: [UInt8]) {
        guard key != target else { return }
        let store = cache.store
        store.lockAll()
        let done = key.withSlice { source in
            target.withSlice { target in
                let sourceKey = store.access.key(source, database: database)
                guard let handle = store.access.find(sourceKey, now: cache.now, touching: true) else { return false }
                let targetKey = store.access.key(target, database: database)
                guard store.access.set(targetKey, toCopyOf: handle, expiry: handle.expiry) else { return false }
                // Looked up again: the new key may have made the old one's table grow.
                if let old = store.access.find(sourceKey, now: cache.now, touching: false) { store.access.remove(old) }
                return true
            }
        }
        store.unlockAll()
        if done, let model = live(key, database) { models[database][target] = model }
        models[database][key] = nil
    }

    private mutating func sweepSome() {
        var budget = generator.below(200)
        _ = cache.store.sweep(shard: generator.below(cache.store.shardCount), now: cache.now, budget: &budget)
    }

    private mutating func scan(_ database: Int) {
        let keys = cache.scanAll(database: database, count: 1 + generator.below(100))
        let expected = Set(models[database].keys.filter { live($0, database) != nil })
        let found = Set(keys)
        if found.count != keys.count { failure = failure ?? "SCAN returned a key twice" }
        if !found.isSubset(of: expected) { failure = failure ?? "SCAN returned a key that is not there" }
        if !mayEvict, found != expected { failure = failure ?? "SCAN missed a key" }
    }

    private mutating func flush(_ database: Int) {
        let all = generator.below(3) == 0
        cache.store.flush(database: all ? nil : database, now: cache.now)
        if all { models[1 - database] = [:] }
        models[database] = [:]
    }

    private mutating func swap() {
        cache.store.lockAll()
        cache.store.swapDatabases(0, 1, now: cache.now)
        cache.store.unlockAll()
        models.swapAt(0, 1)
    }

    /// Compares every key; what differs first, or nil.
    mutating func compareAll() -> String? {
        for database in 0..<2 {
            for number in 0..<keyCount { compare([UInt8](number: number), database) }
        }
        return failure
    }
}
