import CAllocator
import Primitives
import Testing

@testable import Store

/// The bounds hold whatever is stored: exact bytes, never more than the bound by what one command adds.
@Suite struct BoundsTests {
    /// Sets of values of 1 B to 100 KB, mostly small, beside values that grow.
    @Test(arguments: EvictionPolicy.allCases.filter { $0 != .noEviction })
    func stormOfSets(policy: EvictionPolicy) {
        let bound = sized(8 << 20, full: 256 << 20)
        let cache = TestCache(policy: policy, maximumBytes: bound)
        var generator = RandomGenerator(seed: testSeed)
        var highest = 0
        var refused = 0
        for step in 0..<sized(4000, full: 200_000) {
            let bits = generator.below(17)
            let key = [UInt8](number: generator.below(1_000_000))
            let value = [UInt8](repeating: 1, count: min(1 + generator.below(1 << bits), 100_000))
            if !cache.set(key, value, expiry: cache.now + 100_000_000 + Int64(step)) { refused += 1 }
            if step % 10 == 0, cache.store.fits(bytes: 2000, entries: 0) {
                _ = cache.modify(key) { handle in handle.modifyValue(newCount: handle.valueCount + 1000) { _ in } }
            }
            if step % sized(50, full: 500) == 0 { highest = max(highest, cache.store.statistics().totalBytes) }
        }
        // What a command asks for is its request; the allocator rounds it, a growing table adds to it, and shards may hide a grain.
        #expect(highest <= bound + 64 * 1024)
        #expect(highest > bound - bound / 8)
        #expect(refused == 0)
        #expect(Invariants.violations(of: cache.store) == [])
    }

    @Test(arguments: EvictionPolicy.allCases.filter { $0 != .noEviction }, [1, 10, 1000, 6000])
    func entriesNeverPassTheirBound(policy: EvictionPolicy, bound: Int) {
        let cache = TestCache(policy: policy, maximumEntryCount: bound)
        var highest = 0
        for number in 0..<(bound + 500) {
            if !cache.set([UInt8](number: number), [1], expiry: cache.now + 1_000_000) { highest = Int.max }
            if number > bound - 100 { highest = max(highest, cache.count) }
        }
        #expect(highest == bound)
    }

