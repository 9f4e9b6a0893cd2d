import CLinux
import CPrimitives

/// A borrowed run of bytes: a pointer and a count, nothing else.
///
/// Keys and values are bytes, never `String`: Swift's string equality is Unicode's canonical equivalence, under which
/// two different keys may be "equal". The slice does not own its memory and is valid only as long as the buffer it
/// points into; it is a trivial type, so passing it costs no reference counting.
///
/// An empty slice has a valid, non-null base.
@frozen
public struct ByteSlice {
    public let base: UnsafePointer<UInt8>
    public let count: Int

    @inline(__always)
    public init(base: UnsafePointer<UInt8>, count: Int) {
        self.base = base
        self.count = count
    }

    /// The byte at `index`; bounds are checked in debug builds only: the caller proves `0 <= index < count`.
    @inline(__always)
    public subscript(index: Int) -> UInt8 {
        assert(index >= 0 && index < count)
        return base[index]
    }

    /// The bytes from `start` up to `end`; both are clamped to the slice.
    @inline(__always)
    public func slice(from start: Int, to end: Int) -> ByteSlice {
        let lower = min(max(start, 0), count)
        let upper = min(max(end, lower), count)
        return ByteSlice(base: base + lower, count: upper - lower)
    }

    /// The slice without its first `n` bytes.
    @inline(__always)
    public func dropFirst(_ n: Int) -> ByteSlice { slice(from: n, to: count) }

    @inline(__always)
    public var isEmpty: Bool { count == 0 }

    /// The bytes as a buffer pointer.
    @inline(__always)
    public var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

    /// Whether both hold the same bytes. O(n).
    @inline(__always)
    public func equals(_ other: ByteSlice) -> Bool {
        count == other.count && memcmp(base, other.base, count) == 0
    }

    /// Whether the bytes are `text`'s, byte for byte.
    @inline(__always)
    public func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && memcmp(base, text.utf8Start, count) == 0
    }

    /// Whether the bytes are `lowercase`'s when the ASCII letters of the slice are folded to lower case.
    ///
    /// - Parameter lowercase: ASCII text without upper-case letters.
    public func equalsIgnoringCase(_ lowercase: StaticString) -> Bool {
        guard count == lowercase.utf8CodeUnitCount else { return false }
        for i in 0..<count where base[i].asciiLowercase != lowercase.utf8Start[i] { return false }
        return true
    }

    /// Whether the bytes begin with `prefix`'s.
    public func hasPrefix(_ prefix: ByteSlice) -> Bool {
        count >= prefix.count && memcmp(base, prefix.base, prefix.count) == 0
    }

    /// The order of memcmp, the shorter first when one begins the other: negative, zero or positive.
    public func compare(_ other: ByteSlice) -> Int {
        let order = memcmp(base, other.base, min(count, other.count))
        return order != 0 ? Int(order) : count - other.count
    }

    /// A copy as an array. Allocates.
    public var array: [UInt8] { Array(buffer) }

    /// The bytes as text, invalid UTF-8 repaired. Allocates: for logs and rare replies.
    public var string: String { String(decoding: buffer, as: UTF8.self) }
}

/// Static text as a slice: its storage lives as long as the process.
extension StaticString {
    @inline(__always)
    public var slice: ByteSlice { ByteSlice(base: utf8Start, count: utf8CodeUnitCount) }
}

extension UInt8 {
    /// The byte with an ASCII upper-case letter folded to lower case.
    @inline(__always)
    public var asciiLowercase: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

    /// The byte with an ASCII lower-case letter folded to upper case.
    @inline(__always)
    public var asciiUppercase: UInt8 { self &- 0x61 < 26 ? self & 0xDF : self }

    /// Whether the byte is an ASCII digit.
    @inline(__always)
    public var isASCIIDigit: Bool { self &- 0x30 < 10 }
}

/// Calls `body` with `text`'s UTF-8 bytes as a slice.
@inline(__always)
public func withSlice<Result>(of text: String, _ body: (ByteSlice) throws -> Result) rethrows -> Result {
    var text = text
    return try text.withUTF8 { buffer in
        // An empty string may have no storage; an empty slice must have a base.
        guard let base = buffer.baseAddress else { return try body(("" as StaticString).slice) }
        return try body(ByteSlice(base: base, count: buffer.count))
    }
}
