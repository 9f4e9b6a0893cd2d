import Primitives

@testable import Store

/// A shard outside any store: all keys go to it, so that few of them make deep tables.
final class LoneShard {
    let pointer: UnsafeMutablePointer<Shard>
    private let ledger: MemoryLedger
    private let tags: TagTable

    init(policy: EvictionPolicy = .allKeysS3FIFO, isBounded: Bool = true, isExact: Bool = false) {
        ledger = MemoryLedger.make()
        tags = TagTable.make(databaseCount: 1, seed: TestCache.fixedSeed, ledger: ledger)
        ledger.setBounds(bytes: 0, entries: 0, shardCount: 1)
        pointer = .allocate(capacity: 1)
        pointer.initialize(
            to: Shard(index: 0, seed: TestCache.fixedSeed, ledger: ledger, tags: tags, databaseCount: 1))
        pointer.pointee.rank(policy: policy, isBounded: isBounded, isExact: isExact)
    }

    deinit {
        pointer.deinitialize(count: 1)
        pointer.deallocate()
        tags.free()
        ledger.free()
    }

    func withKey<Result>(_ number: Int, _ body: (Key) -> Result) -> Result {
        [UInt8](number: number).withSlice { body(Key(bytes: $0, hash: TestCache.fixedSeed.hash($0), database: 0)) }
    }

    /// Inserts or replaces.
    func insert(_ number: Int, expiry: Int64 = Entry.noExpiry) {
        withKey(number) { key in
            let entry = Entry.make(type: .string, key: key.bytes, value: .integer(Int64(number)), expiry: expiry)
            guard let entry else { fatalError("no memory") }
            pointer.pointee.put(entry, for: key, replacing: pointer.pointee.place(of: key))
        }
    }

    func remove(_ number: Int) -> Bool {
        withKey(number) { key in
            guard let place = pointer.pointee.place(of: key) else { return false }
            pointer.pointee.remove(place, database: 0)
            return true
        }
    }

    func contains(_ number: Int) -> Bool { withKey(number) { pointer.pointee.place(of: $0) != nil } }
}
