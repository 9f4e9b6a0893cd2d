import Primitives
import Testing

@testable import Store

/// The broad strokes, with many keys: everything the daemon leans on from its first command.
@Suite struct SmokeTests {
    @Test func insertFindRemove() {
        let cache = TestCache()
        let count = sized(20_000, full: 1_000_000)
        #expect((0..<count).allSatisfy { cache.set([UInt8](number: $0), [UInt8]("value \($0)")) })
        #expect(cache.count == count)
        #expect(Invariants.violations(of: cache.store) == [])
        #expect((0..<count).allSatisfy { cache.get([UInt8](number: $0)) == [UInt8]("value \($0)") })
        #expect((count..<(count + 1000)).allSatisfy { !cache.exists([UInt8](number: $0)) })
        let scanned = cache.scanAll()
        #expect(scanned.count == count)
        #expect(Set(scanned).count == count)
        #expect(stride(from: 0, to: count, by: 2).allSatisfy { cache.remove([UInt8](number: $0)) })
        #expect(Invariants.violations(of: cache.store) == [])
        #expect((0..<count).allSatisfy { cache.exists([UInt8](number: $0)) == ($0 % 2 == 1) })
        #expect(stride(from: 1, to: count, by: 2).allSatisfy { cache.remove([UInt8](number: $0)) })
        #expect(cache.count == 0)
        #expect(Invariants.violations(of: cache.store) == [])
        #expect(cache.scanAll().isEmpty)
    }

    @Test func expirySweep() {
        let cache = TestCache()
        let count = sized(20_000, full: 1_000_000)
        for number in 0..<count {
            cache.set([UInt8](number: number), [1, 2, 3], expiry: cache.now + 1 + Int64(number % 10_000))
        }
        #expect(Invariants.violations(of: cache.store) == [])
        cache.now += 5000
        cache.sweepAll()
        #expect(Invariants.violations(of: cache.store) == [])
        #expect(cache.count == count / 2)
        cache.now += 6000
        cache.sweepAll()
        #expect(cache.count == 0)
        #expect(Invariants.violations(of: cache.store) == [])
    }

    @Test(arguments: EvictionPolicy.allCases)
    func evictionByBytes(policy: EvictionPolicy) {
        let cache = TestCache(policy: policy, maximumBytes: 4 << 20)
        var refused = 0
        var generator = RandomGenerator(seed: testSeed)
        for number in 0..<sized(20_000, full: 1_000_000) {
            let value = [UInt8](repeating: 7, count: generator.below(1000))
            let key = [UInt8](number: number)
            if !cache.set(key, value, expiry: cache.now + Int64(1000 + generator.below(1_000_000))) { refused += 1 }
            _ = cache.get([UInt8](number: generator.below(number + 1)))
            if number % 5000 == 0 { #expect(Invariants.violations(of: cache.store) == []) }
        }
        #expect(Invariants.violations(of: cache.store) == [])
        #expect((refused > 0) == (policy == .noEviction))
        #expect(cache.store.statistics().totalBytes <= (4 << 20) + (4 << 20) / 64)
        #expect(cache.store.statistics().totalBytes > 3 << 20)
        #expect((cache.store.statistics().evictedCount > 0) == (policy != .noEviction))
    }

    @Test(arguments: EvictionPolicy.allCases, [100, 10_000])
    func evictionByCount(policy: EvictionPolicy, bound: Int) {
        let cache = TestCache(policy: policy, maximumEntryCount: bound)
        var generator = RandomGenerator(seed: testSeed)
        var refused = 0
        for number in 0..<(bound * 2) {
            let stored = cache.set([UInt8](number: number), [1], expiry: cache.now + 1_000_000)
            if !stored { refused += 1 }
            _ = cache.get([UInt8](number: generator.below(number + 1)))
        }
        #expect(Invariants.violations(of: cache.store) == [])
        #expect((refused > 0) == (policy == .noEviction))
        #expect(cache.count <= bound)
        #expect(cache.count >= bound - bound / 32)
    }

    @Test func flushAndReclaim() {
        let cache = TestCache(maximumBytes: 1 << 30)
        let count = sized(20_000, full: 1_000_000)
        for number in 0..<count { cache.set([UInt8](number: number), [1, 2, 3], database: number & 1) }
        #expect(cache.store.flush(database: 0, now: cache.now) == count / 2)
        #expect(Invariants.violations(of: cache.store) == [])
        #expect(cache.store.reclaimPendingCount == count / 2)
        #expect(cache.store.flush(database: nil, now: cache.now) == count / 2)
        #expect(cache.count == 0)
        #expect(cache.store.statistics().detachedBytes > count * 16)
        while !cache.store.reclaim(budget: 1000) {}
        #expect(Invariants.violations(of: cache.store) == [])
        #expect(cache.store.statistics().detachedBytes == 0)
        #expect(cache.store.statistics().entryBytes == 0)
    }
}
