import Configuration
import Store
import Synchronization

/// `refresh-ahead`: before an entry expires LEASE GET elects one client that computes the next value, so that nobody has to wait for
/// it. At random, and the likelier the nearer the end: many entries that expire together are not computed together.
///
/// Source: Vattani, Chierichetti, Lowenstein, "Optimal Probabilistic Cache Stampede Prevention" (VLDB 2015), where an
/// entry has the time that its own computation took. Here it is the mean of the last ones under any lease: it costs an entry nothing.
final class EarlyRefresh: Sendable {
    /// Weight of the last computation: an eighth.
    private static let share: Int64 = 8

    /// The mean time between a lease and its value, in microseconds.
    private let meanMicroseconds = Atomic<Int64>(0)

    var computingMicroseconds: Int64 { meanMicroseconds.load(ordering: .relaxed) }

    /// Takes in that a value came so long after its lease. One of two at the same moment may be lost.
    func noteComputation(milliseconds: Int64) {
        let mean = computingMicroseconds
        let sample = milliseconds * 1000  // a lease is held for an hour at the most
        let next = mean == 0 ? sample : mean + (sample - mean) / EarlyRefresh.share
        meanMicroseconds.store(next, ordering: .relaxed)
    }

    /// Whether whoever reads an entry now that ends in `remainingMilliseconds` is to compute the next value.
    ///
    /// - Parameters:
    ///   - percent: by how much earlier, or later, than the mean computing time suggests: 100 for just so.
    ///   - random: from 0 up to 1.
    static func isDue(
        remainingMilliseconds: Int64, computingMicroseconds: Int64, percent: Int, random: Double
    ) -> Bool {
        guard random > 0 else { return true }
        // The logarithm to the base of 2, up to 0.09: it decides about luck.
        let logarithm = Double(random.exponent) + (random.significand - 1)
        let ahead = -logarithm * 0.6931 * Double(computingMicroseconds) * Double(percent) / 100
        return Double(remainingMilliseconds) * 1000 <= ahead
    }
}

extension Call {
    /// Whether the caller is to compute the next value of a live entry.
    func refreshesAhead(_ entry: EntryHandle) -> Bool {
        let percent = executor.settings.refreshAheadPercent
        guard percent > 0, entry.expiry != Entry.noExpiry else { return false }
        let mean = shared.earlyRefresh.computingMicroseconds
        guard mean > 0 else { return false }
        var generator = SystemRandomNumberGenerator()
        return EarlyRefresh.isDue(
            remainingMilliseconds: max(entry.expiry - nowMilliseconds, 0), computingMicroseconds: mean,
            percent: percent, random: Double.random(in: 0..<1, using: &generator))
    }
}
