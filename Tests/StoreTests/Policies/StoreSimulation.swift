import Primitives

@testable import Store

/// The store under a bound on entries, as a `Simulation`.
struct StoreSimulation: Simulation {
    let cache: TestCache
    /// The deadline of an entry put in now.
    private let deadline: () -> Int64

    init(policy: EvictionPolicy, capacity: Int, deadline: @escaping () -> Int64 = { Entry.noExpiry }) {
        cache = TestCache(policy: policy, maximumEntryCount: capacity, databaseCount: 1)
        self.deadline = deadline
    }

    mutating func request(_ id: Int) -> Bool {
        var number = UInt64(id)
        return withUnsafeBytes(of: &number) { buffer in
            // Eight bytes on the stack have an address.
            let base = buffer.bindMemory(to: UInt8.self).baseAddress.unsafelyUnwrapped
            return request(ByteSlice(base: base, count: buffer.count))
        }
    }

    private func request(_ bytes: ByteSlice) -> Bool {
        let access = cache.store.access
        let key = access.key(bytes, database: 0)
        let shard = access.shard(hash: key.hash)
        shard.lock()
        let isHit = access.find(key, now: cache.now, touching: true) != nil
        shard.unlock()
        if isHit { return true }
        if !cache.store.fits(bytes: 100, entries: 1) {
            let preferred = access.shardIndex(hash: key.hash)
            while cache.store.makeRoom(bytes: 100, entries: 1, preferred: preferred, now: cache.now) == .later {}
        }
        shard.lock()
        _ = access.set(key, to: .integer(1), expiry: deadline())
        shard.unlock()
        return false
    }
}