    /// A few values as large as a fair part of the bound: no shard is emptied on their account, and they stay.
    @Test(arguments: [EvictionPolicy.allKeysLRU, .allKeysS3FIFO])
    func largeValuesAmongSmall(policy: EvictionPolicy) {
        let cache = TestCache(policy: policy, maximumBytes: 32 << 20)
        let large = (0..<4).map { [UInt8](number: 9_000_000 + $0) }
        for key in large { #expect(cache.set(key, [UInt8](repeating: 1, count: 4 << 20))) }
        for number in 0..<sized(60_000, full: 600_000) {
            cache.set([UInt8](number: number), [UInt8](repeating: 2, count: 500))
            if number % 50 == 0 { for key in large { _ = cache.modify(key) { $0.valueCount } } }
        }
        #expect(large.allSatisfy { cache.exists($0) }, "used all the time")
        #expect(cache.store.statistics().totalBytes <= 32 << 20)
        #expect(cache.store.statistics().totalBytes > 30 << 20)
        let counts = (0..<cache.store.shardCount).map { cache.store.access.shard($0).pointee.entryCount }
        #expect((counts.min() ?? 0) * 2 > (counts.max() ?? 0), "\(counts.min() ?? 0) to \(counts.max() ?? 0)")
    }

    /// What does not fit at all is refused by nobody here, but room for it is made as far as it goes, and then none is left.
    @Test func noRoomForTheImpossible() {
        let cache = TestCache(policy: .allKeysLRU, maximumBytes: 4 << 20)
        for number in 0..<1000 { cache.set([UInt8](number: number), [1]) }
        var room = Store.Room.later
        for _ in 0..<10 where room == .later {
            room = cache.store.makeRoom(bytes: 8 << 20, entries: 1, preferred: 0, now: cache.now)
        }
        #expect(room == .none)
        #expect(cache.count == 0)
    }

    /// Flushed memory counts until it is freed, and goes before a live entry does.
    @Test(arguments: [EvictionPolicy.noEviction, .allKeysLRU])
    func detachedMemoryIsUnderTheBound(policy: EvictionPolicy) {
        let bound = 8 << 20
        let cache = TestCache(policy: policy, maximumBytes: bound)
        var number = 0
        while cache.store.fits(bytes: 1100, entries: 1) {
            cache.set([UInt8](number: number), [UInt8](repeating: 1, count: 1000))
            number += 1
        }
        let flushed = cache.store.flush(database: nil, now: cache.now)
        #expect(flushed == number)
        #expect(!cache.store.fits(bytes: 1100, entries: 1))
        for key in 0..<(flushed / 2) {
            #expect(cache.set([UInt8](number: key), [UInt8](repeating: 2, count: 1000)))
            #expect(cache.store.statistics().totalBytes <= bound)
        }
        #expect(cache.count == flushed / 2)
        #expect(cache.store.statistics().evictedCount == 0)
    }

    @Test func foreignBytesCount() {
        let cache = TestCache(policy: .allKeysLRU, maximumBytes: 4 << 20)
        for number in 0..<10_000 { cache.set([UInt8](number: number), [UInt8](repeating: 1, count: 400)) }
        cache.store.book(foreignBytes: 2 << 20)
        for number in 0..<100 { #expect(cache.set([UInt8](number: number), [1])) }
        let statistics = cache.store.statistics()
        #expect(statistics.foreignBytes == 2 << 20)
        // The last set may have made a table grow.
        #expect(statistics.totalBytes <= (4 << 20) + 8192)
        cache.store.book(foreignBytes: -2 << 20)
        #expect(cache.store.statistics().foreignBytes == 0)
    }

    /// What the allocator wastes is booked near the bound, at most half of it, and nothing is left of it far from the bound.
    @Test func wasteIsBookedAndTakenBack() {
        let cache = TestCache(policy: .allKeysLRU, maximumBytes: 4 << 20)
        cache.store.book(foreignBytes: 4096)
        for number in 0..<10_000 { cache.set([UInt8](number: number), [UInt8](repeating: 1, count: 500)) }
        for _ in 0..<3 {
            cache.store.bookAllocatorWaste()
            #expect((4096...(2 << 20) + 4096).contains(cache.store.statistics().foreignBytes))
        }
        cache.store.configure(
            policy: .allKeysLRU, maximumBytes: 1 << 30, maximumEntryCount: 0, frequencyLogFactor: 10)
        cache.store.bookAllocatorWaste()
        #expect(cache.store.statistics().foreignBytes == 4096)
    }

    /// Keys set and deleted under a bound that is never reached: S3-FIFO's queue does not remember them for ever.
    @Test func deletedEntriesLeaveNothingBehind() {
        let cache = TestCache(policy: .allKeysS3FIFO, maximumBytes: 1 << 30)
        for number in 0..<1000 { cache.set([UInt8](number: number), [1]) }
        let before = cache.store.statistics().tableBytes
        for number in 0..<sized(30_000, full: 3_000_000) {
            let key = [UInt8](number: 1000 + number % 3000)
            cache.set(key, [1])
            cache.remove(key)
        }
        #expect(cache.store.statistics().tableBytes <= before + before / 2)
        #expect(Invariants.violations(of: cache.store) == [])
    }
}

/// The hot path allocates nothing.
@Suite struct AllocationTests {
    @Test(arguments: EvictionPolicy.allCases)
    func hitsAllocateNothing(policy: EvictionPolicy) {
        let cache = TestCache(policy: policy, maximumBytes: 64 << 20)
        for number in 0..<2000 {
            cache.set(
                [UInt8](number: number), number % 2 == 0 ? [UInt8]("\(number)") : [1, 2], expiry: cache.now + 90_000)
        }
        var simulation = Finder(cache: cache)
        for round in 0..<3 {
            let before = nc_allocator_thread_allocated()
            var found = 0
            for number in 0..<2000 where simulation.find(number) { found += 1 }
            let allocated = nc_allocator_thread_allocated() - before
            #expect(found == 2000)
            #expect(round == 0 || allocated == 0)
        }
    }

    /// A GET as a command does it, without the arrays of `TestCache`.
    private struct Finder {
        let cache: TestCache
        var checksum = 0

        mutating func find(_ number: Int) -> Bool {
            var bytes = UInt64(number).bigEndian
            let access = cache.store.access
            let now = cache.now
            return withUnsafeBytes(of: &bytes) { buffer in
                let base = buffer.bindMemory(to: UInt8.self).baseAddress.unsafelyUnwrapped
                let key = access.key(ByteSlice(base: base, count: 8), database: 0)
                let shard = access.shard(hash: key.hash)
                access.prefetchShard(hash: key.hash)
                shard.lock()
                defer { shard.unlock() }
                access.prefetchBucket(hash: key.hash, database: 0)
                access.prefetchEntry(hash: key.hash, database: 0)
                guard let handle = access.find(key, now: now, touching: true) else { return false }
                handle.withValue { checksum &+= $0.count }
                return true
            }
        }
    }
}
