import Primitives
import RESP
import Store

// MARK: - OBJECT

extension KeyCommands {
    static func objectEncoding(_ call: Call) {
        guard let entry = call.peek(call.key(2)) else { return call.reply.null() }
        call.reply.bulk(entry.encodingName)
    }

    /// Values are not shared between keys, whatever large ones share inside.
    static func objectReferenceCount(_ call: Call) {
        if call.peek(call.key(2)) == nil { call.reply.null() } else { call.reply.integer(1) }
    }

    static func objectIdleTime(_ call: Call) {
        guard let entry = call.peek(call.key(2)) else { return call.reply.null() }
        if let seconds = entry.idleSeconds(now: call.nowMilliseconds) { return call.reply.integer(Int64(seconds)) }
        if call.store.policy.order == .frequency {
            return call.reply.error(
                """
                ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between \
                policies at runtime LRU and LFU data will take some time to adjust.
                """)
        }
        call.reply.error("ERR The maxmemory policy \(call.store.policy.name) keeps no idle time.")
    }

    static func objectFrequency(_ call: Call) {
        guard let entry = call.peek(call.key(2)) else { return call.reply.null() }
        if let frequency = entry.frequency { return call.reply.integer(Int64(frequency)) }
        call.reply.error(
            """
            ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching \
            between policies at runtime LRU and LFU data will take some time to adjust.
            """)
    }

    static func objectHelp(_ call: Call) {
        let lines: [StaticString] = [
            "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
            "ENCODING <key>",
            "    How the value is held: int, embstr or raw.",
            "FREQ <key>",
            "    The logarithmic access counter, under an LFU policy.",
            "IDLETIME <key>",
            "    Seconds since the last access, under an LRU policy or noeviction.",
            "REFCOUNT <key>",
            "    The number of references to the value: always 1.",
            "HELP",
            "    This text.",
        ]
        call.reply.array(lines.count)
        for line in lines { call.reply.simple(line) }
    }
}
