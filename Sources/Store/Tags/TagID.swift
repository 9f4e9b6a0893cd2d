/// The number of a tag while any entry bears it: the stripe in the low byte, the slot within the stripe above.
///
/// Not used for another tag before the last entry that bears it is freed, so whoever holds such an entry may read the slot without
/// a lock.
struct TagID: Equatable, Hashable {
    let rawValue: UInt32

    @inline(__always)
    init(rawValue: UInt32) { self.rawValue = rawValue }

    @inline(__always)
    init(stripe: Int, index: Int) { rawValue = UInt32(index) << 8 | UInt32(stripe) }

    @inline(__always) var stripe: Int { Int(rawValue & 0xFF) }
    @inline(__always) var index: Int { Int(rawValue >> 8) }

    /// Slots that a stripe may have.
    static let indexLimit = 1 << 24
}
