import Primitives
import Testing

@testable import Store

/// With a small bound on entries the order is exact across shards: people try policies with three keys.
@Suite struct ExactOrderTests {
    private func replay(
        _ policy: EvictionPolicy, _ make: (_ idCount: Int, _ capacity: Int, _ population: Population) -> any ExactPolicy
    ) {
        for capacity in [1, 3, 100, 1000] {
            let idCount = capacity * 4
            // Under volatile policies a sixteenth of the ids has no deadline: a quarter of the cache.
            let population = Population(policy, capacity: capacity, lastingStride: capacity < 4 ? 0 : 16)
            var store = StoreSimulation(policy: policy, capacity: capacity, population)
            var exact = WithLastingIDs(make(idCount, capacity, population), population)
            var generator = RandomGenerator(seed: testSeed)
            for step in 0..<sized(2000, full: 20_000) {
                let id = min(generator.below(idCount), generator.below(idCount))
                let (found, expected) = (store.request(id), exact.request(id))
                if found != expected {
                    Issue.record("seed \(testSeed), \(policy.name), \(capacity), step \(step): id \(id), \(expected)")
                    return
                }
            }
            #expect(Invariants.violations(of: store.cache.store) == [])
        }
    }

    @Test(arguments: [EvictionPolicy.allKeysLRU, .volatileLRU])
    func leastRecentlyUsed(policy: EvictionPolicy) {
        replay(policy) { idCount, capacity, _ in ExactRecency(idCount: idCount, capacity: capacity, isMoving: true) }
    }

    @Test(arguments: [EvictionPolicy.allKeysFIFO, .volatileFIFO])
    func firstInFirstOut(policy: EvictionPolicy) {
        replay(policy) { idCount, capacity, _ in ExactRecency(idCount: idCount, capacity: capacity, isMoving: false) }
    }

    @Test(arguments: [EvictionPolicy.allKeysLFU, .volatileLFU])
    func leastFrequentlyUsed(policy: EvictionPolicy) {
        replay(policy) { idCount, capacity, _ in ExactFrequency(idCount: idCount, capacity: capacity, counter: .plain) }
    }

    @Test func nearestDeadline() {
        replay(.volatileTTL) { idCount, capacity, population in
            ExactDeadline(idCount: idCount, capacity: capacity, deadline: population.deadlines())
        }
    }

    /// Volatile policies leave entries without a deadline alone, and refuse when there are no others.
    @Test(arguments: EvictionPolicy.allCases.filter(\.isVolatileOnly))
    func lastingEntriesAreLeftAlone(policy: EvictionPolicy) {
        let cache = TestCache(policy: policy, maximumEntryCount: 100)
        for number in 0..<60 { #expect(cache.set([UInt8](number: number), [1])) }
        for number in 60..<400 {
            #expect(cache.set([UInt8](number: number), [1], expiry: cache.now + 1_000_000 + Int64(number)))
        }
        #expect((0..<60).allSatisfy { cache.exists([UInt8](number: $0)) })
        #expect(cache.count == 100)
        cache.store.flush(database: nil, now: cache.now)
        for number in 0..<100 { #expect(cache.set([UInt8](number: number), [1])) }
        #expect(!cache.set([UInt8](number: 100), [1]))
        #expect(cache.set([UInt8](number: 50), [2]), "an overwrite needs no room")
    }

    /// One entry with a deadline among many without: the hands have a limit, but it is found in the end.
    @Test func theOnlyVolatileEntryIsFound() {
        let cache = TestCache(policy: .volatileRandom, maximumEntryCount: 20_001)
        for number in 0..<20_000 { cache.set([UInt8](number: number), [1]) }
        cache.set([UInt8](number: 20_000), [1], expiry: cache.now + 1_000_000)
        // Shards may still hide an entry or two from the ledger.
        var number = 20_001
        while cache.set([UInt8](number: number), [1]) { number += 1 }
        #expect(!cache.exists([UInt8](number: 20_000)))
        #expect(number <= 20_010)
        #expect((0..<20_000).allSatisfy { cache.exists([UInt8](number: $0)) })
    }

    /// A change of policy ranks anew and loses nothing.
    @Test func policiesChangeAtRunTime() {
        let cache = TestCache(maximumEntryCount: 1000)
        for number in 0..<900 {
            cache.set([UInt8](number: number), [1], expiry: number % 2 == 0 ? Entry.noExpiry : cache.now + 1_000_000)
        }
        for policy in EvictionPolicy.allCases + EvictionPolicy.allCases.reversed() {
            for (bytes, entries) in [(0, 0), (1 << 30, 0), (0, 1000), (0, 10_000)] {
                cache.store.configure(
                    policy: policy, maximumBytes: bytes, maximumEntryCount: entries, frequencyLogFactor: 10)
                #expect(cache.store.policy == policy)
                #expect(Invariants.violations(of: cache.store) == [], "\(policy.name), \(bytes), \(entries)")
                for number in 0..<50 { _ = cache.get([UInt8](number: number)) }
            }
        }
        #expect(cache.count == 900)
    }
}
