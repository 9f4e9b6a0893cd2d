/// What the `*`s of a pattern have matched.
extension GlobPattern {
    /// The number of `*`s that stand for any text: neither escaped nor in brackets.
    public static func starCount(_ pattern: ByteSlice) -> Int {
        var count = 0
        forEachElement(pattern) { start, _ in
            if pattern[start] == UInt8(ascii: "*") { count += 1 }
            return true
        }
        return count
    }

    /// The text that every match of `pattern` begins with, escapes undone, and how many bytes of the pattern spell it.
    public static func literalPrefix(_ pattern: ByteSlice) -> (text: [UInt8], patternCount: Int) {
        var text: [UInt8] = []
        var patternCount = 0
        forEachElement(pattern) { start, end in
            switch pattern[start] {
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["): return false
            default: text.append(pattern[end - 1])
            }
            patternCount = end
            return true
        }
        return (text, patternCount)
    }

    /// Calls `body` with the range of each element of the pattern until it returns false.
    private static func forEachElement(_ pattern: ByteSlice, _ body: (_ start: Int, _ end: Int) -> Bool) {
        var index = 0
        while index < pattern.count {
            let end: Int
            switch pattern[index] {
            case UInt8(ascii: "["): end = endOfClass(pattern, index + 1)
            case UInt8(ascii: "\\") where index + 1 < pattern.count: end = index + 2
            default: end = index + 1
            }
            guard body(index, end) else { return }
            index = end
        }
    }

    /// Whether `text` matches, as `matches` has it, and what each `*` has matched then: the shortest text that lets the rest match,
    /// from the left on; the last `*` takes what is left.
    ///
    /// - Parameter captures: room for `starCount(pattern)` slices; without a match what it holds is of no use.
    public static func matches(
        _ pattern: ByteSlice, _ text: ByteSlice, captures: UnsafeMutableBufferPointer<ByteSlice>
    ) -> Bool {
        var (p, t) = (0, 0)
        var (starPattern, starText, star) = (-1, 0, -1)
        // The start of the last star's text. The star grows, and ends where the next begins its search.
        var starStart = 0
        func close() {
            if star >= 0, star < captures.count {
                captures.initializeElement(at: star, to: text.slice(from: starStart, to: starText))
            }
        }
        while true {
            if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
                close()
                p += 1
                star += 1
                (starPattern, starText, starStart) = (p, t, t)
                continue
            }
            guard t < text.count else { break }
            if p < pattern.count {
                let (next, matched) = matchOne(pattern, p, text[t], false)
                if matched {
                    (p, t) = (next, t + 1)
                    continue
                }
            }
            guard starPattern >= 0 else { return false }
            starText += 1
            (p, t) = (starPattern, starText)
        }
        close()
        return p == pattern.count
    }
}
