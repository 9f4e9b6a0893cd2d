import Primitives
import Testing

@testable import Store

/// Each policy's miss ratio beside its exact simulation, and S3-FIFO's beside exact LRU.
///
/// At full size (`STORETESTS_FULL=1`, release build: some minutes) on traces of ten million requests for a million ids, printed as a
/// table; otherwise on small ones, where sharding itself costs a little, with wider limits.
@Suite(.serialized) struct PolicyQualityTests {
    static let idCount = sized(50_000, full: 1_000_000)
    static let requestCount = sized(150_000, full: 10_000_000)
    static let capacities = isFullRun ? [10_000, 50_000, 200_000] : [5000]
    static let traces = [
        Trace.zipf(idCount: idCount, requestCount: requestCount, seed: testSeed),
        Trace.zipfWithScans(idCount: idCount, requestCount: requestCount, seed: testSeed),
    ]

    /// How far from the exact simulation a policy may be, relative to its miss ratio.
    static let tolerance = isFullRun ? 0.01 : 0.04

    private static func report(_ name: String, _ trace: Trace, _ capacity: Int, _ found: Double, _ exact: Double) {
        guard isFullRun else { return }
        let relative = fixed((found / exact - 1) * 100, 2)
        let line = "\(name) | \(trace.name) | \(capacity) | \(fixed(found, 5)) | \(fixed(exact, 5)) | \(relative) %"
        print(line)
    }

    private static func fixed(_ value: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = (value * scale).rounded()
        return "\(scaled / scale)"
    }

    /// Runs both and compares them.
    private func compare(
        _ policy: EvictionPolicy, deadline: (() -> () -> Int64)? = nil,
        to exact: (_ idCount: Int, _ capacity: Int) -> any Simulation
    ) {
        for capacity in Self.capacities {
            for trace in Self.traces {
                var store = StoreSimulation(
                    policy: policy, capacity: capacity, deadline: deadline?() ?? { Entry.noExpiry })
                var simulation = exact(trace.idCount, capacity)
                let found = store.missRatio(trace)
                let expected = simulation.missRatio(trace)
                Self.report("\(policy.name)", trace, capacity, found, expected)
                #expect(
                    abs(found / expected - 1) <= Self.tolerance || found < expected,
                    "\(policy.name), \(trace.name), \(capacity): \(found) against \(expected)")
                #expect(Invariants.violations(of: store.cache.store) == [])
            }
        }
    }

    @Test func leastRecentlyUsed() {
        compare(.allKeysLRU) { ExactRecency(idCount: $0, capacity: $1, isMoving: true) }
    }

    @Test func firstInFirstOut() {
        compare(.allKeysFIFO) { ExactRecency(idCount: $0, capacity: $1, isMoving: false) }
    }

    @Test func leastFrequentlyUsed() {
        compare(.allKeysLFU) { ExactFrequency(idCount: $0, capacity: $1, counter: .logarithmic) }
    }

    @Test func leastFrequentlyUsedExactly() {
        compare(.allKeysLFU) { ExactFrequency(idCount: $0, capacity: $1, counter: .plain) }
    }

    @Test func random() {
        compare(.allKeysRandom) { ExactRandom(idCount: $0, capacity: $1) }
    }

    @Test func nearestDeadline() {
        // Far enough that none passes; the same sequence for both.
        let deadlines: () -> () -> Int64 = {
            var generator = RandomGenerator(seed: testSeed)
            var inserted: Int64 = 1_700_000_100_000
            return {
                inserted += 1
                return inserted + Int64(generator.below(1_000_000_000))
            }
        }
        compare(.volatileTTL, deadline: deadlines) { ExactDeadline(idCount: $0, capacity: $1, deadline: deadlines()) }
    }

    @Test func s3FIFO() {
        compare(.allKeysS3FIFO) { ExactS3FIFO(idCount: $0, capacity: $1) }
    }

    /// The bar: at least a tenth fewer misses than exact LRU on both traces, with room for a twentieth of the ids and less. (With
    /// room for a fifth, where little is left to gain, the exact algorithm saves 8.6 % on the trace with scans.)
    @Test func s3FIFOBeatsLeastRecentlyUsed() {
        for capacity in Self.capacities {
            for trace in Self.traces {
                var store = StoreSimulation(policy: .allKeysS3FIFO, capacity: capacity)
                var exact = ExactRecency(idCount: trace.idCount, capacity: capacity, isMoving: true)
                let found = store.missRatio(trace)
                let expected = exact.missRatio(trace)
                Self.report("s3fifo/lru", trace, capacity, found, expected)
                let bar = capacity * 20 <= trace.idCount ? 0.9 : 0.95
                #expect(found <= expected * bar, "\(trace.name), \(capacity): \(found), \(expected)")
            }
        }
    }
}
