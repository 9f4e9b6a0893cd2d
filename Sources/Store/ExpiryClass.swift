/// When the expiry sweep has to look at an entry: four bits in its slot, so that the sweep finds due entries by reading
/// buckets, not entries, and without a second table.
///
/// Time is counted in ticks of a second since the store began. Class 0 has no deadline. An entry of class k + 1 is looked at on
/// every tick that is a multiple of 2^k. It gets the largest k that still has such a multiple between now and its due tick: the
/// highest bit in which the two ticks differ. On each look it moves to a smaller class until it is due: a hierarchical
/// timing wheel (Varghese and Lauck 1987) with no lists, at most 15 looks in an entry's life.
enum ExpiryClass {
    static let none: UInt8 = 0
    static let maximum: UInt8 = 15
    static let tickMilliseconds: Int64 = 1000

    /// The first tick on which an entry with this deadline is expired.
    @inline(__always)
    static func dueTick(deadline: Int64) -> Int64 {
        // Rounded up without overflow at Int64.max - 1.
        deadline / tickMilliseconds + (deadline % tickMilliseconds > 0 ? 1 : 0)
    }

    /// The class of an entry with `deadline` as seen from tick `now`, and the tick of its next look.
    @inline(__always)
    static func of(deadline: Int64, tick now: UInt32) -> (class: UInt8, nextVisit: UInt32) {
        let due = dueTick(deadline: deadline)
        let difference = due ^ Int64(now)
        let exponent: Int
        if due <= Int64(now) || difference == 0 {
            exponent = 0
        } else {
            exponent = min(63 - difference.leadingZeroBitCount, Int(maximum) - 1)
        }
        return (UInt8(exponent + 1), nextVisit(exponent: exponent, after: now))
    }

    /// The first multiple of 2^exponent behind `tick`.
    @inline(__always)
    static func nextVisit(exponent: Int, after tick: UInt32) -> UInt32 {
        // Ticks are seconds of process life: 2^32 of them are 136 years, so the sum does not wrap.
        ((tick >> UInt32(exponent)) &+ 1) << UInt32(exponent)
    }

    /// Whether a class has a look between `first` and `tick`, both included.
    @inline(__always)
    static func isDue(_ expiryClass: UInt8, from first: UInt32, to tick: UInt32) -> Bool {
        guard expiryClass > 0, tick >= first else { return false }
        let exponent = UInt32(expiryClass - 1)
        if first == 0 { return true }
        return tick >> exponent > (first &- 1) >> exponent
    }
}
