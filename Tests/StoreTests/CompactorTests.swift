import CAllocator
import Primitives
import Testing

@testable import Store

/// Closing the holes that evictions leave in the allocator's slabs. Without jemalloc (sanitizer runs) nothing can be told and moved.
@Suite struct CompactorTests {
    private static var isAvailable: Bool {
        var block = nc_allocate(64)
        var use = nc_slab_use()
        defer { nc_free(block, 64) }
        return nc_allocator_slab_uses(&block, 1, &use)
    }

    /// The share of free blocks in the slabs that hold the entries, as each entry sees it.
    private func freeShare(_ store: Store) -> Double {
        var sum = 0.0
        var count = 0
        store.forEachShard { shard in
            for place in shard.pointee.tables[0].places {
                var block: UnsafeMutableRawPointer? = place.slot.pointee.entry.pointer
                var use = nc_slab_use()
                #expect(nc_allocator_slab_uses(&block, 1, &use))
                sum += Double(use.free_count) / Double(use.block_count)
                count += 1
            }
        }
        return sum / Double(max(count, 1))
    }

    private func step(_ cache: TestCache, _ compactor: inout Compactor, waste: Int) -> Bool {
        compactor.step(cache.store.access, databaseCount: 2, waste: waste, worthwhile: 1000, budget: 2048)
    }

    private func rounds(_ cache: TestCache, _ compactor: inout Compactor, waste: Int, limit: Int) -> Int {
        var calls = 0
        while calls < limit, step(cache, &compactor, waste: waste) { calls += 1 }
        return calls
    }

    @Test(.enabled(if: CompactorTests.isAvailable)) func sparseSlabsAreEmptied() {
        let cache = TestCache()
        let count = 60_000
        let value = { (number: Int) in [UInt8](repeating: UInt8(number & 0x7F) | 0x80, count: 100 + number % 5 * 150) }
        for number in 0..<count {
            cache.set([UInt8](number: number), value(number), expiry: cache.now + 1_000_000)
        }
        for number in 0..<count where number % 5 != number / 5 % 5 { cache.remove([UInt8](number: number)) }
        let before = cache.store.statistics()
        #expect(freeShare(cache.store) > 0.6)

        var compactor = Compactor()
        let calls = rounds(cache, &compactor, waste: 1 << 20, limit: 1000)
        #expect(calls > 0 && calls < 1000, "it comes to rest")
        #expect(freeShare(cache.store) < 0.25)
        // Nothing but the places has changed.
        #expect(cache.store.statistics().totalBytes == before.totalBytes)
        #expect(Invariants.violations(of: cache.store) == [])
        for number in 0..<count where number % 5 == number / 5 % 5 {
            guard cache.get([UInt8](number: number)) == value(number) else {
                Issue.record("the value of \(number) is another")
                break
            }
        }
    }

    @Test(.enabled(if: CompactorTests.isAvailable)) func restsUntilThereIsMoreWaste() {
        let cache = TestCache()
        for number in 0..<5000 { cache.set([UInt8](number: number), [UInt8](repeating: 1, count: 200)) }
        var compactor = Compactor()
        #expect(rounds(cache, &compactor, waste: 10_000, limit: 1000) < 1000)
        let isEnough = step(cache, &compactor, waste: 10_999)
        #expect(!isEnough)
        #expect(compactor.counts == (0, 0), "it looks at nothing")
        let isMore = step(cache, &compactor, waste: 11_001)
        #expect(isMore)
        #expect(compactor.counts.kept > 0)
    }

    @Test func anEmptyStoreHasNothingToMove() {
        let cache = TestCache()
        var compactor = Compactor()
        #expect(rounds(cache, &compactor, waste: 1, limit: 10) < 10)
        #expect(compactor.counts == (0, 0))
    }
}
