import Primitives
import Store
import Telemetry

/// What INFO needs beside the plain counts: rates, the memory's peak, and the sums that CONFIG RESETSTAT counts from where
/// those who count keep none. One per process, part of `SharedState`.
public final class Diagnostics: Sendable {
    private let state = Locked(State())

    private struct State: Sendable {
        var expired: UInt64 = 0
        var evicted: UInt64 = 0
        var startupBytes = 0
        var peakBytes = 0
        var commandRate = RateSampler()
        var inputRate = RateSampler()
        var outputRate = RateSampler()
    }

    public init() {}

    /// Counts from now on.
    func reset(_ shared: SharedState, locking: Bool) {
        let store = shared.store.statistics(locking: locking)
        state.withLock { state in
            state.expired = store.expiredCount
            state.evicted = store.evictedCount
            state.peakBytes = store.totalBytes
        }
    }

    /// Notes the present for rates and peak. One loop calls it about ten times a second. O(shards + loops).
    public func sample(_ shared: SharedState, nowMilliseconds: Int64) {
        let now = UInt64(clamping: nowMilliseconds)
        let commands = shared.counters.total(.commandsProcessed)
        let server = shared.control?.statistics ?? ServerStatistics()
        let used = shared.store.statistics().totalBytes
        state.withLock { state in
            state.commandRate.sample(total: commands, milliseconds: now)
            state.inputRate.sample(total: server.inputBytes, milliseconds: now)
            state.outputRate.sample(total: server.outputBytes, milliseconds: now)
            state.peakBytes = max(state.peakBytes, used)
            if state.startupBytes == 0 { state.startupBytes = used }
        }
    }

    /// Writes what is kept here into `facts`, whose counts are sums since the start.
    func complete(_ facts: inout ServerFacts) {
        state.withLock { state in
            facts.statistics.expiredCount &-= state.expired  // an earlier value of the same sum
            facts.statistics.evictedCount &-= state.evicted
            facts.statistics.commandsPerSecond = Int(clamping: state.commandRate.perSecond)
            facts.statistics.inputKilobytesPerSecond = Double(state.inputRate.perSecond) / 1024
            facts.statistics.outputKilobytesPerSecond = Double(state.outputRate.perSecond) / 1024
            state.peakBytes = max(state.peakBytes, facts.memory.usedBytes)
            facts.memory.peakBytes = state.peakBytes
            facts.memory.startupBytes = state.startupBytes
        }
    }
}
