import Primitives
import RESP

/// Redis's error texts that more than one family uses.
extension Call {
    public func wrongType() { reply.error("WRONGTYPE Operation against a key holding the wrong kind of value") }
    public func syntaxError() { reply.error("ERR syntax error") }
    public func notInteger() { reply.error("ERR value is not an integer or out of range") }
    public func notFloat() { reply.error("ERR value is not a valid float") }
    public func noSuchKey() { reply.error("ERR no such key") }
    public func outOfMemory() { reply.error("OOM command not allowed when used memory > 'maxmemory'.") }

    /// `invalid expire time in 'set' command`.
    public func invalidExpireTime() { reply.error("ERR invalid expire time in '\(fullName)' command") }

    public func wrongArgumentCount() { reply.error("ERR wrong number of arguments for '\(fullName)' command") }

    /// The name as Redis prints it: `get`, `config|get`.
    public var fullName: String { shared.table.names[commandIndex] }

    public func unknownSubcommand() {
        let name = shared.table.names[commandIndex]
        let text = self[1].slice(from: 0, to: 128).string
        reply.error("ERR unknown subcommand '\(text)'. Try \(name.uppercased()) HELP.")
    }

    /// Redis's text for a name that is no command, with the first arguments, cut.
    static func unknownCommandText(_ arguments: UnsafeMutablePointer<ByteSlice>, count: Int) -> String {
        var text = "ERR unknown command '\(arguments[0].slice(from: 0, to: 128).string)', with args beginning with: "
        var shown = 0
        for index in 1..<max(count, 1) where shown < 128 {
            let part = arguments[index].slice(from: 0, to: 128 - shown)
            text += "'\(part.string)' "
            shown += part.count + 3
        }
        return text
    }
}
