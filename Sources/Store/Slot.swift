import CPrimitives

/// One place of a bucket: a pointer to an entry with everything the store wants to know without touching the entry.
///
///      63        56 55        48 47                          4 3       0
///     ┌────────────┬────────────┬─────────────────────────────┬─────────┐
///     │ eviction   │ hash high  │ pointer, bits 47...4        │ expiry  │
///     └────────────┴────────────┴─────────────────────────────┴─────────┘
///
/// Entries are aligned to 16 and user space ends below 2^47, so 20 bits of a pointer are free. `eviction` belongs to the
/// policy (`EvictionState`), `hash high` is the upper byte of the key's fragment (`Fragment`), `expiry` the entry's
/// `ExpiryClass`. Eviction and expiry therefore cost no bytes and no further cache line.
struct Slot {
    var word: UInt64

    @inline(__always)
    init(word: UInt64) { self.word = word }

    @inline(__always)
    init(entry: Entry, fragment: Fragment, expiryClass: UInt8, metadata: UInt8) {
        let pointer = UInt64(UInt(bitPattern: entry.pointer))
        precondition(pointer & ~Slot.pointerMask == 0, "an entry lies where 44 bits cannot point")
        word = pointer | UInt64(expiryClass) | UInt64(fragment.high) << 48 | UInt64(metadata) << 56
    }

    static let pointerMask: UInt64 = 0x0000_FFFF_FFFF_FFF0
    private static let expiryMask: UInt64 = 0xF
    private static let metadataMask: UInt64 = 0xFF << 56

    @inline(__always)
    var entry: Entry {
        // The word was made from an entry's pointer, so the masked bits are not zero.
        Entry(UnsafeMutableRawPointer(bitPattern: UInt(word & Slot.pointerMask)).unsafelyUnwrapped)
    }
    @inline(__always)
    var hashHigh: UInt8 { UInt8(truncatingIfNeeded: word >> 48) }

    @inline(__always)
    var expiryClass: UInt8 {
        get { UInt8(truncatingIfNeeded: word & Slot.expiryMask) }
        set { word = word & ~Slot.expiryMask | UInt64(newValue & 0xF) }
    }
    @inline(__always)
    var metadata: UInt8 {
        get { UInt8(truncatingIfNeeded: word >> 56) }
        set { word = word & ~Slot.metadataMask | UInt64(newValue) << 56 }
    }
    /// The same slot under another fragment of the hash.
    @inline(__always)
    func with(_ fragment: Fragment) -> Slot { Slot(word: word & ~(0xFF << 48) | UInt64(fragment.high) << 48) }

    @inline(__always)
    mutating func replaceEntry(_ entry: Entry, expiryClass: UInt8) {
        let pointer = UInt64(UInt(bitPattern: entry.pointer))
        precondition(pointer & ~Slot.pointerMask == 0, "an entry lies where 44 bits cannot point")
        word = word & ~(Slot.pointerMask | Slot.expiryMask) | pointer | UInt64(expiryClass)
    }
}

/// The 16 bits of a key's hash that follow those that chose its segment.
///
/// They choose the home bucket and are kept in the slot, so a segment is resized without touching an entry. The low byte is
/// the tag in the bucket's header, where 0 means empty: a low byte of 0 becomes 1, here, before anything is derived from it.
struct Fragment: Equatable {
    var bits: UInt16

    @inline(__always)
    init(bits: UInt16) { self.bits = bits & 0xFF == 0 ? bits | 1 : bits }

    /// - Parameter depth: how many leading bits of the hash chose the segment, at most 38.
    @inline(__always)
    init(hash: UInt64, depth: UInt8) {
        self.init(bits: UInt16(truncatingIfNeeded: (hash << UInt64(depth)) >> 48))
    }

    @inline(__always)
    init(tag: UInt8, high: UInt8) { bits = UInt16(high) << 8 | UInt16(tag) }

    @inline(__always)
    var tag: UInt8 { UInt8(truncatingIfNeeded: bits) }
    @inline(__always)
    var high: UInt8 { UInt8(truncatingIfNeeded: bits >> 8) }

    /// The home bucket among `bucketCount`: monotonic in the hash, so that SCAN walks in the order of the hash.
    @inline(__always)
    func home(bucketCount: Int) -> Int { Fragment.home(bits: bits, bucketCount: bucketCount) }

    /// `home` of any 16 bits of a hash, a position's too.
    @inline(__always)
    static func home(bits: UInt16, bucketCount: Int) -> Int {
        (Int(bits) &* bucketCount) &>> 16  // 65535 × 512 at most
    }
}
