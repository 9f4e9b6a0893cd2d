/// The words of a line, as redis.conf and inline commands quote them.
///
/// Words are apart by blanks. In double quotes `\n \r \t \b \a \xHH \" \\` are escapes, in single quotes only `\'` is;
/// behind a closing quote a blank or the end must come.
enum DirectiveSyntax {
    /// The words of `line` as bytes, or nil when its quotes do not balance.
    static func words(_ line: ArraySlice<UInt8>) -> [[UInt8]]? {
        var scanner = Scanner(rest: line)
        var words: [[UInt8]] = []
        while true {
            scanner.skipBlanks()
            guard !scanner.rest.isEmpty else { return words }
            guard let word = scanner.word() else { return nil }
            words.append(word)
        }
    }

    /// `word` so that `words` reads it back as one word.
    static func quoted(_ word: String) -> String {
        let needsQuotes =
            word.isEmpty || word.hasPrefix("#")
            || word.utf8.contains { isBlank($0) || $0 == quote || $0 == apostrophe || $0 == backslash || $0 < 0x20 }
        guard needsQuotes else { return word }
        var result = "\""
        for scalar in word.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                result += "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static let quote = UInt8(ascii: "\"")
    private static let apostrophe = UInt8(ascii: "'")
    private static let backslash = UInt8(ascii: "\\")

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }

    private struct Scanner {
        var rest: ArraySlice<UInt8>

        mutating func skipBlanks() { rest = rest.drop(while: isBlank) }

        /// The word at the front, or nil when a quote is not closed or something follows a closing one.
        mutating func word() -> [UInt8]? {
            var bytes: [UInt8] = []
            while let byte = rest.first, !isBlank(byte) {
                rest.removeFirst()
                guard byte == quote || byte == apostrophe else {
                    bytes.append(byte)
                    continue
                }
                guard quotedPart(until: byte, into: &bytes) else { return nil }
                if let next = rest.first, !isBlank(next) { return nil }
            }
            return bytes
        }

        private mutating func quotedPart(until closing: UInt8, into bytes: inout [UInt8]) -> Bool {
            while let byte = rest.popFirst() {
                if byte == closing { return true }
                guard byte == backslash, let next = rest.first else {
                    bytes.append(byte)
                    continue
                }
                if closing == quote {
                    rest.removeFirst()
                    bytes.append(escape(next))
                } else if next == apostrophe {
                    rest.removeFirst()
                    bytes.append(next)
                } else {
                    bytes.append(byte)
                }
            }
            return false
        }

        /// The byte that a backslash and `letter` mean; takes two more bytes for `\xHH`.
        private mutating func escape(_ letter: UInt8) -> UInt8 {
            switch letter {
            case UInt8(ascii: "n"): return 0x0A
            case UInt8(ascii: "r"): return 0x0D
            case UInt8(ascii: "t"): return 0x09
            case UInt8(ascii: "b"): return 0x08
            case UInt8(ascii: "a"): return 0x07
            case UInt8(ascii: "x"):
                let digits = rest.prefix(2).compactMap { Character(Unicode.Scalar($0)).hexDigitValue }
                guard digits.count == 2 else { return letter }
                rest.removeFirst(2)
                return UInt8(truncatingIfNeeded: digits[0] * 16 + digits[1])
            default: return letter
            }
        }
    }
}
