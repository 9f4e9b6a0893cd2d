/// A rate per second as Redis's instantaneous_* fields have it: the mean of the last 16 samples.
///
/// Redis takes a sample every 100 ms, so that the mean is of the last 1.6 seconds.
public struct RateSampler: Sendable {
    private static let sampleCount = 16

    private var samples = [UInt64](repeating: 0, count: RateSampler.sampleCount)
    private var next = 0
    private var last: (total: UInt64, milliseconds: UInt64)?

    public init() {}

    /// Takes a sample.
    ///
    /// - Parameters:
    ///   - total: the counter, which does not go back.
    ///   - milliseconds: a monotonic time. A sample at the time of the former is not taken.
    public mutating func sample(total: UInt64, milliseconds: UInt64) {
        guard let last else {
            self.last = (total, milliseconds)
            return
        }
        guard milliseconds > last.milliseconds else { return }
        let events = total >= last.total ? total - last.total : 0
        let (scaled, overflow) = events.multipliedReportingOverflow(by: 1000)
        samples[next] = overflow ? .max / UInt64(Self.sampleCount) : scaled / (milliseconds - last.milliseconds)
        next = (next + 1) % Self.sampleCount
        self.last = (total, milliseconds)
    }

    /// Events per second.
    public var perSecond: UInt64 {
        samples.reduce(0) { $0 + min($1, .max / UInt64(Self.sampleCount)) } / UInt64(Self.sampleCount)
    }

    /// Forgets all samples.
    public mutating func reset() { self = RateSampler() }
}
