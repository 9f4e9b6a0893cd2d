import Primitives
import Testing

@testable import Store

/// SCAN's guarantee: what is there from the first call to the last is returned exactly once, whatever comes, goes, splits and
/// joins in between.
@Suite struct ScanTests {
    /// Entries there throughout, others that come and go by the thousand between the calls, in one shard.
    @Test(arguments: 0..<sized(12, full: 200))
    func everyKeyOnceThroughGrowthAndShrinking(round: Int) {
        var generator = RandomGenerator(seed: testSeed &+ UInt64(round))
        let shard = LoneShard(isBounded: false)
        let lasting = 1 + generator.below(800)
        for number in 0..<lasting { shard.insert(number) }
        var passing: [Int] = []
        var next = 1_000_000
        for _ in 0..<generator.below(3000) { (next, passing) = (next + 1, passing + [next]) }
        for number in passing { shard.insert(number) }

        var seen: [Int: Int] = [:]
        var position: UInt64? = 0
        while let from = position {
            var limit = 1 + generator.below(20)
            position = shard.pointer.pointee.scan(
                database: 0, from: from, count: 1 + generator.below(100), bucketLimit: &limit, now: 0
            ) { seen[Int($0.integerValue ?? -1), default: 0] += 1 }
            // Grow, shrink or leave it.
            switch generator.below(4) {
            case 0:
                for _ in 0..<generator.below(1500) {
                    shard.insert(next)
                    passing.append(next)
                    next += 1
                }
            case 1, 2:
                for _ in 0..<min(generator.below(3000), passing.count) { _ = shard.remove(passing.removeLast()) }
            default: break
            }
        }
        for number in 0..<lasting where seen[number] != 1 {
            Issue.record(
                "seed \(testSeed), round \(round): key \(number) of \(lasting) seen \(seen[number] ?? 0) times")
            return
        }
        #expect(seen.values.allSatisfy { $0 == 1 }, "seed \(testSeed), round \(round)")
    }

    /// Each size of a segment before the call with each size after it: the position between two calls is on a boundary of
    /// the first and anywhere in the second.
    @Test func everyPairOfSizes() {
        let few = 0..<300
        for before in [0, 10, 40, 120, 200, 380, 700, 1500, 3000] {
            for after in [0, 10, 40, 120, 200, 380, 700, 1500, 3000] {
                for calls in [1, 3, 7] {
                    let shard = LoneShard(isBounded: false)
                    for number in few { shard.insert(number) }
                    for number in 0..<before { shard.insert(10_000 + number) }
                    var seen: [Int] = []
                    var position: UInt64? = 0
                    func call(_ limit: Int) {
                        var limit = limit
                        position = shard.pointer.pointee.scan(
                            database: 0, from: position ?? 0, count: Int.max, bucketLimit: &limit, now: 0
                        ) { if let number = $0.integerValue, number < 10_000 { seen.append(Int(number)) } }
                    }
                    call(calls * 3)
                    for number in stride(from: before, to: after, by: 1) { shard.insert(10_000 + number) }
                    for number in stride(from: before - 1, through: after, by: -1) { _ = shard.remove(10_000 + number) }
                    while position != nil { call(1) }
                    if seen.sorted() != Array(few) {
                        Issue.record("\(before) to \(after) after \(calls * 3) buckets: \(seen.count) of \(few.count)")
                        return
                    }
                }
            }
        }
    }

    @Test func cursorsAreSmallAndGoForward() {
        let cache = TestCache(shardCount: 1024)
        for number in 0..<sized(5000, full: 300_000) { cache.set([UInt8](number: number), [1]) }
        var cursor: UInt64 = 0
        var cursors: Set<UInt64> = []
        repeat {
            cursor = cache.store.scan(database: 0, cursor: cursor, count: 3, now: cache.now) { _ in }
            #expect(cursor < 1 << 53)
            if !cursors.insert(cursor).inserted {
                Issue.record("cursor \(cursor) twice")
                return
            }
        } while cursor != 0
    }

    @Test func cursorsRoundTrip() {
        var generator = RandomGenerator(seed: testSeed)
        for shardCount in [128, 256, 1024] {
            for _ in 0..<1000 {
                let position = (generator.next() >> 24) << 24
                let cursor = ScanCursor(shard: generator.below(shardCount), position: position)
                let encoded = cursor.encoded(shardCount: shardCount)
                #expect(encoded < 1 << 53)
                let decoded = ScanCursor(decoding: encoded, shardCount: shardCount)
                #expect(decoded.shard == cursor.shard && decoded.position == cursor.position)
            }
        }
    }

    /// Numbers that no SCAN returned come to an end as well.
    @Test func anyCursorIsSafe() {
        let cache = TestCache()
        for number in 0..<3000 { cache.set([UInt8](number: number), [1]) }
        var generator = RandomGenerator(seed: testSeed)
        let extremes: [UInt64] = [1, .max, .max - 1, 1 << 53, 1 << 63, (1 << 53) - 1]
        for cursor in extremes + (0..<300).map({ _ in generator.next() >> UInt64(generator.below(64)) }) {
            var next = cursor
            var calls = 0
            repeat {
                next = cache.store.scan(database: 0, cursor: next, count: 1000, now: cache.now) { _ in }
                calls += 1
            } while next != 0 && calls < 10_000
            #expect(next == 0, "cursor \(cursor)")
        }
    }

    @Test func expiredEntriesAreNotShown() {
        let cache = TestCache()
        for number in 0..<2000 {
            cache.set([UInt8](number: number), [1], expiry: number % 2 == 0 ? cache.now + 10 : Entry.noExpiry)
        }
        cache.now += 10
        #expect(cache.scanAll().count == 1000)
        #expect(cache.scanAll(skippingVoid: false).count == 2000)
        var isSeen = true
        for _ in 0..<100 {
            isSeen = isSeen && cache.store.withRandomEntry(database: 0, now: cache.now) { #expect(!$0.hasExpiry) }
        }
        #expect(isSeen)
        #expect((0..<2000).allSatisfy { cache.exists([UInt8](number: $0)) == ($0 % 2 == 1) })
    }

    /// One key among all that were: RANDOMKEY finds it, and with many all are drawn.
    @Test func randomEntries() {
        let cache = TestCache()
        #expect(!cache.store.withRandomEntry(database: 0, now: cache.now) { _ in })
        for number in 0..<20_000 { cache.set([UInt8](number: number), [1]) }
        for number in 1..<20_000 { cache.remove([UInt8](number: number)) }
        for _ in 0..<20 {
            var key: [UInt8] = []
            #expect(cache.store.withRandomEntry(database: 0, now: cache.now) { key = $0.key.array })
            #expect(key == [UInt8](number: 0))
        }
        for number in 0..<50 { cache.set([UInt8](number: number), [1]) }
        var drawn: Set<[UInt8]> = []
        for _ in 0..<3000 {
            _ = cache.store.withRandomEntry(database: 0, now: cache.now) { drawn.insert($0.key.array) }
        }
        #expect(drawn.count == 50)
    }
}
