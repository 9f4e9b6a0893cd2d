import Primitives

/// What the latency monitor watches, by the names of Redis's LATENCY.
public enum LatencyEvent: String, CaseIterable, Sendable {
    case command
    case fastCommand = "fast-command"
    case expireCycle = "expire-cycle"
    case evictionCycle = "eviction-cycle"
}

/// Events that took longer than `latency-monitor-threshold`: what LATENCY LATEST, HISTORY and RESET work on.
///
/// Thread-safe by a lock, which only slow events take.
public final class LatencyMonitor: Sendable {
    /// Samples that are kept per event.
    public static let maximumSamples = 160

    public struct Sample: Sendable, Equatable {
        public let unixSeconds: Int64
        public let milliseconds: Int64
    }

    /// An event with its last sample.
    public struct Latest: Sendable {
        public let event: LatencyEvent
        public let sample: Sample
        /// The longest since the last reset.
        public let maximumMilliseconds: Int64
    }

    private struct Series: Sendable {
        var ring = Ring<Sample>(limit: maximumSamples)
        var maximumMilliseconds: Int64 = 0
    }

    private let series = Locked<[LatencyEvent: Series]>([:])

    public init() {}

    /// Adds a sample. The threshold is the caller's to check. Of one second the longest counts.
    public func record(_ event: LatencyEvent, milliseconds: Int64, unixSeconds: Int64) {
        let sample = Sample(unixSeconds: unixSeconds, milliseconds: milliseconds)
        series.withLock { series in
            var mine = series[event] ?? Series()
            mine.maximumMilliseconds = max(mine.maximumMilliseconds, milliseconds)
            if let newest = mine.ring.newest, newest.unixSeconds == unixSeconds {
                if milliseconds > newest.milliseconds { mine.ring.newest = sample }
            } else {
                mine.ring.append(sample)
            }
            series[event] = mine
        }
    }

    /// The events that have samples, in the order of `LatencyEvent`.
    public var latest: [Latest] {
        series.withLock { series in
            LatencyEvent.allCases.compactMap { event in
                guard let mine = series[event], let newest = mine.ring.newest else { return nil }
                return Latest(event: event, sample: newest, maximumMilliseconds: mine.maximumMilliseconds)
            }
        }
    }

    /// The samples of an event from the oldest to the newest, at most 160.
    public func history(_ event: LatencyEvent) -> [Sample] {
        series.withLock { $0[event]?.ring.elements ?? [] }
    }

    /// Forgets the samples of `events`, or of all when nil, and returns the number of events that had any.
    @discardableResult
    public func reset(_ events: [LatencyEvent]? = nil) -> Int {
        series.withLock { series in
            (events ?? LatencyEvent.allCases).count { series.removeValue(forKey: $0) != nil }
        }
    }
}
