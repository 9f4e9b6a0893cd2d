/// Redis's glob patterns: `*`, `?`, `[abc]`, `[a-z]`, `[^a]`, `\x`.
///
/// The matcher goes back only to the last `*`, so it takes O(pattern × text) at the worst and no recursion: CVE-2022-36021
/// and CVE-2024-31228 were an exponential matcher and a recursive one.
public enum GlobPattern {
    /// Whether `text` as a whole matches `pattern`.
    ///
    /// - Parameter ignoringCase: fold ASCII letters of both.
    /// - Complexity: O(pattern.count × text.count) at the worst, O(text.count) for patterns without `*`.
    public static func matches(_ pattern: ByteSlice, _ text: ByteSlice, ignoringCase: Bool = false) -> Bool {
        var p = 0
        var t = 0
        var starPattern = -1
        var starText = 0
        while t < text.count {
            if p < pattern.count {
                if pattern[p] == UInt8(ascii: "*") {
                    p += 1
                    starPattern = p
                    starText = t
                    continue
                }
                let (next, matched) = matchOne(pattern, p, text[t], ignoringCase)
                if matched {
                    p = next
                    t += 1
                    continue
                }
            }
            guard starPattern >= 0 else { return false }
            starText += 1
            p = starPattern
            t = starText
        }
        while p < pattern.count, pattern[p] == UInt8(ascii: "*") { p += 1 }
        return p == pattern.count
    }

    /// Whether the pattern has no special character, so that it matches one text only.
    public static func isLiteral(_ pattern: ByteSlice) -> Bool {
        for byte in pattern.buffer {
            switch byte {
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["), UInt8(ascii: "\\"): return false
            default: break
            }
        }
        return true
    }

    /// Matches one character of text against the pattern element at `index`: the index behind the element and whether it
    /// matched.
    static func matchOne(
        _ pattern: ByteSlice, _ index: Int, _ byte: UInt8, _ ignoringCase: Bool
    ) -> (next: Int, matched: Bool) {
        switch pattern[index] {
        case UInt8(ascii: "?"):
            return (index + 1, true)
        case UInt8(ascii: "["):
            return matchClass(pattern, index + 1, byte, ignoringCase)
        case UInt8(ascii: "\\") where index + 1 < pattern.count:
            return (index + 2, same(pattern[index + 1], byte, ignoringCase))
        case let literal:
            return (index + 1, same(literal, byte, ignoringCase))
        }
    }

    /// Matches a bracket class whose first character is at `index`. A class that is not closed ends with the pattern, as in
    /// Redis.
    private static func matchClass(
        _ pattern: ByteSlice, _ index: Int, _ byte: UInt8, _ ignoringCase: Bool
    ) -> (next: Int, matched: Bool) {
        var p = index
        let inverted = p < pattern.count && pattern[p] == UInt8(ascii: "^")
        if inverted { p += 1 }
        var matched = false
        while p < pattern.count, pattern[p] != UInt8(ascii: "]") {
            if pattern[p] == UInt8(ascii: "\\"), p + 1 < pattern.count {
                matched = matched || same(pattern[p + 1], byte, ignoringCase)
                p += 2
            } else if p + 2 < pattern.count, pattern[p + 1] == UInt8(ascii: "-") {
                let fold = { (b: UInt8) in ignoringCase ? b.asciiLowercase : b }
                let (a, b) = (fold(pattern[p]), fold(pattern[p + 2]))
                let c = fold(byte)
                matched = matched || (c >= min(a, b) && c <= max(a, b))
                p += 3
            } else {
                matched = matched || same(pattern[p], byte, ignoringCase)
                p += 1
            }
        }
        return (min(p + 1, pattern.count), matched != inverted)
    }

    /// The index behind the bracket class whose first character is at `index`.
    static func endOfClass(_ pattern: ByteSlice, _ index: Int) -> Int {
        var p = index
        if p < pattern.count, pattern[p] == UInt8(ascii: "^") { p += 1 }
        while p < pattern.count, pattern[p] != UInt8(ascii: "]") {
            if pattern[p] == UInt8(ascii: "\\"), p + 1 < pattern.count {
                p += 2
            } else if p + 2 < pattern.count, pattern[p + 1] == UInt8(ascii: "-") {
                p += 3
            } else {
                p += 1
            }
        }
        return min(p + 1, pattern.count)
    }

    @inline(__always)
    private static func same(_ a: UInt8, _ b: UInt8, _ ignoringCase: Bool) -> Bool {
        ignoringCase ? a.asciiLowercase == b.asciiLowercase : a == b
    }
}
