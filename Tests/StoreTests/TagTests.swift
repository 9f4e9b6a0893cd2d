import Primitives
import Testing

@testable import Store

/// Tags: what is void after an invalidation, what is counted, and that the index is exact whatever happens.
@Suite struct TagTests {
    private let cache = TestCache()

    @Test func anInvalidationVoidsWhoBearsTheTag() {
        cache.set([1], tags: ["a", "b"])
        cache.set([2], tags: ["b"])
        cache.set([3], tags: [])
        #expect(cache.invalidate("a") == 1)
        #expect(!cache.exists([1]) && cache.exists([2]) && cache.exists([3]))
        #expect(cache.count("a") == 0 && cache.count("b") == 1)
        cache.set([1], tags: ["a"])
        #expect(cache.exists([1]))
        #expect(cache.invalidate("unknown") == 0)
        cache.expectExact()
    }

    @Test func tagsOfOneDatabaseAreNotAnothers() {
        cache.set([1], tags: ["a"])
        cache.set([1], tags: ["a"], database: 1)
        #expect(cache.invalidate("a") == 1)
        #expect(!cache.exists([1]) && cache.exists([1], database: 1))
        cache.store.lockAll()
        cache.store.swapDatabases(0, 1, now: cache.now)
        cache.store.unlockAll()
        #expect(cache.count("a") == 1)
        cache.expectExact()
    }

    @Test func aFlushForgetsTags() {
        for number in 0..<100 { cache.set([UInt8(number)], tags: ["a"]) }
        cache.store.flush(database: 0, now: cache.now)
        #expect(cache.count("a") == 0)
        cache.set([1], tags: ["a"])
        #expect(cache.invalidate("a") == 1)
        cache.expectExact()
    }

    /// Anything but plain values must not hold its tags' numbers for ever.
    @Test func aTagThatNobodyBearsIsForgotten() {
        for round in 0..<50 {
            for number in 0..<100 { cache.set([UInt8(number)], tags: ["r\(round)", "n\(number)"]) }
        }
        cache.expectExact()
        #expect(cache.store.tagCount == 101)
        for number in 0..<100 { cache.remove([UInt8(number)]) }
        cache.expectExact()
        #expect(cache.store.tagCount == 0)
    }

    /// A value computed before an invalidation and stored after it is refused, also when the tag was forgotten meanwhile.
    @Test(arguments: [true, false])
    func aValueOlderThanItsTagsInvalidationIsVoid(isForgotten: Bool) {
        cache.set([1], tags: ["a"])
        let clock = cache.store.access.invalidationClock
        cache.invalidate("a")
        if isForgotten {
            cache.expectExact()
            #expect(cache.store.tagCount == 0)
        }
        cache.set([1], tags: ["a"], sequence: clock)
        #expect(!cache.exists([1]))
        cache.set([2], tags: ["c"], sequence: cache.store.access.invalidationClock)
        #expect(cache.exists([2]))
        cache.expectExact()
    }

    /// A tag that was invalidated long ago does not end an entry that gets it only now.
    @Test func addingATagRenewsTheEntry() {
        cache.set([1], tags: ["a"])
        cache.set([2], tags: ["b"])
        cache.invalidate("a")
        #expect(cache.change([2], .add, ["a"]) == 1)
        #expect(cache.exists([2]))
        #expect(cache.change([2], .remove, ["b"]) == 1)
        #expect(cache.invalidate("b") == 0)
        #expect(cache.exists([2]))
        #expect(cache.invalidate("a") == 1)
        #expect(!cache.exists([2]))
        cache.expectExact()
    }

    @Test func writesThatKeepTheValueKeepTheTags() {
        cache.set([1], tags: ["a"])
        _ = cache.modify([1]) { $0.setExpiry(cache.now + 5000) }
        _ = cache.modify([1]) { $0.modifyValue(newCount: 40_000) { _ in } }
        _ = cache.modify([1]) { $0.replaceInteger(7) }
        _ = cache.modify([1]) { $0.setExpiry(Entry.noExpiry) }
        cache.expectExact()
        #expect(cache.invalidate("a") == 1)
        #expect(!cache.exists([1]))
        cache.expectExact()
    }

