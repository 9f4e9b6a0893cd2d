import Primitives

/// Error replies. The only place they are written, so that no byte a client chose can end the line and begin a reply of
/// its own (CVE-2025-67733).
extension ReplyWriter {
    /// What an error says at most, in bytes; the rest is cut off.
    public static let maximumErrorCount = 4_096

    /// `-text`, with CR, LF and NUL as blanks.
    ///
    /// - Parameter text: code word and message: `ERR syntax error`.
    public func error(_ text: ByteSlice) {
        let count = min(text.count, Self.maximumErrorCount)
        let target = buffer.pointee.reserve(count + 3)
        target[0] = UInt8(ascii: "-")
        for index in 0..<count {
            let byte = text[index]
            target[index + 1] = byte == 0x0D || byte == 0x0A || byte == 0 ? 0x20 : byte
        }
        Self.writeLineEnd(target + count + 1)
        buffer.pointee.advance(count + 3)
    }

    public func error(_ text: StaticString) { error(text.slice) }

    @_disfavoredOverload  // a literal is a StaticString
    public func error(_ text: String) { withSlice(of: text) { error($0) } }
}
