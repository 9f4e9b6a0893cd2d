import Primitives
import Testing

@testable import Store

/// Each policy's miss ratio beside its exact simulation's on the same trace, and S3-FIFO's beside exact LRU's.
///
/// At full size (`STORETESTS_FULL=1`, release build: some minutes) on traces of six million requests for a million ids, printed
/// as the table of docs/benchmarks.md; otherwise on small ones, where sharding itself costs a little, with wider limits.
@Suite(.serialized) struct PolicyQualityTests {
    static let idCount = sized(50_000, full: 1_000_000)
    static let requestCount = sized(150_000, full: 6_000_000)
    /// A hundredth, a twentieth and a fifth of the ids.
    static let capacities = isFullRun ? [10_000, 50_000, 200_000] : [5000]
    static let traces = [
        Trace.zipf(idCount: idCount, requestCount: requestCount, seed: testSeed),
        Trace.zipfWithScans(idCount: idCount, requestCount: requestCount, seed: testSeed),
    ]

    /// How far from the exact simulation a policy may be, relative to its miss ratio.
    static let tolerance = isFullRun ? 0.01 : 0.04

    @Test(arguments: Contest.all) func keepsToItsBars(contest: Contest) {
        var rows = contest.references.map { ["\(contest)", $0.name] }
        for trace in Self.traces {
            for capacity in Self.capacities {
                // Under volatile policies, entries without a deadline come to fill a quarter of the cache.
                let population = Population(
                    contest.policy, capacity: capacity, lastingStride: trace.idCount / (capacity / 4),
                    isRenewing: contest.isRenewing)
                var store = StoreSimulation(policy: contest.policy, capacity: capacity, population)
                let found = store.missRatio(trace)
                for (index, reference) in contest.references.enumerated() {
                    var simulation = WithLastingIDs(reference.make(trace.idCount, population, capacity), population)
                    let result = Result(
                        trace: trace, capacity: capacity, found: found, expected: simulation.missRatio(trace))
                    rows[index].append("\(result)")
                    let place = "\(contest), \(reference.name), \(trace.name), \(capacity)"
                    #expect(reference.bar.holds(result), "\(place): \(result)")
                }
                #expect(Invariants.violations(of: store.cache.store) == [])
            }
        }
        if isFullRun { for row in rows { print("| \(row.joined(separator: " | ")) |") } }
    }

    /// What came out of one trace at one size.
    struct Result: CustomStringConvertible {
        var trace: Trace
        var capacity: Int
        var found: Double
        var expected: Double
        var ratio: Double { found / expected }

        /// Both miss ratios in percent and the ratio of the two.
        var description: String {
            "\(fixed(found * 100, scale: 100)) / \(fixed(expected * 100, scale: 100)) = \(fixed(ratio, scale: 1000))"
        }

        private func fixed(_ value: Double, scale: Int) -> String {
            let scaled = Int((value * Double(scale)).rounded())
            return "\(scaled / scale).\("\(scale + scaled % scale)".dropFirst())"
        }
    }

    /// How a policy's misses must stand to a reference's.
    enum Bar {
        /// As many, but for the tolerance.
        case equal
        /// At least a tenth fewer.
        case tenthFewer

        func holds(_ result: Result) -> Bool {
            switch self {
            case .equal: abs(result.ratio - 1) <= PolicyQualityTests.tolerance
            case .tenthFewer: result.ratio <= 0.9
            }
        }
    }

    struct Reference: Sendable {
        var name: String
        var bar: Bar
        var make: @Sendable (_ idCount: Int, _ population: Population, _ capacity: Int) -> any ExactPolicy
    }

    struct Contest: CustomStringConvertible {
        var policy: EvictionPolicy
        var references: [Reference]
        /// Whether hits give entries another deadline.
        var isRenewing: Bool
        var description: String { "\(policy.name)\(isRenewing ? ", renewed" : "")" }

        init(_ policy: EvictionPolicy, _ references: Reference..., isRenewing: Bool = false) {
            self.policy = policy
            self.references = references
            self.isRenewing = isRenewing
        }

        private static let lru = Reference(name: "exact LRU", bar: .equal) { idCount, _, capacity in
            ExactRecency(idCount: idCount, capacity: capacity, isMoving: true)
        }
        private static let fifo = Reference(name: "exact FIFO", bar: .equal) { idCount, _, capacity in
            ExactRecency(idCount: idCount, capacity: capacity, isMoving: false)
        }
        private static let lfu = Reference(name: "exact LFU", bar: .equal) { idCount, _, capacity in
            ExactFrequency(idCount: idCount, capacity: capacity, counter: .plain)
        }
        private static let logarithmicLFU = Reference(
            name: "exact LFU, Redis's counters", bar: .equal
        ) { idCount, _, capacity in ExactFrequency(idCount: idCount, capacity: capacity, counter: .logarithmic) }
        private static let random = Reference(name: "uniform random", bar: .equal) { idCount, _, capacity in
            ExactRandom(idCount: idCount, capacity: capacity)
        }
        private static let deadline = Reference(
            name: "nearest deadline", bar: .equal
        ) { idCount, population, capacity in
            ExactDeadline(idCount: idCount, capacity: capacity, deadline: population.deadlines())
        }
        private static let s3FIFO = Reference(name: "S3-FIFO as published", bar: .equal) { idCount, _, capacity in
            ExactS3FIFO(idCount: idCount, capacity: capacity)
        }
        private static let lruToBeat = Reference(name: lru.name, bar: .tenthFewer, make: lru.make)

        static let all = [
            Contest(.allKeysLRU, lru),
            Contest(.allKeysLFU, logarithmicLFU, lfu),
            Contest(.allKeysFIFO, fifo),
            Contest(.allKeysRandom, random),
            Contest(.allKeysS3FIFO, s3FIFO, lruToBeat),
            Contest(.volatileLRU, lru),
            Contest(.volatileLFU, logarithmicLFU, lfu),
            Contest(.volatileFIFO, fifo),
            Contest(.volatileRandom, random),
            Contest(.volatileTTL, deadline),
            // All live as long from their last use: the nearest deadline is the least recently used entry's.
            Contest(.volatileTTL, lru, isRenewing: true),
        ]
    }
}
