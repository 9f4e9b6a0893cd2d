import Primitives
import Testing

@testable import Store

/// Thousands of random operations beside a model, with the invariants checked on the way.
@Suite struct RandomOperationTests {
    struct Scenario: CustomTestStringConvertible {
        var name: String
        var policy: EvictionPolicy
        var maximumBytes = 0
        var maximumEntryCount = 0
        var testDescription: String { "\(name) \(policy.name)" }
    }

    static let scenarios =
        EvictionPolicy.allCases.map { Scenario(name: "unbounded", policy: $0) }
        + EvictionPolicy.allCases.map { Scenario(name: "300 entries", policy: $0, maximumEntryCount: 300) }
        + EvictionPolicy.allCases.map { Scenario(name: "1 MiB", policy: $0, maximumBytes: 1 << 20) }

    @Test(arguments: scenarios)
    func matchesTheModel(scenario: Scenario) {
        let cache = TestCache(
            policy: scenario.policy, maximumBytes: scenario.maximumBytes,
            maximumEntryCount: scenario.maximumEntryCount)
        var run = RandomRun(cache: cache, seed: testSeed, keyCount: 3000)
        for step in 0..<sized(3000, full: 200_000) {
            run.step()
            if step % 500 == 0 {
                let violations = Invariants.violations(of: cache.store)
                if !violations.isEmpty || run.failure != nil {
                    Issue.record("seed \(testSeed), step \(step): \(violations) \(run.failure ?? "")")
                    return
                }
            }
        }
        #expect(run.failure == nil, "seed \(testSeed)")
        #expect(run.compareAll() == nil, "seed \(testSeed)")
        #expect(Invariants.violations(of: cache.store) == [], "seed \(testSeed)")
    }

    /// One shard with all keys: its tables split, join, double and halve their directories many times.
    @Test(arguments: [EvictionPolicy.allKeysS3FIFO, .allKeysLRU, .volatileLFU])
    func tablesKeepTheirInvariants(policy: EvictionPolicy) {
        let shard = LoneShard(policy: policy)
        var generator = RandomGenerator(seed: testSeed)
        var present: Set<Int> = []
        var depths: Set<UInt8> = []
        for phase in 0..<6 {
            let isGrowing = phase % 2 == 0
            for step in 0..<sized(6000, full: 60_000) {
                let number = generator.below(sized(8000, full: 100_000))
                if generator.below(8) < (isGrowing ? 7 : 1) {
                    shard.insert(number, expiry: number % 3 == 0 ? 2_000_000 + Int64(number) : Entry.noExpiry)
                    present.insert(number)
                } else if shard.remove(number) != (present.remove(number) != nil) {
                    Issue.record("seed \(testSeed), phase \(phase), step \(step): key \(number)")
                    return
                }
                if step % 300 != 0 { continue }
                depths.insert(shard.pointer.pointee.tables[0].depth)
                let violations = Invariants.violations(of: shard.pointer)
                if !violations.isEmpty {
                    Issue.record("seed \(testSeed), phase \(phase), step \(step): \(violations)")
                    return
                }
            }
            while !isGrowing, let number = present.popFirst() { #expect(shard.remove(number)) }
            #expect((0..<1000).allSatisfy { shard.contains($0) == present.contains($0) })
        }
        #expect(depths.count >= 2, "directories doubled and halved: \(depths)")
        #expect(shard.pointer.pointee.tables[0].depth == 0, "an empty table is as small as a new one")
        #expect(shard.pointer.pointee.tables[0].directory?.pointee.bucketCount == 1)
        #expect(Invariants.violations(of: shard.pointer) == [])
    }
}
