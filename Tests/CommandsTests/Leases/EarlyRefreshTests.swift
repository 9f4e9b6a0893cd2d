import Primitives
import Testing

@testable import Commands

@Suite struct EarlyRefreshTests {
    /// How many of a thousand reads are to compute.
    private func electedCount(remaining: Int64, percent: Int, computing: Int64 = 100_000) -> Int {
        var generator = RandomGenerator(seed: 7)
        return (0..<1000).filter { _ in
            EarlyRefresh.isDue(
                remainingMilliseconds: remaining, computingMicroseconds: computing, percent: percent,
                random: Double.random(in: 0..<1, using: &generator))
        }.count
    }

    /// e^-x of them, x being the rest of life in computing times.
    @Test func theNearerTheEndTheLikelier() {
        #expect(electedCount(remaining: 0, percent: 100) == 1000)
        #expect((320...420).contains(electedCount(remaining: 100, percent: 100)))
        #expect((100...180).contains(electedCount(remaining: 200, percent: 100)))
        #expect(electedCount(remaining: 2000, percent: 100) == 0)
        #expect((320...420).contains(electedCount(remaining: 1000, percent: 1000)))
        #expect(electedCount(remaining: 1000, percent: 1) == 0)
        #expect(EarlyRefresh.isDue(remainingMilliseconds: 1, computingMicroseconds: 1, percent: 1, random: 0))
    }

    @Test func theMeanFollows() {
        let refresh = EarlyRefresh()
        refresh.noteComputation(milliseconds: 80)
        #expect(refresh.computingMicroseconds == 80_000)
        refresh.noteComputation(milliseconds: 0)
        #expect(refresh.computingMicroseconds == 70_000)
        for _ in 0..<100 { refresh.noteComputation(milliseconds: 3_600_000) }
        #expect((3_500_000_000...3_600_000_000).contains(refresh.computingMicroseconds))
    }
}
