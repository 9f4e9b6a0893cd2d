import Primitives
import RESP

/// What a lease's holder shows to prove that it holds it: on the wire 16 hexadecimal digits, text, since not every client can hold
/// 64 bits in a number.
struct LeaseToken: Equatable {
    static let digitCount = 16

    let rawValue: UInt64

    init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Reads digits of either case.
    init(_ text: ByteSlice) throws(ArgumentFailure) {
        guard text.count == Self.digitCount else { throw .leaseToken }
        var value: UInt64 = 0
        for index in 0..<text.count {
            let byte = text[index].asciiLowercase
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(byte - UInt8(ascii: "a") + 10)
            default: throw .leaseToken
            }
        }
        rawValue = value
    }

    func reply(_ writer: ReplyWriter) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.digitCount) { digits in
            for index in 0..<Self.digitCount {
                let digit = UInt8(truncatingIfNeeded: rawValue >> UInt64(60 - 4 * index)) & 15
                digits[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
            }
            // A temporary allocation of 16 bytes has an address.
            writer.bulk(ByteSlice(base: digits.baseAddress.unsafelyUnwrapped, count: Self.digitCount))
        }
    }
}
