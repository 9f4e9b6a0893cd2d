import CXXHash
import Primitives

/// A condition on the value a key holds: SET's and DELEX's IFEQ, IFNE, IFDEQ and IFDNE.
struct ValueCondition {
    enum Comparison {
        case equal
        case notEqual
        case digestEqual
        case digestNotEqual

        init?(option: ByteSlice) {
            if option.equalsIgnoringCase("ifeq") {
                self = .equal
            } else if option.equalsIgnoringCase("ifne") {
                self = .notEqual
            } else if option.equalsIgnoringCase("ifdeq") {
                self = .digestEqual
            } else if option.equalsIgnoringCase("ifdne") {
                self = .digestNotEqual
            } else {
                return nil
            }
        }
    }

    let comparison: Comparison
    let operand: ByteSlice

    /// Whether the condition holds for a key that does not exist: SET's IFNE and IFDNE create it.
    var holdsWithoutValue: Bool { comparison == .notEqual || comparison == .digestNotEqual }

    /// Whether the condition holds for `value`. O(n).
    ///
    /// Redis checks the digest's length here, not when it parses: with no value there is nothing to compare.
    func holds(for value: ByteSlice) throws(ArgumentFailure) -> Bool {
        switch comparison {
        case .equal: return value.equals(operand)
        case .notEqual: return !value.equals(operand)
        case .digestEqual: return try ValueDigest(of: value).matches(operand)
        case .digestNotEqual: return try !ValueDigest(of: value).matches(operand)
        }
    }
}

/// A value's digest: XXH3 with 64 bits, as 16 lower-case hexadecimal digits.
struct ValueDigest {
    static let textCount = 16

    let hash: UInt64

    init(of value: ByteSlice) { hash = nc_xxh3_64(value.base, value.count) }

    /// Writes the digits.
    ///
    /// - Parameter target: has room for `textCount` bytes.
    func write(to target: UnsafeMutablePointer<UInt8>) {
        for index in 0..<Self.textCount {
            let digit = UInt8(truncatingIfNeeded: hash >> UInt64(60 - 4 * index)) & 0xF
            target[index] = digit < 10 ? 0x30 + digit : 0x57 + digit
        }
    }

    /// Whether `text` spells this digest, in either case.
    func matches(_ text: ByteSlice) throws(ArgumentFailure) -> Bool {
        guard text.count == Self.textCount else { throw .wrongDigestCount }
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.textCount) { digits in
            guard let base = digits.baseAddress else { return false }
            write(to: base)
            for index in 0..<Self.textCount where text[index].asciiLowercase != base[index] { return false }
            return true
        }
    }
}
