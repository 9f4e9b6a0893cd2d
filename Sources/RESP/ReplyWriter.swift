import CPrimitives
import Primitives

/// Writes replies into a buffer, as RESP2 or RESP3. A trivial value, made anew for each command.
@frozen
public struct ReplyWriter {
    public let buffer: UnsafeMutablePointer<ReplyBuffer>
    /// 2 or 3.
    public var version: Int32

    /// What a header line takes at most: a marker, a sign, 20 digits, CR LF.
    private static let headerCapacity = 24

    @inline(__always)
    public init(_ buffer: UnsafeMutablePointer<ReplyBuffer>, version: Int32) {
        self.buffer = buffer
        self.version = version
    }

    // MARK: Lines

    /// `+OK`.
    @inline(__always)
    public func ok() { raw("+OK\r\n") }

    /// `+text`. For text that is not ours to choose there are `bulk` and `error`: this one is not searched for CR LF.
    @inline(__always)
    public func simple(_ text: StaticString) {
        let target = buffer.pointee.reserve(text.utf8CodeUnitCount + 3)
        target[0] = UInt8(ascii: "+")
        memcpy(target + 1, text.utf8Start, text.utf8CodeUnitCount)
        Self.writeLineEnd(target + 1 + text.utf8CodeUnitCount)
        buffer.pointee.advance(text.utf8CodeUnitCount + 3)
    }

    /// `:value`.
    @inline(__always)
    public func integer(_ value: Int64) {
        let target = buffer.pointee.reserve(Self.headerCapacity)
        if value >= 0, value < 10 {
            nc_store32(target, 0x0A0D_303A | UInt32(truncatingIfNeeded: value) << 8)  // ":d\r\n"
            buffer.pointee.advance(4)
            return
        }
        target[0] = UInt8(ascii: ":")
        let count = 1 + Decimal.write(value, to: target + 1)
        Self.writeLineEnd(target + count)
        buffer.pointee.advance(count + 2)
    }

    /// True as `#t` or `:1`, false as `#f` or `:0`.
    @inline(__always)
    public func boolean(_ value: Bool) {
        if version == 3 { raw(value ? "#t\r\n" : "#f\r\n") } else { integer(value ? 1 : 0) }
    }

    /// No value: `_` or `$-1`.
    @inline(__always)
    public func null() {
        if version == 3 { raw("_\r\n") } else { raw("$-1\r\n") }
    }

    /// No array: `_` or `*-1`.
    @inline(__always)
    public func nullArray() {
        if version == 3 { raw("_\r\n") } else { raw("*-1\r\n") }
    }

    // MARK: Strings

    /// `$n`, then the bytes.
    @inline(__always)
    public func bulk(_ bytes: ByteSlice) {
        if bytes.count >= ReplyBuffer.referenceThreshold { return longBulk(bytes) }
        let target = buffer.pointee.reserve(bytes.count + Self.headerCapacity + 2)
        let headerCount = Self.writeBulkHeader(bytes.count, to: target)
        memcpy(target + headerCount, bytes.base, bytes.count)
        Self.writeLineEnd(target + headerCount + bytes.count)
        buffer.pointee.advance(headerCount + bytes.count + 2)
    }

    @inline(__always)
    public func bulk(_ text: StaticString) { bulk(text.slice) }

    @_disfavoredOverload  // a literal is a StaticString
    public func bulk(_ text: String) { withSlice(of: text) { bulk($0) } }

    /// A number as a string: `$2`, `42`.
    @inline(__always)
    public func bulkInteger(_ value: Int64) {
        let target = buffer.pointee.reserve(2 * Self.headerCapacity)
        let digitCount = Decimal.textCount(value)
        let headerCount = Self.writeBulkHeader(digitCount, to: target)
        Decimal.write(value, to: target + headerCount)
        Self.writeLineEnd(target + headerCount + digitCount)
        buffer.pointee.advance(headerCount + digitCount + 2)
    }

    /// A string that is sent from where it lies; see `ReplyBuffer.appendReference`.
    public func bulkReference(
        _ bytes: ByteSlice, owner: UnsafeMutableRawPointer,
        release: @escaping @convention(c) (UnsafeMutableRawPointer) -> Void
    ) {
        header(UInt8(ascii: "$"), bytes.count)
        buffer.pointee.appendReference(bytes, owner: owner, release: release)
        raw("\r\n")
    }

