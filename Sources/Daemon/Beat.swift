import CPrimitives

/// Something that is to be done again and again.
struct Beat {
    private let periodMilliseconds: Int
    private var due: UInt64

    init(periodMilliseconds: Int) {
        self.periodMilliseconds = max(1, periodMilliseconds)
        due = Beat.now + UInt64(self.periodMilliseconds)
    }

    /// Milliseconds until it is due again, at least 0.
    var restMilliseconds: Int { due > Beat.now ? Int(due - Beat.now) : 0 }

    /// Whether it is due; if so the next period begins.
    mutating func isDue() -> Bool {
        guard Beat.now >= due else { return false }
        due = Beat.now + UInt64(periodMilliseconds)
        return true
    }

    private static var now: UInt64 { nc_monotonic_nanoseconds() / 1_000_000 }
}
