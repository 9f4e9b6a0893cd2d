import Primitives

/// The bits of a value that BITCOUNT and BITPOS look at: `first` up to and including `last`, 0 the highest bit of the
/// first byte.
struct BitRange {
    enum Unit {
        case byte
        case bit

        init?(option: ByteSlice) {
            if option.equalsIgnoringCase("byte") {
                self = .byte
            } else if option.equalsIgnoringCase("bit") {
                self = .bit
            } else {
                return nil
            }
        }
    }

    let firstBit: Int
    let lastBit: Int

    /// Resolves `start` and `end`, which count from the value's end when negative; nil when nothing is left.
    init?(start: Int64, end: Int64, unit: Unit, byteCount: Int) {
        let scale: Int64 = unit == .bit ? 1 : 8
        // A value has at most 512 MB, so its bits fit.
        let total = Int64(byteCount) * (unit == .bit ? 8 : 1)
        let first = max(start < 0 ? start + total : start, 0)
        let last = min(max(end < 0 ? end + total : end, 0), total - 1)
        guard first <= last else { return nil }
        firstBit = Int(first * scale)
        lastBit = Int(last * scale + scale - 1)
    }

    private init(firstBit: Int, lastBit: Int) {
        self.firstBit = firstBit
        self.lastBit = lastBit
    }

    /// The range in parts of at most `byteCount` bytes: the first, and the rest if there is one.
    func split(after byteCount: Int) -> (head: BitRange, tail: BitRange?) {
        let end = (firstBit >> 3 + byteCount) << 3
        guard end <= lastBit else { return (self, nil) }
        return (BitRange(firstBit: firstBit, lastBit: end - 1), BitRange(firstBit: end, lastBit: lastBit))
    }

    /// A mask of the bits of byte `index` that are in the range.
    @inline(__always)
    private func mask(_ index: Int) -> UInt8 {
        var mask: UInt8 = 0xFF
        if index == firstBit >> 3 { mask &= 0xFF >> UInt8(truncatingIfNeeded: firstBit & 7) }
        if index == lastBit >> 3 { mask &= 0xFF << UInt8(truncatingIfNeeded: 7 - (lastBit & 7)) }
        return mask
    }

    /// The number of set bits of `value` in the range. O(n), eight bytes a step.
    ///
    /// - Precondition: the range was made for `value.count` bytes.
    func countOnes(in value: ByteSlice) -> Int {
        let firstByte = firstBit >> 3
        let lastByte = lastBit >> 3
        var count = (value[firstByte] & mask(firstByte)).nonzeroBitCount
        if lastByte == firstByte { return count }
        count += (value[lastByte] & mask(lastByte)).nonzeroBitCount
        var index = firstByte + 1
        let raw = UnsafeRawPointer(value.base)
        while index + 8 <= lastByte {
            count += raw.loadUnaligned(fromByteOffset: index, as: UInt64.self).nonzeroBitCount
            index += 8
        }
        while index < lastByte {
            count += value[index].nonzeroBitCount
            index += 1
        }
        return count
    }

    /// The place of the first bit of `value` in the range that is `bit`, or nil. O(n), eight bytes a step.
    func firstIndex(of bit: Bool, in value: ByteSlice) -> Int? {
        let lastByte = lastBit >> 3
        let raw = UnsafeRawPointer(value.base)
        // Zero bits are looked for as ones of the complement.
        let flip: UInt8 = bit ? 0 : 0xFF
        let skipped: UInt64 = bit ? 0 : .max
        var index = firstBit >> 3
        while index <= lastByte {
            // The last byte may be cut by the mask, so a word must end before it.
            if index > firstBit >> 3, index + 8 <= lastByte,
                raw.loadUnaligned(fromByteOffset: index, as: UInt64.self) == skipped
            {
                index += 8
                continue
            }
            let found = (value[index] ^ flip) & mask(index)
            if found != 0 { return index * 8 + found.leadingZeroBitCount }
            index += 1
        }
        return nil
    }
}
