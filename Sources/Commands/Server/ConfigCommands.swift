import Configuration
import Primitives
import RESP

/// CONFIG: the parameters at run time.
enum ConfigCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            container: "config", group: .server, since: "2.0.0",
            summary: "A container for commands about the configuration.",
            subcommands: [
                CommandSpec(
                    "get", arity: -3, flags: adminFlags, group: .server, since: "2.0.0",
                    summary: "Returns the parameters that match any of the patterns.",
                    complexity: "O(N) when N is the number of configuration parameters provided",
                    syntax: "parameter [parameter ...]", handler: { get(Call($0)) }),
                // Not inside MULTI: EXEC holds locks of shards that a change of the store's bounds needs.
                CommandSpec(
                    "set", arity: -4, flags: adminFlags.union([.exclusive, .sensitive]), group: .server,
                    since: "2.0.0",
                    summary: "Sets parameters, all of them or none.",
                    complexity: "O(N) when N is the number of configuration parameters provided",
                    syntax: "parameter value [parameter value ...]",
                    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], handler: { set(Call($0)) }),
                CommandSpec(
                    "resetstat", arity: 2, flags: adminFlags.union([.exclusive, .keyspace]), group: .server,
                    since: "2.0.0",
                    summary: "Sets the statistics of INFO to zero.", complexity: "O(1)",
                    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
                    handler: { resetStatistics(Call($0)) }),
                CommandSpec(
                    "rewrite", arity: 2, flags: adminFlags, group: .server, since: "2.8.0",
                    summary: "Writes the parameters in force into the configuration file.", complexity: "O(1)",
                    tips: ["request_policy:all_nodes", "response_policy:all_succeeded"],
                    handler: { rewrite(Call($0)) }),
                CommandHelp.spec(group: .server, since: "5.0.0"),
            ])
    ]

    private static let adminFlags: CommandFlags = [.admin, .noScript, .loading, .stale]

    private static func get(_ call: Call) {
        let found = call.shared.configuration.get(patterns: (2..<call.argumentCount).map { call[$0] })
        call.reply.map(found.count)
        for (name, value) in found {
            call.reply.bulk(name)
            call.reply.bulk(value)
        }
    }

    private static func set(_ call: Call) {
        guard call.argumentCount.isMultiple(of: 2) else { return call.syntaxError() }
        let pairs = stride(from: 2, to: call.argumentCount, by: 2).map { (name: call[$0], value: call[$0 + 1]) }
        do throws(ConfigurationError) {
            try call.shared.configuration.set(pairs)
            call.reply.ok()
        } catch {
            call.reply.error("ERR \(error.message)")
        }
    }

    private static func rewrite(_ call: Call) {
        do throws(ConfigurationError) {
            try call.shared.configuration.rewrite()
            call.reply.ok()
        } catch {
            call.reply.error("ERR \(error.message)")
        }
    }

    private static func resetStatistics(_ call: Call) {
        call.shared.resetStatistics()
        call.shared.diagnostics.reset(call.shared, locking: !call.holdsAllShards)
        call.reply.ok()
    }
}
