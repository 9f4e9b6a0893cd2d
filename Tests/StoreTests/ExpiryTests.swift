import Primitives
import Testing

@testable import Store

@Suite struct ExpiryTests {
    /// For deadlines and times near powers of two: the look is no later than the due tick, and after at most 15 looks the entry
    /// is due.
    @Test func looksComeInTime() {
        var generator = RandomGenerator(seed: testSeed)
        for _ in 0..<sized(5000, full: 500_000) {
            var tick = UInt32(truncatingIfNeeded: generator.next() >> UInt64(33 + generator.below(30)))
            let distance = Int64(generator.next() >> UInt64(30 + generator.below(34)))
            let deadline = Int64(tick) * 1000 + distance
            let due = ExpiryClass.dueTick(deadline: deadline)
            var looks = 0
            while true {
                let (expiryClass, nextVisit) = ExpiryClass.of(deadline: deadline, tick: tick)
                let isRight =
                    (1...ExpiryClass.maximum).contains(expiryClass) && nextVisit > tick
                    && Int64(nextVisit) <= max(due, Int64(tick) + 1)
                    && ExpiryClass.isDue(expiryClass, from: nextVisit, to: nextVisit)
                    && (tick + 1 == nextVisit || !ExpiryClass.isDue(expiryClass, from: tick + 1, to: nextVisit - 1))
                if !isRight {
                    Issue.record("seed \(testSeed): deadline \(deadline), tick \(tick): \(expiryClass), \(nextVisit)")
                    return
                }
                looks += 1
                tick = nextVisit
                if Int64(tick) >= due { break }
            }
            // Beyond the largest class, every 2^14 ticks, some 4.5 hours.
            #expect(looks <= 15 + Int((distance / 1000) >> 14))
        }
    }

    @Test func dueTicks() {
        #expect(ExpiryClass.dueTick(deadline: 1000) == 1)
        #expect(ExpiryClass.dueTick(deadline: 1001) == 2)
        #expect(ExpiryClass.dueTick(deadline: 1999) == 2)
        #expect(ExpiryClass.dueTick(deadline: 0) == 0)
        #expect(ExpiryClass.dueTick(deadline: -1) == 0)
        #expect(ExpiryClass.dueTick(deadline: .max - 1) == (Int64.max - 1) / 1000 + 1)
    }

    /// Against a list of deadlines: after each second's sweep exactly those not yet due are left.
    @Test func sweepMatchesTheModel() {
        var generator = RandomGenerator(seed: testSeed)
        let cache = TestCache()
        cache.sweepAll()
        var deadlines: [Int: Int64] = [:]
        for second in 0..<sized(60, full: 3000) {
            for _ in 0..<100 {
                let number = generator.below(5000)
                let deadline = cache.now + 1 + Int64(generator.below(1 << (6 + generator.below(12))))
                switch generator.below(6) {
                case 0:
                    cache.remove([UInt8](number: number))
                    deadlines[number] = nil
                case 1 where deadlines[number] != nil:
                    _ = cache.modify([UInt8](number: number)) { $0.setExpiry(deadline) }
                    deadlines[number] = deadline
                default:
                    cache.set([UInt8](number: number), [1], expiry: deadline)
                    deadlines[number] = deadline
                }
            }
            // Some seconds are slept through.
            cache.now = (cache.now / 1000 + 1 + (generator.below(20) == 0 ? Int64(generator.below(100)) : 0)) * 1000
            cache.sweepAll()
            deadlines = deadlines.filter { $0.value > cache.now }
            if cache.count != deadlines.count {
                Issue.record("seed \(testSeed), second \(second): \(cache.count) entries of \(deadlines.count)")
                return
            }
            if second % 50 == 0 { #expect(Invariants.violations(of: cache.store) == []) }
        }
    }

    /// Slices of bounded work, round after round, find all that are due within the tick; with nothing due there is no work.
    @Test func sweepsInSlices() {
        let cache = TestCache()
        let count = sized(30_000, full: 1_000_000)
        for number in 0..<count {
            cache.set([UInt8](number: number), [1], expiry: cache.now + 20_000 + Int64(number % 1000))
        }
        for number in 0..<count { cache.set([UInt8](number: count + number), [1]) }
        cache.sweepAll()
        cache.now += 21_000
        var slices = 0
        var shard = 0
        while shard < cache.store.shardCount {
            var budget = 2048
            let isDone = cache.store.sweep(shard: shard, now: cache.now, budget: &budget)
            // A slice may pass its budget by one segment: at most 384 entries and its buckets.
            #expect(budget > -500)
            slices += 1
            if isDone { shard += 1 }
        }
        #expect(cache.count == count)
        #expect(slices <= 2 * 128 + 2 * count / 2048)
        for shard in 0..<cache.store.shardCount {
            var budget = 2048
            #expect(cache.store.sweep(shard: shard, now: cache.now, budget: &budget))
            #expect(budget == 2048, "nothing is due")
        }
    }

    /// Far deadlines cost nothing until they come near: a look each 4.5 hours.
    @Test func farDeadlinesAreLeftAlone() {
        let cache = TestCache()
        cache.sweepAll()
        for number in 0..<2000 { cache.set([UInt8](number: number), [1], expiry: cache.now + 30 * 86_400_000) }
        var work = 0
        for _ in 0..<sized(2000, full: 20_000) {
            cache.now += 1000
            for shard in 0..<cache.store.shardCount {
                var budget = 10_000
                _ = cache.store.sweep(shard: shard, now: cache.now, budget: &budget)
                work += 10_000 - budget
            }
        }
        #expect(work <= 2000 * 2 * (sized(2000, full: 20_000) / 16_384 + 1))
        #expect(cache.count == 2000)
    }

    @Test func idleTimes() {
        let cache = TestCache(policy: .allKeysLRU)
        cache.sweepAll()
        for number in 0..<500 { cache.set([UInt8](number: number), [1]) }
        func idle(_ number: Int) -> Int? {
            cache.locked([UInt8](number: number)) {
                cache.store.access.find($0, now: cache.now, touching: false)?.idleSeconds(now: cache.now)
            } ?? nil
        }
        for _ in 0..<100 {
            cache.now += 1000
            cache.sweepAll()
        }
        #expect((0..<500).allSatisfy { (98...100).contains(idle($0) ?? -1) })
        for number in 0..<250 { _ = cache.get([UInt8](number: number)) }
        #expect((0..<250).allSatisfy { (0...2).contains(idle($0) ?? -1) })
        #expect((250..<500).allSatisfy { (98...100).contains(idle($0) ?? -1) })
    }
}
