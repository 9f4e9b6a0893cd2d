import Primitives

@testable import Store

/// The store under a bound on entries, as a `Simulation`.
struct StoreSimulation: Simulation {
    let cache: TestCache
    private let population: Population
    /// The next deadline.
    private let deadline: () -> Int64

    init(policy: EvictionPolicy, capacity: Int, _ population: Population) {
        cache = TestCache(policy: policy, maximumEntryCount: capacity, databaseCount: 1)
        self.population = population
        deadline = population.deadlines()
    }

    mutating func request(_ id: Int) -> Bool {
        var number = UInt64(id)
        return withUnsafeBytes(of: &number) { buffer in
            // Eight bytes on the stack have an address.
            let base = buffer.bindMemory(to: UInt8.self).baseAddress.unsafelyUnwrapped
            return request(ByteSlice(base: base, count: buffer.count), isLasting: population.isLasting(id))
        }
    }

    private func request(_ bytes: ByteSlice, isLasting: Bool) -> Bool {
        let access = cache.store.access
        let key = access.key(bytes, database: 0)
        let shard = access.shard(hash: key.hash)
        shard.lock()
        let hit = access.find(key, now: cache.now, touching: true)
        if let hit, population.isRenewing, !isLasting { _ = hit.setExpiry(deadline()) }
        shard.unlock()
        if hit != nil { return true }
        if !cache.store.fits(bytes: 100, entries: 1) {
            let preferred = access.shardIndex(hash: key.hash)
            while cache.store.makeRoom(bytes: 100, entries: 1, preferred: preferred, now: cache.now) == .later {}
        }
        shard.lock()
        _ = access.set(key, to: .integer(1), expiry: isLasting ? Entry.noExpiry : deadline())
        shard.unlock()
        return false
    }
}
