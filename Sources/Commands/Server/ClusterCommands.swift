import RESP

/// CLUSTER and its like, refused as by a server whose cluster mode is off. The subcommands are named so that each gets that
/// answer, the wrong number of arguments its own, and none is unknown.
enum ClusterCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            container: "cluster", group: .cluster, since: "3.0.0",
            summary: "A container for commands of Redis Cluster, which this server is not.", subcommands: subcommands),
        refused("readonly", arity: 1, modeFlags, since: "3.0.0", categories: [.connection]),
        refused("readwrite", arity: 1, modeFlags, since: "3.0.0", categories: [.connection]),
        refused("asking", arity: 1, [.fast], since: "3.0.0", categories: [.connection]),
    ]

    private static let modeFlags: CommandFlags = [.loading, .stale, .fast]
    private static let looking: CommandFlags = [.stale]
    private static let asking: CommandFlags = [.admin, .stale]
    private static let changing: CommandFlags = [.admin, .stale, .noAsyncLoading]
    private static let varying: [StaticString] = ["nondeterministic_output"]

    private static let subcommands: [CommandSpec] = [
        refused("addslots", arity: -3, changing, since: "3.0.0", syntax: "slot [slot ...]"),
        refused(
            "addslotsrange", arity: -4, changing, since: "7.0.0",
            syntax: "start-slot end-slot [start-slot end-slot ...]"),
        refused("bumpepoch", arity: 2, changing, since: "3.0.0", tips: varying),
        refused("cancelslotmigrations", arity: 2, changing, since: "9.0.0"),
        refused("count-failure-reports", arity: 3, asking, since: "3.0.0", syntax: "node-id", tips: varying),
        refused("countkeysinslot", arity: 3, looking, since: "3.0.0", syntax: "slot"),
        refused("delslots", arity: -3, changing, since: "3.0.0", syntax: "slot [slot ...]"),
        refused(
            "delslotsrange", arity: -4, changing, since: "7.0.0",
            syntax: "start-slot end-slot [start-slot end-slot ...]"),
        refused("failover", arity: -2, changing, since: "3.0.0", syntax: "[FORCE | TAKEOVER]"),
        refused("flushslot", arity: -3, changing, since: "9.0.0", syntax: "slot [ASYNC | SYNC]"),
        refused("flushslots", arity: 2, changing, since: "3.0.0"),
        refused("forget", arity: 3, changing, since: "3.0.0", syntax: "node-id"),
        refused("getkeysinslot", arity: 4, looking, since: "3.0.0", syntax: "slot count", tips: varying),
        refused("getslotmigrations", arity: 2, changing, since: "9.0.0"),
        refused("help", arity: 2, [.loading, .stale], since: "5.0.0"),
        refused("info", arity: 2, looking, since: "3.0.0", tips: varying),
        refused("keyslot", arity: 3, looking, since: "3.0.0", syntax: "key"),
        refused("links", arity: 2, looking, since: "7.0.0", tips: varying),
        refused("meet", arity: -4, changing, since: "3.0.0", syntax: "ip port [cluster-bus-port]"),
        refused(
            "migrateslots", arity: -4, changing, since: "9.0.0",
            syntax: "SLOTSRANGE start-slot end-slot [start-slot end-slot ...] NODE node-id"),
        refused(
            "migration", arity: -4, changing, since: "8.4.0",
            syntax: """
                <IMPORT start-slot end-slot [start-slot end-slot ...] | CANCEL <ID task-id | ALL> | STATUS \
                [ID task-id | ALL]>
                """),
        refused("myid", arity: 2, looking, since: "3.0.0"),
        refused("myshardid", arity: 2, looking, since: "7.2.0", tips: varying),
        refused("nodes", arity: 2, looking, since: "3.0.0", tips: varying),
        refused("replicas", arity: 3, asking, since: "5.0.0", syntax: "node-id", tips: varying),
        refused("replicate", arity: -3, changing, since: "3.0.0", syntax: "<node-id | NO ONE>"),
        refused("reset", arity: -2, [.admin, .noScript, .stale], since: "3.0.0", syntax: "[HARD | SOFT]"),
        refused("saveconfig", arity: 2, changing, since: "3.0.0"),
        refused("set-config-epoch", arity: 3, changing, since: "3.0.0", syntax: "config-epoch"),
        refused(
            "setslot", arity: -4, changing, since: "3.0.0",
            syntax: "slot <IMPORTING node-id | MIGRATING node-id | NODE node-id | STABLE>"),
        refused("shards", arity: 2, looking, since: "7.0.0", tips: varying),
        refused("slaves", arity: 3, asking, since: "3.0.0", syntax: "node-id", tips: varying),
        refused(
            "slot-stats", arity: -4, looking, since: "8.2.0",
            syntax: "<SLOTSRANGE start-slot end-slot | ORDERBY metric [LIMIT limit] [ASC | DESC]>", tips: varying),
        refused("slots", arity: 2, looking, since: "3.0.0", tips: varying),
        refused("syncslots", arity: -3, changing, since: "8.4.0"),
    ]

    private static func refused(
        _ name: StaticString, arity: Int, _ flags: CommandFlags, since: StaticString, syntax: StaticString = "",
        tips: [StaticString] = [], categories: CommandCategories = []
    ) -> CommandSpec {
        CommandSpec(
            name, arity: arity, flags: flags, categories: categories, group: .cluster, since: since,
            summary: "Refuses: this is no cluster.", complexity: "O(1)", syntax: syntax, tips: tips,
            handler: { Call($0).reply.error("ERR This instance has cluster support disabled") })
    }
}