    /// Text for a person to read: `=n`, `txt:`, the text; with RESP2 a string.
    ///
    /// - Parameter format: three letters: `txt` or `mkd`.
    public func verbatim(_ bytes: ByteSlice, format: StaticString = "txt") {
        guard version == 3 else { return bulk(bytes) }
        precondition(format.utf8CodeUnitCount == 3)
        header(UInt8(ascii: "="), bytes.count + 4)
        buffer.pointee.append(format.slice)
        buffer.pointee.append((":" as StaticString).slice)
        buffer.pointee.append(bytes)
        raw("\r\n")
    }

    public func verbatim(_ text: String, format: StaticString = "txt") {
        withSlice(of: text) { verbatim($0, format: format) }
    }

    // MARK: Aggregates: the header; the elements follow

    @inline(__always)
    public func array(_ count: Int) { header(UInt8(ascii: "*"), count) }

    /// A map of `count` pairs; with RESP2 an array of twice as many.
    @inline(__always)
    public func map(_ count: Int) {
        if version == 3 { header(UInt8(ascii: "%"), count) } else { header(UInt8(ascii: "*"), 2 * count) }
    }

    @inline(__always)
    public func set(_ count: Int) { header(version == 3 ? UInt8(ascii: "~") : UInt8(ascii: "*"), count) }

    @inline(__always)
    public func push(_ count: Int) { header(version == 3 ? UInt8(ascii: ">") : UInt8(ascii: "*"), count) }

    /// Puts the header of an array of `count` elements before what was written since `mark`. O(what was written since).
    public func insertArray(_ count: Int, at mark: ReplyBuffer.Mark) {
        insertHeader(UInt8(ascii: "*"), count, at: mark)
    }

    /// As `insertArray`, of a map of `count` pairs.
    public func insertMap(_ count: Int, at mark: ReplyBuffer.Mark) {
        if version == 3 {
            insertHeader(UInt8(ascii: "%"), count, at: mark)
        } else {
            insertHeader(UInt8(ascii: "*"), 2 * count, at: mark)
        }
    }

    private func insertHeader(_ marker: UInt8, _ count: Int, at mark: ReplyBuffer.Mark) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Self.headerCapacity) { header in
            guard let base = header.baseAddress else { return }
            let headerCount = Self.writeHeader(marker, count, to: base)
            buffer.pointee.insert(ByteSlice(base: base, count: headerCount), at: mark)
        }
    }

    // MARK: Bytes

    /// Bytes as they are: replies, or parts of one, made elsewhere.
    @inline(__always)
    public func raw(_ bytes: ByteSlice) { buffer.pointee.append(bytes) }

    @inline(__always)
    public func raw(_ text: StaticString) {
        let target = buffer.pointee.reserve(text.utf8CodeUnitCount)
        memcpy(target, text.utf8Start, text.utf8CodeUnitCount)
        buffer.pointee.advance(text.utf8CodeUnitCount)
    }

    /// Marker, number, CR LF. `count` is at least 0.
    @inline(__always)
    func header(_ marker: UInt8, _ count: Int) {
        let target = buffer.pointee.reserve(Self.headerCapacity)
        buffer.pointee.advance(Self.writeHeader(marker, count, to: target))
    }

    /// A string past the reference threshold that is copied all the same: its bytes are asked for apart, so that one
    /// past the hard limit takes no memory.
    @inline(never)
    private func longBulk(_ bytes: ByteSlice) {
        header(UInt8(ascii: "$"), bytes.count)
        buffer.pointee.append(bytes)
        raw("\r\n")
    }

    @inline(__always)
    private static func writeBulkHeader(_ count: Int, to target: UnsafeMutablePointer<UInt8>) -> Int {
        writeHeader(UInt8(ascii: "$"), count, to: target)
    }

    /// - Returns: the bytes written. Up to 3 more behind them may have been touched: `headerCapacity` covers them.
    @inline(__always)
    static func writeHeader(_ marker: UInt8, _ count: Int, to target: UnsafeMutablePointer<UInt8>) -> Int {
        let value = UInt64(truncatingIfNeeded: count)  // at least 0
        if value < 10 {
            nc_store32(target, 0x0A0D_3000 | UInt32(marker) | UInt32(truncatingIfNeeded: value) << 8)
            return 4
        }
        if value < 100 {
            let (tens, ones) = value.quotientAndRemainder(dividingBy: 10)
            nc_store64(target, 0x0A_0D30_3000 | UInt64(marker) | tens << 8 | ones << 16)
            return 5
        }
        target[0] = marker
        let end = 1 + Decimal.write(value, to: target + 1)
        writeLineEnd(target + end)
        return end + 2
    }

    @inline(__always)
    static func writeLineEnd(_ target: UnsafeMutablePointer<UInt8>) { nc_store16(target, 0x0A0D) }
}
