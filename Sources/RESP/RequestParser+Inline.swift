import CPrimitives
import Primitives

/// Inline requests: a line of words, as a person types them into telnet.
extension RequestParser {
    /// Looks for the end of the line, then takes it apart.
    mutating func advanceInline(
        _ request: UnsafePointer<UInt8>, count: Int, into batch: inout RequestBatch
    ) -> Step {
        if Self.isHandshake(request, count: count) { return .handshake }
        let searchEnd = min(count, Limits.maximumLineCount + 1)
        guard scanned < searchEnd else { return .incomplete }
        guard let found = memchr(request + scanned, 0x0A, searchEnd - scanned) else {
            scanned = searchEnd
            return count > Limits.maximumLineCount ? .failed(.tooBigInlineRequest) : .incomplete
        }
        let index = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - request
        let line = ByteSlice(base: request, count: index)
        guard batch.hasScratch(for: line) else {
            scanned = index
            return .incomplete
        }
        let first = batch.argumentCount
        guard batch.appendWords(of: line) else {
            batch.argumentCount = first
            return .failed(.unbalancedQuotes)
        }
        let wordCount = batch.argumentCount - first
        guard wordCount > 0 else { return .done(byteCount: index + 1) }
        let words = UnsafeBufferPointer(start: batch.arguments + first, count: wordCount)
        if Self.isWebRequest(words) {
            batch.argumentCount = first
            return .hostile
        }
        batch.argumentCount = first
        batch.append(argumentCount: wordCount, byteCount: index + 1) { _ in }  // the words are in their place already
        return .done(byteCount: index + 1)
    }

    /// Whether the bytes begin a TLS record with a handshake (RFC 8446, 5.1: type 22, version 3.x), which no line of ours does.
    private static func isHandshake(_ request: UnsafePointer<UInt8>, count: Int) -> Bool {
        count >= 2 && request[0] == 22 && request[1] == 3
    }

    /// Whether a web browser, or a tool that speaks HTTP, is at the other end: it must not be able to post commands in
    /// the lines that follow (CVE-2016-10517). Redis knows `POST` and `Host:`; the request lines of the other methods are
    /// no commands of ours either.
    private static func isWebRequest(_ words: UnsafeBufferPointer<ByteSlice>) -> Bool {
        let name = words[0]
        if name.equalsIgnoringCase("post") || name.equalsIgnoringCase("host:") { return true }
        let version: StaticString = "HTTP/1."
        guard words.count >= 2, words[words.count - 1].hasPrefix(version.slice) else { return false }
        // `GET HTTP/1.1` of two words is a command, if an odd one.
        if name.equals("GET") { return words.count == 3 }
        return name.equals("PUT") || name.equals("DELETE") || name.equals("HEAD") || name.equals("OPTIONS")
            || name.equals("PATCH") || name.equals("CONNECT") || name.equals("TRACE")
    }
}

/// Words by the rules of Redis's sdssplitargs: blanks part them; "..." knows \n \r \t \b \a \xHH and \ before any
/// other character, '...' knows \' only; behind a closing quote a blank or the end must follow; a NUL ends the line.
extension RequestBatch {
    /// Whether the decoded words of `line` fit into what is left of the scratch. A decoded word is no longer than its
    /// text and a line no longer than the whole scratch, so a line always fits an empty batch.
    fileprivate func hasScratch(for line: ByteSlice) -> Bool {
        line.count <= RequestParser.Limits.maximumLineCount - scratchCount || !Self.hasQuotes(line)
    }

    private static func hasQuotes(_ line: ByteSlice) -> Bool {
        memchr(line.base, 0x22, line.count) != nil || memchr(line.base, 0x27, line.count) != nil
    }

    /// Adds the words of `line` to the arguments; false when its quotes do not pair up.
    fileprivate mutating func appendWords(of line: ByteSlice) -> Bool {
        var index = 0
        while true {
            while index < line.count, Self.isBlank(line[index]) { index += 1 }
            guard index < line.count, line[index] != 0 else { return true }
            let start = index
            while index < line.count, !Self.endsWord(line[index]), !Self.isQuote(line[index]) { index += 1 }
            let word: ByteSlice
            if index < line.count, Self.isQuote(line[index]) {
                guard let decoded = decodeWord(of: line, from: start) else { return false }
                word = decoded.word
                index = decoded.end
            } else {
                word = line.slice(from: start, to: index)
            }
            if argumentCount == argumentCapacity { growArguments(to: argumentCount + 1) }
            arguments[argumentCount] = word
            argumentCount += 1
        }
    }

    /// Decodes a word that has quotes into the scratch.
    private mutating func decodeWord(of line: ByteSlice, from start: Int) -> (word: ByteSlice, end: Int)? {
        let base = scratch ?? .allocate(capacity: RequestParser.Limits.maximumLineCount)
        scratch = base
        let target = base + scratchCount
        var count = 0
        var index = start
        while index < line.count, !Self.endsWord(line[index]) {
            let byte = line[index]
            index += 1
            if Self.isQuote(byte) {
                guard let end = Self.decodeQuoted(line, from: index, quote: byte, to: target, count: &count) else {
                    return nil
                }
                index = end
                break  // a closing quote ends the word
            }
            target[count] = byte
            count += 1
        }
        scratchCount += count
        return (ByteSlice(base: target, count: count), index)
    }

    /// Decodes up to the closing quote: the index behind it, or nil when it is missing or a character sticks to it.
    private static func decodeQuoted(
        _ line: ByteSlice, from start: Int, quote: UInt8, to target: UnsafeMutablePointer<UInt8>, count: inout Int
    ) -> Int? {
        var index = start
        while index < line.count, line[index] != 0 {
            var byte = line[index]
            if byte == quote {
                index += 1
                return index == line.count || isBlank(line[index]) || line[index] == 0 ? index : nil
            }
            index += 1
            if byte == 0x5C, index < line.count, line[index] != 0 {
                if quote == 0x27 {
                    if line[index] == 0x27 {
                        byte = 0x27
                        index += 1
                    }
                } else if line[index] == UInt8(ascii: "x"), index + 2 < line.count,
                    let high = hexValue(line[index + 1]), let low = hexValue(line[index + 2])
                {
                    byte = high << 4 | low
                    index += 3
                } else {
                    byte = escaped(line[index])
                    index += 1
                }
            }
            target[count] = byte
            count += 1
        }
        return nil
    }

    private static func escaped(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "a"): 0x07
        default: byte
        }
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private static func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 }

    /// C's isspace.
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

    /// What ends a word outside quotes; vertical tab and form feed do not, as in Redis.
    private static func endsWord(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D || byte == 0
    }
}
