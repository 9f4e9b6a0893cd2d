import CLinux
import Testing

@testable import Telemetry

struct CountersTests {
    @Test func sumsGoOverThreadsAndStartAnewAtAReset() {
        let counters = CounterBlocks(threads: 3)
        counters.blocks[0].add(.keyspaceHits)
        counters.blocks[2].add(.keyspaceHits, 4)
        counters.blocks[1].add(.netInputBytes, 7)
        #expect(counters.sum(.keyspaceHits) == 5)
        #expect(counters.sum(.netInputBytes) == 7)
        counters.reset()
        #expect(counters.sum(.keyspaceHits) == 0)
        counters.blocks[1].add(.keyspaceHits, 2)
        #expect(counters.sum(.keyspaceHits) == 2)
        #expect(counters.total(.keyspaceHits) == 7)
    }

    @Test func everyCounterHasAPlaceOfItsOwn() {
        let counters = CounterBlocks(threads: 1)
        for counter in Counter.allCases { counters.blocks[0].add(counter, UInt64(counter.rawValue) + 1) }
        for counter in Counter.allCases { #expect(counters.sum(counter) == UInt64(counter.rawValue) + 1) }
    }

    /// One thread adds while this one reads and resets: no add may be lost, no sum may be absurd.
    @Test func resetsLoseNoAdds() {
        let counters = CounterBlocks(threads: 1, counters: 1)
        let additions: UInt64 = 2_000_000
        var thread = pthread_t()
        let started = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                let block = Unmanaged<CounterBlocks>.fromOpaque(context).takeUnretainedValue().blocks[0]
                for _ in 0..<2_000_000 { block.add(0) }
                return nil
            }, Unmanaged.passUnretained(counters).toOpaque())
        #expect(started == 0)
        for _ in 0..<1000 {
            counters.reset()
            #expect(counters.sum(0) <= additions)
        }
        pthread_join(thread, nil)
        #expect(counters.total(0) == additions)
    }
}

struct RateSamplerTests {
    @Test func rateIsTheMeanOf16Samples() {
        var sampler = RateSampler()
        sampler.sample(total: 1000, milliseconds: 50)
        #expect(sampler.perSecond == 0)
        for index in 1...16 { sampler.sample(total: 1000 + UInt64(index) * 20, milliseconds: 50 + UInt64(index) * 100) }
        #expect(sampler.perSecond == 200)
        for index in 17...24 {
            sampler.sample(total: 1320, milliseconds: 50 + UInt64(index) * 100)
        }
        #expect(sampler.perSecond == 100)
        sampler.reset()
        #expect(sampler.perSecond == 0)
    }

    @Test func strangeSamplesDoNoHarm() {
        var sampler = RateSampler()
        sampler.sample(total: 5, milliseconds: 5)
        sampler.sample(total: 9, milliseconds: 5)
        sampler.sample(total: 9, milliseconds: 4)
        sampler.sample(total: 1, milliseconds: 6)
        #expect(sampler.perSecond == 0)
        for index in 0..<20 { sampler.sample(total: .max * UInt64(index % 2), milliseconds: 7 + UInt64(index)) }
        #expect(sampler.perSecond > 0)
    }
}
