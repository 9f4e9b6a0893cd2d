import Primitives

/// A text with places for what the `*`s of a rule's pattern have matched: `user:{1}`.
///
/// Braces around anything but a number are text.
public struct RuleTemplate: Sendable {
    public enum Piece: Sendable, Equatable {
        case text([UInt8])
        /// What the pattern's `*` of this number has matched, counted from 1.
        case capture(Int)
    }

    /// As it was written.
    public let text: String
    public let pieces: [Piece]

    init(_ text: String) {
        self.text = text
        var pieces: [Piece] = []
        var plain: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "{"), let (number, count) = Self.capture(rest) {
                if !plain.isEmpty { pieces.append(.text(plain)) }
                plain = []
                pieces.append(.capture(number))
                rest = rest.dropFirst(count)
            } else {
                plain.append(byte)
            }
        }
        if !plain.isEmpty { pieces.append(.text(plain)) }
        self.pieces = pieces
    }

    /// The number in front of a closing brace, and how many bytes both take; nil when there is none of up to four digits.
    private static func capture(_ bytes: ArraySlice<UInt8>) -> (number: Int, count: Int)? {
        let digits = bytes.prefix { $0.isASCIIDigit }
        guard 1...4 ~= digits.count, bytes.dropFirst(digits.count).first == UInt8(ascii: "}") else { return nil }
        return (digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }, digits.count + 1)
    }

    /// The numbers of all captures.
    public var captures: [Int] {
        pieces.compactMap { piece in
            if case .capture(let number) = piece { number } else { nil }
        }
    }

    /// Bytes of its text pieces: what it expands to at the least.
    var plainByteCount: Int {
        pieces.reduce(0) { sum, piece in
            if case .text(let bytes) = piece { sum + bytes.count } else { sum }
        }
    }
}
