/// Why a configuration was refused, as one line without control bytes.
///
/// At the start the line tells source, name, what was given and what is allowed, and is meant for stderr. From CONFIG
/// commands it is Redis's error text without the leading `ERR`.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    public let message: String

    /// Takes the message and replaces what would break a log line or an error reply.
    init(_ message: String) {
        self.message = message.printable
    }

    public var description: String { message }
}

/// Why one value was refused: Redis's own text where Redis has one.
struct Refusal: Error {
    let text: String

    init(_ text: String) { self.text = text }
}

extension String {
    /// The text with control characters replaced by `?`, so that input cannot break out of its line.
    var printable: String {
        guard hasControlBytes else { return self }
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars { result.append(scalar.value < 0x20 || scalar.value == 0x7F ? "?" : scalar) }
        return String(result)
    }

    /// At most the first `count` characters, marked when something was cut.
    func shortened(to count: Int = 64) -> String {
        self.count <= count ? self : String(prefix(count)) + "..."
    }

    /// Whether a byte of the text is below 0x20 or 0x7F.
    var hasControlBytes: Bool { utf8.contains { $0 < 0x20 || $0 == 0x7F } }

    /// Whether both are the same bytes; `==` would take differently composed characters for equal.
    func sameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// The text with ASCII upper-case letters folded; names here are ASCII.
    var asciiLowercased: String { String(decoding: utf8.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self) }
}