    @Test func staleEntriesAreHeldAndSeenByNobody() {
        cache.set([1], tags: ["a"], expiry: cache.now + 1000, staleSeconds: 10)
        cache.set([2], tags: ["a"], expiry: cache.now + 1000)
        cache.now += 1000
        #expect(!cache.exists([1]) && !cache.exists([2]))
        #expect(cache.store.statistics(database: 0).entryCount == 0 && cache.count == 1)
        #expect(cache.scanAll().isEmpty && cache.count("a") == 0)
        #expect(cache.staleValue([1]) != nil && cache.staleValue([2]) == nil)
        cache.expectExact()
        cache.now += 9999
        #expect(cache.staleValue([1]) != nil)
        cache.now += 1
        #expect(cache.staleValue([1]) == nil && cache.count == 0)
        cache.expectExact()
    }

    @Test func theSweepHoldsStaleEntriesForTheirWindow() {
        for number in 0..<200 {
            cache.set([UInt8(number)], tags: ["a"], expiry: cache.now + 1000, staleSeconds: 10)
        }
        cache.now += 3000
        cache.sweepAll()
        #expect(cache.store.staleEntryCount == 200 && cache.count == 200)
        cache.expectExact()
        cache.now += 12_000
        cache.sweepAll()
        #expect(cache.count == 0)
        cache.expectExact()
    }

    @Test func aStaleTagLeavesThoseWithAWindow() {
        cache.set([1], tags: ["a"], staleSeconds: 10)
        cache.set([2], tags: ["a"])
        #expect(cache.store.makeStale(tag: ("a" as StaticString).slice, database: 0, now: cache.now) == 2)
        #expect(!cache.exists([1]) && !cache.exists([2]))
        cache.expectExact()
        #expect(cache.count == 1 && cache.staleValue([1]) != nil)
        #expect(cache.invalidate("a") == 0)
        cache.expectExact()
        #expect(cache.staleValue([1]) == nil)
        cache.expectExact()
    }

    /// What was stale from its first moment on, because it was computed before its tag was made stale, goes with the tag all the same.
    @Test func anInvalidationFindsWhatWasStoredStale() {
        cache.set([2], tags: ["a"], staleSeconds: 10)
        let clock = cache.store.access.invalidationClock
        _ = cache.store.makeStale(tag: ("a" as StaticString).slice, database: 0, now: cache.now)
        cache.set([1], tags: ["a"], sequence: clock, staleSeconds: 10)
        #expect(!cache.exists([1]) && cache.staleValue([1]) != nil)
        cache.expectExact()
        cache.invalidate("a")
        cache.expectExact()
        #expect(cache.count == 0)
    }

    /// Records of entries that came and went are thinned out.
    @Test func recordsDoNotPileUp() {
        cache.set([0], tags: ["a"])
        let before = cache.store.tagBytes
        for _ in 0..<20_000 {
            cache.set([1], tags: ["a"])
            cache.remove([1])
            _ = cache.store.reap(budget: 1000, now: cache.now)
        }
        cache.expectExact()
        #expect(cache.store.tagBytes < before + 10_000)
    }

    @Test func whatIsVoidGoesBeforeWhatLives() {
        let cache = TestCache(policy: .allKeysLRU, maximumBytes: 4 << 20)
        for number in 0..<10_000 { cache.set([UInt8](number: number), tags: ["live"]) }
        let before = cache.store.statistics().evictedCount
        for number in 10_000..<20_000 { cache.set([UInt8](number: number), tags: ["void"]) }
        #expect(cache.store.statistics().evictedCount == before)
        cache.invalidate("void")
        for number in 20_000..<30_000 { cache.set([UInt8](number: number), [UInt8](repeating: 1, count: 100)) }
        #expect(cache.count("live") == 10_000)
    }

    @Test(arguments: 0..<4)
    func randomOperations(run: UInt64) {
        let seed = testSeed &+ run
        let cache = TestCache(policy: run % 2 == 0 ? .allKeysS3FIFO : .allKeysLRU, maximumBytes: run == 3 ? 300_000 : 0)
        TagHammer(cache.store, seed: seed).run(sized(20_000, full: 500_000)) { store in
            cache.drain()
            #expect(Invariants.violations(of: store) == [], "seed \(seed)")
        }
    }

    @Test func randomOperationsOnTwoThreads() async {
        let cache = TestCache(policy: .allKeysS3FIFO, maximumBytes: 2 << 20)
        let store = cache.store
        await withTaskGroup(of: Void.self) { group in
            for worker in 0..<2 {
                group.addTask {
                    TagHammer(store, seed: testSeed &+ UInt64(worker)).run(sized(20_000, full: 500_000)) { _ in }
                }
            }
        }
        cache.drain()
        #expect(Invariants.violations(of: store) == [], "seed \(testSeed)")
    }
}
