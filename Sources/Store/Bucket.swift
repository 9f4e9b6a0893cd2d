import CPrimitives

/// A cache line of seven slots.
///
///      0      1      2      3      4      5      6      7           8        16             64
///     ┌──────┬──────┬──────┬──────┬──────┬──────┬──────┬───────────┬────────┬──── ─ ─ ─ ───┐
///     │ tag 0│ tag 1│ tag 2│ tag 3│ tag 4│ tag 5│ tag 6│ overflow  │ slot 0 │ slots 1 to 6 │
///     └──────┴──────┴──────┴──────┴──────┴──────┴──────┴───────────┴────────┴──── ─ ─ ─ ───┘
///
/// A tag of 0 marks an empty slot. `overflow` counts the entries whose home lies here or before and that had to go past this
/// bucket: a lookup goes on to the next bucket only while it is not 0 (the scheme of Facebook's F14). A count that
/// reached 255 stays there until the segment is rebuilt.
struct Bucket {
    static let size = 64
    static let slotCount = 7
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let lows: UInt64 = 0x7F7F_7F7F_7F7F_7F7F
    private static let laneMask: UInt64 = 0x0080_8080_8080_8080

    let pointer: UnsafeMutableRawPointer

    @inline(__always)
    init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }

    @inline(__always)
    var header: UInt64 { nc_load64(pointer) }

    /// One bit (0x80) for each lane whose tag is `tag`, exactly: no false positives, unlike the shorter trick.
    @inline(__always)
    static func lanes(of header: UInt64, tagged tag: UInt8) -> UInt64 {
        let difference = header ^ (ones &* UInt64(tag))  // 255 × 0x0101… fits 64 bits
        let nonZero = (difference & lows) &+ lows  // 0x7F + 0x7F in each byte: no carry between bytes
        return ~(nonZero | difference | lows) & laneMask
    }

    @inline(__always)
    static func lane(of mask: UInt64) -> Int { mask.trailingZeroBitCount &>> 3 }

    @inline(__always)
    var overflow: UInt8 { UInt8(truncatingIfNeeded: header >> 56) }

    @inline(__always)
    func tag(_ lane: Int) -> UInt8 { pointer.load(fromByteOffset: lane, as: UInt8.self) }

    @inline(__always)
    func setTag(_ lane: Int, _ tag: UInt8) { pointer.storeBytes(of: tag, toByteOffset: lane, as: UInt8.self) }

    @inline(__always)
    func slot(_ lane: Int) -> UnsafeMutablePointer<Slot> {
        (pointer + 8 + lane &* 8).assumingMemoryBound(to: Slot.self)  // lane is 0...6
    }

    @inline(__always)
    func countOverflow() {
        let value = overflow
        if value < 255 { pointer.storeBytes(of: value + 1, toByteOffset: 7, as: UInt8.self) }
    }

    @inline(__always)
    func discountOverflow() {
        let value = overflow
        if value > 0, value < 255 { pointer.storeBytes(of: value - 1, toByteOffset: 7, as: UInt8.self) }
    }

    /// One bit for each lane that holds an entry.
    @inline(__always)
    var occupied: UInt64 { ~Bucket.lanes(of: header, tagged: 0) & Bucket.laneMask }
}
