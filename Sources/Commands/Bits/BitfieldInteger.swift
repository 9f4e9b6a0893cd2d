import Primitives

/// An integer of a bitfield: `i5` is signed with 5 bits, `u8` unsigned with 8.
struct BitfieldInteger: Equatable {
    enum Overflow {
        case wrap
        case saturate
        case fail

        init?(option: ByteSlice) {
            if option.equalsIgnoringCase("wrap") {
                self = .wrap
            } else if option.equalsIgnoringCase("sat") {
                self = .saturate
            } else if option.equalsIgnoringCase("fail") {
                self = .fail
            } else {
                return nil
            }
        }
    }

    let isSigned: Bool
    /// 1 to 64 when signed, 1 to 63 otherwise: replies are signed 64-bit integers.
    let bitCount: Int

    init?(_ text: ByteSlice) {
        guard text.count >= 2 else { return nil }
        switch text[0] {
        case UInt8(ascii: "i"): isSigned = true
        case UInt8(ascii: "u"): isSigned = false
        default: return nil
        }
        guard let count = text.dropFirst(1).int64, count >= 1, count <= (isSigned ? 64 : 63) else { return nil }
        bitCount = Int(count)
    }

    var minimum: Int64 { isSigned ? -1 << Int64(bitCount - 1) : 0 }
    var maximum: Int64 { Int64(bitPattern: UInt64.max >> UInt64(64 - bitCount + (isSigned ? 1 : 0))) }

    /// Reads the integer at bit `offset`; bits behind the value's end are zero.
    func read(_ value: ByteSlice, at offset: Int) -> Int64 {
        var bits: UInt64 = 0
        for bit in offset..<(offset + bitCount) {
            let byte = bit >> 3
            let isSet = byte < value.count && value[byte] & (0x80 >> UInt8(truncatingIfNeeded: bit & 7)) != 0
            bits = bits << 1 | (isSet ? 1 : 0)
        }
        return extended(bits)
    }

    /// Writes the lowest `bitCount` bits of `number` at bit `offset`.
    ///
    /// - Parameter bytes: reaches at least to the integer's last bit.
    func write(_ number: Int64, _ bytes: UnsafeMutablePointer<UInt8>, at offset: Int) {
        for index in 0..<bitCount {
            let bit = offset + index
            let mask: UInt8 = 0x80 >> UInt8(truncatingIfNeeded: bit & 7)
            if number >> Int64(bitCount - 1 - index) & 1 != 0 {
                bytes[bit >> 3] |= mask
            } else {
                bytes[bit >> 3] &= ~mask
            }
        }
    }

    /// `old + increment` under the overflow rule; nil when the rule is to fail and the sum does not fit.
    func sum(_ old: Int64, _ increment: Int64, _ overflow: Overflow) -> Int64? {
        let (sum, overflowed) = old.addingReportingOverflow(increment)
        // Past 64 bits the wrapped sum has the wrong sign: the increment's sign says which end was passed.
        if overflowed { return handle(sum, isAbove: increment > 0, overflow) }
        return fitted(sum, overflow)
    }

    /// `number` under the overflow rule, as SET stores it.
    ///
    /// For an unsigned integer a negative number is above the maximum, not below the minimum: Redis reads its 64
    /// bits as unsigned.
    func fittedForSetting(_ number: Int64, _ overflow: Overflow) -> Int64? {
        if !isSigned, number < 0 { return handle(number, isAbove: true, overflow) }
        return fitted(number, overflow)
    }

    private func fitted(_ number: Int64, _ overflow: Overflow) -> Int64? {
        if number > maximum { return handle(number, isAbove: true, overflow) }
        if number < minimum { return handle(number, isAbove: false, overflow) }
        return number
    }

    private func handle(_ number: Int64, isAbove: Bool, _ overflow: Overflow) -> Int64? {
        switch overflow {
        case .wrap: extended(UInt64(bitPattern: number))
        case .saturate: isAbove ? maximum : minimum
        case .fail: nil
        }
    }

    /// The lowest `bitCount` bits as a number, the sign bit extended.
    private func extended(_ bits: UInt64) -> Int64 {
        let unused = UInt64(64 - bitCount)
        let top = bits << unused
        return isSigned ? Int64(bitPattern: top) >> Int64(unused) : Int64(bitPattern: top >> unused)
    }
}
