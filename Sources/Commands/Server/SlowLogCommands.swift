import Primitives
import RESP
import Telemetry

/// SLOWLOG: the commands that took long.
enum SlowLogCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            container: "slowlog", group: .server, since: "2.2.12",
            summary: "A container for commands about the slow log.",
            subcommands: [
                CommandSpec(
                    "get", arity: -2, flags: adminFlags, group: .server, since: "2.2.12",
                    summary: "Returns the newest entries: id, unix time, microseconds, arguments, client, its name.",
                    complexity: "O(N) where N is the number of entries returned", syntax: "[count]",
                    tips: ["request_policy:all_nodes", "nondeterministic_output"], handler: { get(Call($0)) }),
                CommandSpec(
                    "len", arity: 2, flags: adminFlags, group: .server, since: "2.2.12",
                    summary: "Returns the number of entries.", complexity: "O(1)",
                    tips: ["request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"],
                    handler: { Call($0).reply.integer(Int64(Call($0).shared.slowLog.count)) }),
                CommandSpec(
                    "reset", arity: 2, flags: adminFlags, group: .server, since: "2.2.12",
                    summary: "Forgets all entries.", complexity: "O(N) where N is the number of entries in the slowlog",
                    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], handler: { reset(Call($0)) }),
                CommandHelp.spec(group: .server, since: "6.2.0"),
            ])
    ]

    private static let adminFlags: CommandFlags = [.admin, .loading, .stale]

    private static func get(_ call: Call) {
        guard call.argumentCount <= 3 else { return call.subcommandSyntaxError() }
        var limit = 10
        if call.argumentCount == 3 {
            guard let count = call[2].int64, count >= -1 else {
                return call.reply.error("ERR count should be greater than or equal to -1")
            }
            limit = count == -1 ? Int.max : Int(count)
        }
        let entries = call.shared.slowLog.entries(limit: limit)
        call.reply.array(entries.count)
        for entry in entries {
            call.reply.array(6)
            call.reply.integer(entry.id)
            call.reply.integer(entry.unixSeconds)
            call.reply.integer(entry.durationMicroseconds)
            call.reply.array(entry.arguments.count)
            for argument in entry.arguments { call.reply.bulk(argument) }
            call.reply.bulk(entry.clientAddress)
            call.reply.bulk(entry.clientName)
        }
    }

    private static func reset(_ call: Call) {
        call.shared.slowLog.reset()
        call.reply.ok()
    }
}
