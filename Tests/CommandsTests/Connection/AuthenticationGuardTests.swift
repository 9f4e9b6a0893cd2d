import Testing

@testable import Commands

@Suite struct AuthenticationGuardTests {
    @Test func delaysFromTheSixthFailureOnTwiceAsLongEachTime() {
        let delays = delays(count: 14, AuthenticationGuard())
        #expect(delays == [0, 0, 0, 0, 0, 250, 500, 1000, 2000, 2000, 2000, 2000, 2000, 2000])
    }

    @Test func countsSourcesApart() {
        let guardian = AuthenticationGuard()
        _ = delays(count: 20, guardian, source: 1)
        #expect(guardian.noteFailure(of: 2, now: 0) == 0)
    }

    @Test func forgetsAfterFiveQuietMinutes() {
        let guardian = AuthenticationGuard()
        _ = delays(count: 20, guardian)
        #expect(guardian.noteFailure(of: 7, now: 299_999) == AuthenticationGuard.longestDelayMilliseconds)
        #expect(guardian.noteFailure(of: 7, now: 299_999 + 300_000) == 0)
    }

    @Test func forgetsTheQuietestOfTooMany() {
        let guardian = AuthenticationGuard()
        _ = delays(count: 20, guardian, source: 5000, now: 10)
        for source in 0..<UInt64(3 * AuthenticationGuard.maximumSourceCount) {
            _ = guardian.noteFailure(of: source, now: 20 + Int64(source))
            // Who goes on failing stays remembered.
            #expect(guardian.noteFailure(of: 5000, now: 20 + Int64(source)) > 0)
        }
        #expect(guardian.sourceCount == AuthenticationGuard.maximumSourceCount)
        #expect(guardian.noteFailure(of: 0, now: 10_000) == 0)
    }

    @Test func aSiegeOverflowsNothing() {
        let guardian = AuthenticationGuard()
        for _ in 0..<1_100_000 { _ = guardian.noteFailure(of: 7, now: 0) }
        #expect(guardian.noteFailure(of: 7, now: 0) == AuthenticationGuard.longestDelayMilliseconds)
    }

    private func delays(
        count: Int, _ guardian: AuthenticationGuard, source: UInt64 = 7, now: Int64 = 0
    ) -> [Int64] {
        (0..<count).map { _ in guardian.noteFailure(of: source, now: now) }
    }
}
