import Primitives
import Testing

@testable import Store

/// The sweep while its own removals join and shrink the segments that it walks.
@Suite struct SweepTests {
    /// A deep table nearly emptied by one sweep, whole or in slices: exactly the due entries go.
    @Test(arguments: [1, 7, 100, Int.max])
    func removalsJoinSegmentsUnderTheSweep(slice: Int) {
        var generator = RandomGenerator(seed: testSeed)
        let shard = LoneShard(isBounded: false)
        let now: Int64 = 1_700_000_000_000
        var budget = Int.max
        #expect(shard.pointer.pointee.sweep(now: now, budget: &budget))
        let count = sized(9000, full: 60_000)
        // The tenth part lasts, a part is due in an hour, the others within three seconds.
        var expected = 0
        for number in 0..<count {
            switch generator.below(10) {
            case 0: shard.insert(number)
            case 1: shard.insert(number, expiry: now + 3_600_000 + Int64(generator.below(1000)))
            default:
                shard.insert(number, expiry: now + 1 + Int64(generator.below(3000)))
                continue
            }
            expected += 1
        }
        let depth = shard.pointer.pointee.tables[0].depth
        #expect(depth >= 1)
        sweep(shard, now: now + 3000, slice: slice)
        #expect(shard.pointer.pointee.entryCount == expected)
        #expect(shard.pointer.pointee.expiredCount == UInt64(count - expected))
        #expect(shard.pointer.pointee.tables[0].depth < depth, "segments joined")
        #expect(Invariants.violations(of: shard.pointer) == [])
        // Nothing is forgotten of what was not due.
        sweep(shard, now: now + 3_601_000, slice: slice)
        #expect(shard.pointer.pointee.tables[0].volatileCount == 0)
        #expect(Invariants.violations(of: shard.pointer) == [])
    }

    /// Two segments, one with a deadline that is near and one with a far one, that become one: the near one is kept.
    @Test(arguments: [UInt64(0), 1])
    func joinedSegmentsKeepTheNearestAppointment(nearHalf: UInt64) {
        let shard = LoneShard(isBounded: false)
        let now: Int64 = 1_700_000_000_000
        sweep(shard, now: now, slice: Int.max)
        for number in 100..<4000 { shard.insert(number) }
        #expect(shard.pointer.pointee.tables[0].depth == 1)
        var nearCount = 0
        for number in 0..<100 {
            let isNear = shard.withKey(number) { $0.hash >> 63 == nearHalf }
            if isNear { nearCount += 1 }
            shard.insert(number, expiry: now + (isNear ? 3000 : 86_400_000))
        }
        for number in 100..<4000 { _ = shard.remove(number) }
        #expect(shard.pointer.pointee.tables[0].depth == 0)
        #expect(Invariants.violations(of: shard.pointer) == [])
        sweep(shard, now: now + 3000, slice: Int.max)
        #expect(shard.pointer.pointee.entryCount == 100 - nearCount)
    }

    private func sweep(_ shard: LoneShard, now: Int64, slice: Int) {
        var calls = 0
        var isDone = false
        while !isDone, calls < 1_000_000 {
            var budget = slice
            isDone = shard.pointer.pointee.sweep(now: now, budget: &budget)
            calls += 1
        }
        #expect(isDone)
    }

    /// An entry is never shown once its deadline has come, and always before, whether a sweep has run or not.
    @Test(arguments: [false, true])
    func deadlinesAreExactToTheMillisecond(isSwept: Bool) {
        let cache = TestCache()
        cache.sweepAll()
        let start = cache.now
        for number in 0..<3000 { cache.set([UInt8](number: number), [1], expiry: start + 1 + Int64(number)) }
        for step in [1, 2, 500, 999, 1000, 1001, 2000, 2999, 3000] {
            cache.now = start + Int64(step)
            if isSwept { cache.sweepAll() }
            // Deadlines up to the present have passed.
            #expect((0..<3000).allSatisfy { cache.exists([UInt8](number: $0)) == ($0 >= step) }, "after \(step) ms")
        }
        #expect(cache.count == 0)
        #expect(cache.store.statistics().expiredCount == 3000)
        #expect(Invariants.violations(of: cache.store) == [])
    }

    /// A deadline that moves, or goes, or comes again: the sweep acts on the last one only.
    @Test func movedDeadlinesCount() {
        let cache = TestCache()
        cache.sweepAll()
        let start = cache.now
        for number in 0..<400 { cache.set([UInt8](number: number), [1], expiry: start + 5000) }
        for number in 0..<100 { _ = cache.modify([UInt8](number: number)) { $0.setExpiry(start + 60_000) } }
        for number in 100..<200 { _ = cache.modify([UInt8](number: number)) { $0.setExpiry(Entry.noExpiry) } }
        for number in 200..<300 { _ = cache.modify([UInt8](number: number)) { $0.setExpiry(start + 2000) } }
        for (seconds, left) in [(1, 400), (2, 300), (4, 300), (5, 200), (59, 200), (60, 100), (100_000, 100)] {
            cache.now = start + Int64(seconds) * 1000
            cache.sweepAll()
            #expect(cache.count == left, "after \(seconds) s")
            #expect(Invariants.violations(of: cache.store) == [])
        }
    }
}
