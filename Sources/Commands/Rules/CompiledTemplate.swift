import Configuration
import Primitives

/// A template as the hot path sees it: pieces in a row.
struct CompiledTemplate {
    struct Piece {
        /// Empty for a capture.
        let text: ByteSlice
        /// Which capture, from 0; -1 for text.
        let capture: Int
    }

    let pieces: UnsafeBufferPointer<Piece>
    /// As it was written.
    let text: ByteSlice
    let hasCaptures: Bool

    init(_ template: RuleTemplate, _ arena: RuleArena) {
        pieces = arena.array(
            template.pieces.map { piece in
                switch piece {
                case .text(let bytes): Piece(text: arena.bytes(bytes), capture: -1)
                case .capture(let number): Piece(text: ("" as StaticString).slice, capture: number - 1)
                }
            })
        text = arena.bytes(template.text.utf8)
        hasCaptures = !template.captures.isEmpty
    }

    /// Bytes of the text with `captures` in their places.
    func byteCount(_ captures: UnsafeMutableBufferPointer<ByteSlice>) -> Int {
        // The parser has checked every capture against the pattern.
        pieces.reduce(0) { $0 + ($1.capture < 0 ? $1.text.count : captures[$1.capture].count) }
    }

    /// Writes the text with `captures` in their places; nil when it takes more than `room`.
    func expand(
        _ captures: UnsafeMutableBufferPointer<ByteSlice>, into room: UnsafeMutableBufferPointer<UInt8>
    ) -> ByteSlice? {
        guard let base = room.baseAddress else { return nil }
        var count = 0
        for piece in pieces {
            // The parser has checked every capture against the pattern.
            let bytes = piece.capture < 0 ? piece.text : captures[piece.capture]
            guard bytes.count <= room.count - count else { return nil }
            (base + count).update(from: bytes.base, count: bytes.count)
            count += bytes.count
        }
        return ByteSlice(base: base, count: count)
    }
}

extension CompiledTemplate {
    static let tagPrefix: StaticString = "tag:"

    /// Whether an `invalidates` operand names a tag.
    var isTag: Bool { text.hasPrefix(CompiledTemplate.tagPrefix.slice) }

    /// What an `invalidates` operand names: `tag:NAME`, or a pattern of keys, in which a capture is escaped, so that it stands for
    /// itself.
    func invalidationText(_ captures: UnsafeMutableBufferPointer<ByteSlice>) -> [UInt8] {
        var text: [UInt8] = []
        for piece in pieces {
            if piece.capture < 0 {
                text += piece.text.buffer
            } else if isTag {
                text += captures[piece.capture].buffer
            } else {
                CompiledTemplate.appendEscaped(captures[piece.capture], to: &text)
            }
        }
        return text
    }

    /// The pattern with a `*` in each capture's place.
    var generalText: [UInt8] {
        pieces.reduce(into: []) { $0 += $1.capture < 0 ? $1.text.array : [UInt8(ascii: "*")] }
    }

    /// Appends bytes so that a glob matches just them.
    private static func appendEscaped(_ bytes: ByteSlice, to text: inout [UInt8]) {
        for byte in bytes.buffer {
            switch byte {
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "\\"):
                text.append(UInt8(ascii: "\\"))
            default: break
            }
            text.append(byte)
        }
    }
}
