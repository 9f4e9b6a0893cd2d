import Testing

@testable import Server

@Suite struct ConnectionTimesTests {
    private let calm = ConnectionTimes.Situation(
        isAuthenticated: true, isHeld: false, inputByteCount: 0, idleSeconds: 0, softLimitSeconds: 10)

    @Test func waitsForEverByDefault() {
        let times = ConnectionTimes(connected: 1000, lastInput: 1000)
        #expect(times.expiry(at: .max / 2, calm) == nil)
    }

    @Test func givesTenSecondsToAuthenticate() {
        var situation = calm
        situation.isAuthenticated = false
        let times = ConnectionTimes(connected: 1000, lastInput: 1000)
        #expect(times.expiry(at: 10_999, situation) == nil)
        #expect(times.expiry(at: 11_000, situation) == .authentication)
    }

    @Test func givesARequestAMinuteAndMoreForEveryByte() {
        var situation = calm
        let times = ConnectionTimes(connected: 1, lastInput: 1, requestBegan: 1000)
        #expect(times.expiry(at: 60_999, situation) == nil)
        #expect(times.expiry(at: 61_000, situation) == .request)
        situation.inputByteCount = 10 * 16_384
        #expect(times.expiry(at: 70_999, situation) == nil)
        #expect(times.expiry(at: 71_000, situation) == .request)
        situation.isHeld = true
        #expect(times.expiry(at: 71_000, situation) == nil, "we do not read it")
    }

    @Test func closesIdleClientsAsConfigured() {
        var situation = calm
        situation.idleSeconds = 5
        let times = ConnectionTimes(connected: 1000, lastInput: 2000)
        #expect(times.expiry(at: 7000, situation) == nil)
        #expect(times.expiry(at: 7001, situation) == .idle)
        situation.isHeld = true
        #expect(times.expiry(at: 7001, situation) == nil)
    }

    @Test func boundsTheStayOverTheSoftLimitAndLingering() {
        var situation = calm
        situation.isHeld = true
        let throttled = ConnectionTimes(connected: 1, lastInput: 1, exceededSoftLimit: 1000)
        #expect(throttled.expiry(at: 10_999, situation) == nil)
        #expect(throttled.expiry(at: 11_000, situation) == .softLimit)
        let lingering = ConnectionTimes(connected: 1, lastInput: 1, lingers: 1000)
        #expect(lingering.expiry(at: 1999, situation) == nil)
        #expect(lingering.expiry(at: 2000, situation) == .linger)
    }
}
