import Testing

@testable import Server

@Suite struct RecentMaximumTests {
    @Test func keepsTheLargestForEightSeconds() {
        var recent = RecentMaximum()
        recent.note(5, now: 10_000)
        recent.note(9, now: 10_999)
        recent.note(3, now: 11_000)
        #expect(recent.maximum(now: 11_000) == 9)
        #expect(recent.maximum(now: 17_999) == 9)
        #expect(recent.maximum(now: 18_000) == 3)
        #expect(recent.maximum(now: 19_000) == 0)
    }

    @Test func forgetsAllAfterALongSilence() {
        var recent = RecentMaximum()
        for second in 0..<20 { recent.note(second, now: Int64(second) * 1000) }
        #expect(recent.maximum(now: 19_000) == 19)
        #expect(recent.maximum(now: .max) == 0)
        recent.note(4, now: .max)
        #expect(recent.maximum(now: .max) == 4)
    }

    /// Against the definition, second by second.
    @Test func agreesWithItsDefinition() {
        var recent = RecentMaximum()
        var noted: [(second: Int64, number: Int)] = []
        for step in 0..<2000 {
            let now = Int64(step * 137)
            let number = step * 7919 % 1009
            recent.note(number, now: now)
            noted.append((now / 1000, number))
            let expected = noted.filter { now / 1000 - $0.second < 8 }.map(\.number).max()
            #expect(recent.maximum(now: now) == expected)
        }
    }
}
