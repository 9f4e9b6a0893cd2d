import Primitives

/// Names that clients give themselves.
enum ClientAttribute {
    /// Whether `text` may be a name, library name or library version: printable ASCII without spaces. Anything else would
    /// let a client forge fields and lines of CLIENT LIST.
    static func isValid(_ text: ByteSlice) -> Bool {
        text.buffer.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    static let nameError: StaticString = "ERR Client names cannot contain spaces, newlines or special characters."
}

extension ByteSlice {
    /// Whether the bytes end with `text`'s.
    func hasSuffix(_ text: StaticString) -> Bool { dropFirst(count - text.utf8CodeUnitCount).equals(text) }
}
