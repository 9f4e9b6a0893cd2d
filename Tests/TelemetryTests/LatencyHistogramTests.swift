import Primitives
import Testing

@testable import Telemetry

struct LatencyHistogramTests {
    @Test func bucketsAreInOrderWithoutGapsAndNarrow() {
        var next: UInt64 = 0
        for bucket in 0..<LatencyHistogram.bucketCount {
            let upper = LatencyHistogram.upperBound(bucket)
            #expect(LatencyHistogram.bucket(next) == bucket)
            #expect(LatencyHistogram.bucket(upper) == bucket)
            #expect(upper - next <= next / 64)
            next = upper + 1
        }
        #expect(next == 1 << 38)
        #expect(LatencyHistogram.bucket(.max) == LatencyHistogram.bucketCount - 1)
    }

    @Test func percentilesAreWithinTheResolutionOfTheTrueOnes() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = RandomGenerator(seed: seed)
        let histograms = [LatencyHistogram(), LatencyHistogram()]
        defer { for histogram in histograms { histogram.deallocate() } }
        var durations: [UInt64] = []
        for _ in 0..<20_000 {
            // Spread over all powers of two.
            let duration = generator.next() >> UInt64(27 + generator.below(36))
            durations.append(duration)
            histograms[generator.below(2)].record(nanoseconds: duration)
        }
        durations.sort()
        var summary = LatencySummary()
        for histogram in histograms { summary.add(histogram) }
        #expect(summary.total == 20_000)
        for percentile in [0, 1, 50, 90, 99, 99.9, 100] {
            let rank = max(1, Int((percentile / 100 * 20_000).rounded(.up)))
            let exact = durations[rank - 1]
            let found = summary.nanoseconds(percentile: percentile)
            #expect(found >= exact && found - exact <= exact / 64, "\(percentile), seed \(seed)")
        }
    }

    @Test func nothingCountedIsZero() {
        #expect(LatencySummary().nanoseconds(percentile: 99) == 0)
        #expect(LatencySummary().cumulativeMicroseconds.isEmpty)
    }

    @Test func cumulativeCountsGrowByPowersOfTwo() {
        let histogram = LatencyHistogram()
        defer { histogram.deallocate() }
        for nanoseconds: UInt64 in [10, 900, 1500, 3000, 3000, 1_000_000_000, .max] {
            histogram.record(nanoseconds: nanoseconds)
        }
        var summary = LatencySummary()
        summary.add(histogram)
        let steps = summary.cumulativeMicroseconds.map { "\($0.microseconds):\($0.count)" }
        #expect(steps == ["1:2", "2:3", "4:5", "1048576:6", "536870912:7"])
    }

    @Test func tablesAllocateOnUseAndSumOverThreads() {
        let tables = [LatencyTable(count: 3), LatencyTable(count: 3)]
        defer { for table in tables { table.deallocate() } }
        tables[0].record(1, nanoseconds: 5)
        tables[1].record(1, nanoseconds: 7)
        tables[1].record(2, nanoseconds: 9)
        #expect(tables[0][0] == nil && tables[0][2] == nil && tables[1][2] != nil)
        #expect(tables.summary(0) == nil)
        #expect(tables.summary(1)?.total == 2)
        #expect(tables.summary(1)?.nanoseconds(percentile: 100) == 7)
        for table in tables { table.reset() }
        #expect(tables.summary(1) == nil)
    }
}
