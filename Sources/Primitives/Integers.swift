/// Decimal text to integers and back, by Redis's strict rules (`string2ll`): no leading zero, plus sign or space,
/// nothing behind the last digit.

extension ByteSlice {
    /// The signed 64-bit integer that the bytes spell, or nil when they spell none or one out of range.
    ///
    /// "-0", "01", "+1", " 1" and "" are no integers: Redis refuses them, and a value accepted here must print back as
    /// the same bytes (entries hold numbers unprinted).
    public var int64: Int64? {
        guard count > 0, count <= 20 else { return nil }
        var index = 0
        let negative = base[0] == 0x2D
        if negative {
            index = 1
            guard count > 1 else { return nil }
        }
        let first = base[index] &- 0x30
        guard first < 10 else { return nil }
        if first == 0 { return count == 1 ? 0 : nil }
        var magnitude = UInt64(first)
        index += 1
        while index < count {
            let digit = base[index] &- 0x30
            guard digit < 10 else { return nil }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            magnitude = sum
            index += 1
        }
        if negative {
            guard magnitude <= UInt64(Int64.max) + 1 else { return nil }
            return Int64(truncatingIfNeeded: 0 &- magnitude)
        }
        return Int64(exactly: magnitude)
    }

    /// The unsigned 64-bit integer that the bytes spell, or nil.
    public var uint64: UInt64? {
        guard count > 0, count <= 20 else { return nil }
        if base[0] == 0x30 { return count == 1 ? 0 : nil }
        var magnitude: UInt64 = 0
        for i in 0..<count {
            let digit = base[i] &- 0x30
            guard digit < 10 else { return nil }
            let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
            guard !overflow, !carry else { return nil }
            magnitude = sum
        }
        return magnitude
    }
}

/// Decimal digits of integers, written to raw memory.
public enum Decimal {
    /// The most bytes that a 64-bit integer takes: a sign and 19 digits, or 20 digits.
    public static let maximumCount = 20

    /// The number of digits of `value`, 1 to 20.
    @inline(__always)
    public static func digitCount(_ value: UInt64) -> Int {
        var count = 1
        var rest = value
        while rest >= 10_000 {
            rest /= 10_000
            count += 4
        }
        if rest >= 1_000 { return count + 3 }
        if rest >= 100 { return count + 2 }
        if rest >= 10 { return count + 1 }
        return count
    }

    /// The bytes that `value` takes as text, 1 to 20.
    @inline(__always)
    public static func textCount(_ value: Int64) -> Int {
        value < 0 ? 1 + digitCount(value.magnitude) : digitCount(UInt64(value))
    }

    /// Writes `value` and returns the number of bytes written, 1 to 20.
    ///
    /// - Parameter target: has room for `maximumCount` bytes, or for `digitCount(value)`.
    @inline(__always)
    @discardableResult
    public static func write(_ value: UInt64, to target: UnsafeMutablePointer<UInt8>) -> Int {
        let count = digitCount(value)
        var rest = value
        var index = count
        repeat {
            index &-= 1  // count is the number of digits, so index stays at or above 0
            let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
            target[index] = 0x30 &+ UInt8(truncatingIfNeeded: digit)
            rest = quotient
        } while rest != 0
        return count
    }

    /// Writes `value` with a sign if negative and returns the number of bytes written, 1 to 20.
    @inline(__always)
    @discardableResult
    public static func write(_ value: Int64, to target: UnsafeMutablePointer<UInt8>) -> Int {
        guard value < 0 else { return write(UInt64(value), to: target) }
        target[0] = 0x2D
        return 1 + write(value.magnitude, to: target + 1)
    }
}
