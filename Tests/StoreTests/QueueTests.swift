import Primitives
import Testing

@testable import Store

/// S3-FIFO's queues beside plain arrays.
@Suite struct QueueTests {
    private func record(_ number: Int, database: Int) -> UInt64 {
        HashQueue.record(hash: UInt64(number) << 7, database: database)
    }

    @Test func recordsKeepHashAndDatabase() {
        var generator = RandomGenerator(seed: testSeed)
        for database in [0, 1, 127] {
            let hash = generator.next()
            let record = HashQueue.record(hash: hash, database: database)
            #expect(HashQueue.database(of: record) == database)
            #expect(HashQueue.hash(of: record) == hash & ~127)
        }
    }

    /// Appending, taking out, dropping and exchanging, while the ring wraps around, grows and shrinks.
    @Test func theSmallQueueIsAQueue() {
        var generator = RandomGenerator(seed: testSeed)
        var queue = HashQueue()
        defer { queue.free() }
        var model: [UInt64] = []
        var wrong = 0
        for step in 0..<sized(20_000, full: 1_000_000) {
            // Grows for a while, then empties.
            let isGrowing = step / 3000 % 2 == 0
            switch generator.below(1000) {
            case 0..<(isGrowing ? 600 : 300):
                let next = record(step, database: generator.below(3))
                queue.append(next)
                model.append(next)
            case 0..<996:
                if queue.removeFirst() != (model.isEmpty ? nil : model.removeFirst()) { wrong += 1 }
            case 996..<998:
                queue.compact { HashQueue.hash(of: $0) >> 7 % 3 != 0 }
                model.removeAll { HashQueue.hash(of: $0) >> 7 % 3 == 0 }
            default:
                queue.swapDatabases(0, 2)
                model = model.map { record in
                    let database = HashQueue.database(of: record)
                    return HashQueue.record(
                        hash: HashQueue.hash(of: record), database: database == 1 ? 1 : 2 - database)
                }
            }
            if queue.count != model.count { wrong += 1 }
        }
        #expect(wrong == 0, "seed \(testSeed)")
        for record in model where queue.removeFirst() != record { wrong += 1 }
        #expect(wrong == 0, "seed \(testSeed), the rest")
        #expect(queue.count == 0)
        #expect(queue.blockSize <= 1024, "an empty ring is small again")
    }

    /// Compaction asks from the newest record on: of a key that came several times the newest stays.
    @Test func compactionAsksTheNewestFirst() {
        var queue = HashQueue()
        defer { queue.free() }
        for number in [1, 2, 1, 3, 2, 1] { queue.append(record(number, database: 0)) }
        var asked: Set<UInt64> = []
        queue.compact { asked.insert($0).inserted }
        let rest = (0..<3).map { _ in queue.removeFirst().map { HashQueue.hash(of: $0) >> 7 } }
        #expect(rest == [3, 2, 1])
        #expect(queue.count == 0)
    }

    /// How many of the keys the ghost knew; they are taken out.
    private func known(_ hashes: [UInt64], to ghost: inout GhostQueue) -> Int {
        var count = 0
        for hash in hashes where ghost.remove(hash: hash) { count += 1 }
        return count
    }

    /// A ghost of so many keys knows nearly all of the last half as many, none that was never there but by a collision of
    /// fingerprints, and each only once.
    @Test func theGhostKnowsTheLatest() {
        var generator = RandomGenerator(seed: testSeed)
        var ghost = GhostQueue()
        defer { ghost.free() }
        #expect(known([1], to: &ghost) == 0, "without memory it knows nothing")
        ghost.fit(entryCount: 4096)
        #expect(ghost.capacity >= 4096)
        let hashes = (0..<20_000).map { _ in generator.next() }
        for hash in hashes { ghost.insert(hash: hash) }
        let strangers = (0..<20_000).map { _ in generator.next() }
        // Four fingerprints of 15 bits in a set: one in 8192.
        #expect(known(strangers, to: &ghost) <= 20)
        let recent = Array(hashes.suffix(2048))
        #expect(known(recent, to: &ghost) > 1850)
        #expect(known(recent, to: &ghost) <= 10, "taken out")
        #expect(known(Array(hashes.prefix(10_000)), to: &ghost) < 300, "long forgotten")
    }

    /// Growing, it keeps what it knows; shrinking, half of it at least.
    @Test func theGhostRemembersThroughSizes() {
        var generator = RandomGenerator(seed: testSeed)
        for (before, after, least) in [(1024, 4096, 450), (4096, 16_384, 450), (16_384, 2048, 40)] {
            var ghost = GhostQueue()
            defer { ghost.free() }
            ghost.fit(entryCount: before)
            let hashes = (0..<500).map { _ in generator.next() }
            for hash in hashes { ghost.insert(hash: hash) }
            ghost.fit(entryCount: after)
            #expect(ghost.capacity >= after)
            #expect(ghost.capacity <= 4 * after)
            #expect(known(hashes, to: &ghost) >= least, "\(before) to \(after)")
        }
    }
}

/// LFU's counters and their decay.
@Suite struct FrequencyTests {
    /// With a factor of 10 to rise by k takes 5k² - 4k accesses on average: the sum of 10b + 1 for each b below k. (The table in
    /// redis.conf, 10, 18 and 142, lies near it.)
    @Test func countersRiseAsTheirProbabilitiesSay() {
        var generator = RandomGenerator(seed: testSeed)
        let rounds = sized(20, full: 200)
        for (hits, expected) in [(100, 9.9), (1000, 19.5), (100_000, 146.8)] where hits < 100_000 || isFullRun {
            var sum = 0
            for _ in 0..<rounds {
                var counter = FrequencyCounter.initial
                for _ in 0..<hits {
                    counter = FrequencyCounter.incremented(counter, logFactor: 10, &generator)
                }
                sum += Int(counter)
            }
            let mean = Double(sum) / Double(rounds)
            #expect(abs(mean - expected) <= 1, "\(hits) hits: \(mean)")
        }
        var highest: UInt8 = 255
        highest = FrequencyCounter.incremented(highest, logFactor: 0, &generator)
        #expect(highest == 255)
    }

    /// What was popular long ago makes room for what is popular now.
    @Test(arguments: [EvictionPolicy.allKeysLFU, .volatileLFU])
    func decayForgets(policy: EvictionPolicy) {
        let cache = TestCache(policy: policy, maximumEntryCount: 8000)
        let expiry = cache.now + 1_000_000_000
        func use(_ numbers: Range<Int>, times: Int) {
            for _ in 0..<times { for number in numbers { _ = cache.get([UInt8](number: number)) } }
        }
        for number in 0..<8000 { cache.set([UInt8](number: number), [1], expiry: expiry) }
        use(0..<1000, times: 50)
        for _ in 0..<20 { for shard in 0..<cache.store.shardCount { cache.store.decayCounters(shard: shard) } }
        #expect(Invariants.violations(of: cache.store) == [])
        use(1000..<8000, times: 3)
        for number in 8000..<8500 { cache.set([UInt8](number: number), [1], expiry: expiry) }
        let kept = (0..<1000).count { cache.exists([UInt8](number: $0)) }
        let keptOfOthers = (1000..<8000).count { cache.exists([UInt8](number: $0)) }
        #expect(kept < 700, "of 1000 used long ago")
        #expect(keptOfOthers > 6800, "of 7000 used since")
        #expect(Invariants.violations(of: cache.store) == [])
    }
}
