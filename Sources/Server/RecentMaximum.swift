/// The largest of the numbers noted in the last eight seconds, as Redis keeps them for its `client_recent_max_` fields: one
/// maximum for every second.
struct RecentMaximum {
    static let seconds: Int64 = 8

    private var maxima = SIMD8<Int>(repeating: 0)
    /// The second that was noted last.
    private var second: Int64 = 0

    /// Notes a number at `now`, in milliseconds that never go back.
    mutating func note(_ number: Int, now: Int64) {
        advance(to: now / 1000)
        let place = Int(second % Self.seconds)
        maxima[place] = max(maxima[place], number)
    }

    /// The largest number noted in the eight seconds up to `now`.
    mutating func maximum(now: Int64) -> Int {
        advance(to: now / 1000)
        return maxima.max()
    }

    /// Empties the places of the seconds that have passed.
    private mutating func advance(to newSecond: Int64) {
        guard newSecond > second else { return }
        if newSecond - second >= Self.seconds {
            maxima = SIMD8(repeating: 0)
        } else {
            for passed in (second + 1)...newSecond { maxima[Int(passed % Self.seconds)] = 0 }
        }
        second = newSecond
    }
}
