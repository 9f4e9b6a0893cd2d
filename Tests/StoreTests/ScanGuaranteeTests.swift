import Primitives
import Testing

@testable import Store

/// SCAN's guarantee where tables change most: joins over many levels, eviction, expiry and flushes between two calls.
@Suite struct ScanGuaranteeTests {
    /// A position taken in a deep, full segment, then one join after the other until all is one small segment: the
    /// position lies between any two hashes, or on those that share a fragment with their neighbours.
    @Test(arguments: isFullRun ? Array(1...9) : [1, 7])
    func positionsOutliveJoinsOfAllLevels(depth: Int) {
        let keys = PrefixedKeys(zeroCount: depth, count: 2900, neighbourCount: 200)
        for bucketCount in isFullRun ? Array(1..<512) : [1, 4, 100, 511] {
            let shard = LoneShard(isBounded: false)
            for number in keys.numbers + keys.neighbours { shard.insert(number) }
            let segment = shard.pointer.pointee.tables[0].segment(for: 0).pointee
            #expect(Int(segment.depth) == depth)
            #expect(segment.bucketCount == 512)
            var seen: [Int] = []
            var limit = bucketCount
            let position = scan(shard, from: 0, limit: &limit, &seen)
            // Keys on both sides of the position stay, above all those next to it.
            let end = seen.count
            let lasting = Set(keys.numbers[max(0, end - 40)..<min(keys.numbers.count, end + 40)])
            for number in keys.numbers where !lasting.contains(number) { _ = shard.remove(number) }
            for number in keys.neighbours { _ = shard.remove(number) }
            #expect(shard.pointer.pointee.tables[0].depth == 0, "all have joined")
            limit = Int.max
            if let position { _ = scan(shard, from: position, limit: &limit, &seen) }
            let found = seen.filter(lasting.contains)
            #expect(found.count == lasting.count, "\(bucketCount) buckets")
            #expect(Set(found) == lasting, "\(bucketCount) buckets")
        }
    }

    private func scan(_ shard: LoneShard, from start: UInt64, limit: inout Int, _ seen: inout [Int]) -> UInt64? {
        shard.pointer.pointee.scan(database: 0, from: start, count: Int.max, bucketLimit: &limit, now: 0) {
            seen.append(Int($0.integerValue ?? -1))
        }
    }

    /// Every size that a table grows through, and of each boundaries at which a call may end, against other sizes in
    /// which the next call may find it: what lies before the position in the one and from it on in the other is everything, once.
    @Test func boundariesOfEverySizeInOthers() {
        let lasting = 0..<40
        // Fillers that lead to one segment of each size, and to two, four and eight segments.
        let counts = Segment.sizes.map { max($0 * 5 - 40, 0) } + [3200, 6000, 12_000]
        let shards = counts.map { count in
            let shard = LoneShard(isBounded: false)
            for number in lasting { shard.insert(number) }
            for number in 0..<count { shard.insert(1000 + number) }
            return shard
        }
        func lastingKeys(_ shard: LoneShard, from start: UInt64) -> [Int] {
            var seen: [Int] = []
            var limit = Int.max
            _ = scan(shard, from: start, limit: &limit, &seen)
            return seen.filter(lasting.contains)
        }
        for (index, shard) in shards.enumerated() {
            var before: [Int] = []
            var position: UInt64? = 0
            var step = 0
            while let from = position {
                // Some boundaries of each size, in a full run against all other sizes.
                if step % sized(41, full: 7) == index % sized(41, full: 7) {
                    for other in isFullRun ? shards : [shards[(index + step) % shards.count]] {
                        let after = lastingKeys(other, from: from)
                        if (before + after).sorted() != Array(lasting) {
                            Issue.record("\(counts[index]) fillers, boundary \(step): \(before.count) + \(after.count)")
                            return
                        }
                    }
                }
                var limit = 1
                var seen: [Int] = []
                position = scan(shard, from: from, limit: &limit, &seen)
                before += seen.filter(lasting.contains)
                step += 1
            }
            #expect(before.count == lasting.count)
        }
    }

