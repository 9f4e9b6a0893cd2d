import CLinux
import Configuration
import Primitives
import RESP
import Store
import Synchronization

/// DEBUG: a few helpers for tests, allowed by `enable-debug-command` only.
enum DebugCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            "debug", arity: -2, flags: [.admin, .noScript, .loading, .stale, .keyspace], group: .server, since: "1.0.0",
            summary: "Helps tests.", complexity: "Depends on subcommand.",
            syntax: "<SLEEP seconds | OBJECT key | SET-ACTIVE-EXPIRE switch | HELP>", handler: { debug(Call($0)) })
    ]

    private static func debug(_ call: Call) {
        guard isAllowed(call) else {
            return call.reply.error(
                """
                ERR DEBUG command not allowed. If the enable-debug-command option is set to "local", you can run it \
                from a local connection, otherwise you need to set this option in the configuration file, and then \
                restart the server.
                """)
        }
        switch (call[1].errorText.lowercasedASCII, call.argumentCount) {
        case ("sleep", 3): sleep(call)
        case ("object", 3): object(call)
        case ("object", 4) where call[3].equalsIgnoringCase("fast"): object(call)
        case ("set-active-expire", 3):
            call.shared.sweepEnabled.store(call[2].int64 != 0 && call[2].int64 != nil, ordering: .relaxed)
            call.reply.ok()
        case ("help", 2): help(call)
        default:
            call.reply.error(
                "ERR unknown subcommand or wrong number of arguments for '\(call[1].errorText)'. Try DEBUG HELP.")
        }
    }

    private static func isAllowed(_ call: Call) -> Bool {
        switch call.shared.configuration.values.debugCommandAccess {
        case .no: false
        case .yes: true
        case .local: call.session.pointee.isLocal
        }
    }

    /// Stops this loop, as a handler that takes too long would. Text that is no number is no time, as in Redis.
    private static func sleep(_ call: Call) {
        let seconds = Double(call[2].errorText) ?? 0
        let nanoseconds = Int64(exactly: (max(0, min(seconds, 3600)) * 1e9).rounded()) ?? 0
        var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
        var rest = timespec()
        while nanosleep(&time, &rest) != 0, __errno_location().pointee == EINTR { time = rest }
        call.reply.ok()
    }

    private static func object(_ call: Call) {
        let key = call.key(2)
        let text = call.withShard(of: key.hash) { () -> String? in
            guard let entry = call.peek(key) else { return nil }
            let idle = entry.idleSeconds(now: call.nowMilliseconds) ?? 0
            return """
                Value at:0x0 refcount:1 encoding:\(entry.encodingName) serializedlength:\(entry.valueCount) lru:0 \
                lru_seconds_idle:\(idle) block_bytes:\(entry.blockByteCount)
                """
        }
        if let text { call.reply.simple(text: text) } else { call.noSuchKey() }
    }

    private static func help(_ call: Call) {
        let lines: [StaticString] = [
            "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "OBJECT <key>",
            "    How the value of <key> is held.",
            "SET-ACTIVE-EXPIRE <0|1>",
            "    Switches off, or on, the sweep that removes expired keys in the background.",
            "SLEEP <seconds>",
            "    Stops the loop that serves this connection for <seconds>. Decimals allowed.",
            "HELP",
            "    Prints this help.",
        ]
        call.reply.array(lines.count)
        for line in lines { call.reply.simple(line) }
    }
}
