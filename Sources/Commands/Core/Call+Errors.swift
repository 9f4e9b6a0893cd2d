import Primitives
import RESP

/// Redis's error texts that more than one family uses.
extension Call {
    public func wrongType() { reply.error("WRONGTYPE Operation against a key holding the wrong kind of value") }
    public func syntaxError() { reply.error("ERR syntax error") }
    public func notInteger() { reply.error("ERR value is not an integer or out of range") }
    public func notFloat() { reply.error("ERR value is not a valid float") }

    /// The integer that argument `index` spells if it lies in `range`; nil after the error reply.
    func integer(_ index: Int, in range: ClosedRange<Int64>) -> Int64? {
        guard let number = self[index].int64 else {
            notInteger()
            return nil
        }
        if range.contains(number) { return number }
        reply.error("ERR value is out of range, value must between \(range.lowerBound) and \(range.upperBound)")
        return nil
    }

    public func noSuchKey() { reply.error("ERR no such key") }
    public func outOfMemory() { reply.error("OOM command not allowed when used memory > 'maxmemory'.") }

    /// `invalid expire time in 'set' command`.
    public func invalidExpireTime() { reply.error("ERR invalid expire time in '\(fullName)' command") }

    public func wrongArgumentCount() { reply.error("ERR wrong number of arguments for '\(fullName)' command") }

    /// The name as Redis prints it: `get`, `config|get`.
    public var fullName: String { shared.table.names[commandIndex] }

    public func unknownSubcommand() {
        reply.error(bytes: Call.unknownSubcommandText(self[1], of: shared.table.names[commandIndex]))
    }

    /// For a subcommand that Redis's table lets have any number of arguments, but that has not this one.
    public func subcommandSyntaxError() {
        let container = fullName.prefix { $0 != "|" }.uppercased()
        var text = Array("ERR unknown subcommand or wrong number of arguments for '".utf8)
        text += Call.shown(self[1], limit: 128)
        text += "'. Try \(container) HELP.".utf8
        reply.error(bytes: text)
    }

    /// Redis's text for a name that is no subcommand of `container`.
    static func unknownSubcommandText(_ name: ByteSlice, of container: String) -> [UInt8] {
        var text = Array("ERR unknown subcommand '".utf8)
        text += shown(name, limit: 128)
        text += "'. Try \(container.uppercased()) HELP.".utf8
        return text
    }

    /// Whether a name that is no command is the beginning of a browser's request (CVE-2016-10517). The parser finds those in
    /// lines; one that was wrapped into an array is as little meant for us.
    static func isOfBrowser(_ name: ByteSlice) -> Bool {
        name.equalsIgnoringCase("post") || name.equalsIgnoringCase("host:")
    }

    /// Redis's text for a name that is no command, with the first arguments, cut. Bytes: they need not be UTF-8.
    static func unknownCommandText(_ arguments: UnsafeMutablePointer<ByteSlice>, count: Int) -> [UInt8] {
        var text = Array("ERR unknown command '".utf8)
        text += shown(arguments[0], limit: 128)
        text += "', with args beginning with: ".utf8
        var shownCount = 0
        for index in 1..<max(count, 1) where shownCount < 128 {
            let part = shown(arguments[index], limit: 128 - shownCount)
            text.append(UInt8(ascii: "'"))
            text += part
            text += "' ".utf8
            shownCount += part.count + 3
        }
        return text
    }

    /// What C's `%.*s` prints of an argument: at most `limit` bytes, none from the first NUL on.
    private static func shown(_ argument: ByteSlice, limit: Int) -> UnsafeBufferPointer<UInt8>.SubSequence {
        argument.buffer.prefix(limit).prefix { $0 != 0 }
    }
}

extension ReplyWriter {
    /// An error whose text need not be UTF-8.
    func error(bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return error("ERR") }
            error(ByteSlice(base: base, count: buffer.count))
        }
    }
}