    /// With a bound that evicts, deadlines that pass and values that change between the calls: keys that are there at the end and
    /// were never stored again are returned once, and nothing is returned that was not there.
    @Test(arguments: EvictionPolicy.allCases.filter { $0 != .noEviction }, [0, 6500])
    func everySurvivorOnce(policy: EvictionPolicy, maximumEntryCount: Int) {
        let cache = TestCache(
            policy: policy, maximumBytes: maximumEntryCount > 0 ? 0 : 700_000, maximumEntryCount: maximumEntryCount)
        var generator = RandomGenerator(seed: testSeed)
        let first = 0..<8000
        for number in first { set(number, in: cache, &generator) }
        var next = first.upperBound
        var seen: [Int: Int] = [:]
        var cursor: UInt64 = 0
        repeat {
            cursor = cache.store.scan(database: 0, cursor: cursor, count: 100, now: cache.now) {
                seen[number(of: $0.key), default: 0] += 1
            }
            for _ in 0..<generator.below(60) {
                set(next, in: cache, &generator)
                next += 1
            }
            for _ in 0..<20 {
                let key = [UInt8](number: generator.below(next))
                let count = generator.below(300)
                _ = cache.modify(key) { handle in handle.modifyValue(newCount: handle.valueCount + count) { _ in } }
            }
            cache.now += Int64(generator.below(200))
            var budget = 500
            _ = cache.store.sweep(shard: generator.below(cache.store.shardCount), now: cache.now, budget: &budget)
        } while cursor != 0
        let survivors = first.filter { cache.exists([UInt8](number: $0)) }
        #expect(survivors.count > 1000)
        #expect(survivors.count < first.count)
        #expect(survivors.allSatisfy { seen[$0] == 1 }, "seed \(testSeed)")
        #expect(seen.allSatisfy { $0.value == 1 && $0.key < next }, "seed \(testSeed)")
        #expect(Invariants.violations(of: cache.store) == [])
    }

    private func set(_ number: Int, in cache: TestCache, _ generator: inout RandomGenerator) {
        // Most live on; every eighth expires on the way.
        let life = number % 8 == 0 ? Int64(generator.below(20_000)) : 10_000_000 + Int64(generator.below(1_000_000))
        cache.set([UInt8](number: number), [UInt8](repeating: 1, count: 40), expiry: cache.now + 1 + life)
    }

    private func number(of key: ByteSlice) -> Int {
        Int(key.array.reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    /// Cursors from before a flush: they come to an end, return nothing that was flushed, and miss nothing that the new table
    /// holds behind them.
    @Test(arguments: [0, 10, 3000])
    func cursorsOutliveFlushes(keyCountAfter: Int) {
        var cursors: [UInt64] = []
        var cursor: UInt64 = 0
        let cache = TestCache()
        for number in 0..<30_000 { cache.set([UInt8](number: number), [1]) }
        repeat {
            cursors.append(cursor)
            cursor = cache.store.scan(database: 0, cursor: cursor, count: 500, now: cache.now) { _ in }
        } while cursor != 0
        cache.store.flush(database: 0, now: cache.now)
        for number in 0..<keyCountAfter { cache.set([UInt8](number: 1_000_000 + number), [2]) }
        for cursor in cursors {
            var seen: [[UInt8]] = []
            var next = cursor
            var calls = 0
            repeat {
                next = cache.store.scan(database: 0, cursor: next, count: 50, now: cache.now) {
                    seen.append($0.key.array)
                }
                calls += 1
            } while next != 0 && calls < 1000
            #expect(next == 0)
            // In the order of shard and hash it is everything from the cursor on.
            let start = ScanCursor(decoding: cursor, shardCount: cache.store.shardCount)
            let behind = (0..<keyCountAfter).map { [UInt8](number: 1_000_000 + $0) }.filter { key in
                let hash = key.withSlice { cache.store.access.hash($0) }
                let shard = cache.store.access.shardIndex(hash: hash)
                return shard > start.shard || shard == start.shard && hash >= start.position
            }
            #expect(seen.count == behind.count)
            #expect(Set(seen) == Set(behind))
        }
        #expect(cursors.count > 50)
    }
}
