import Primitives
import RESP

/// What a standalone server without replicas answers: ROLE, WAIT, REPLICAOF, FAILOVER and their like.
enum ReplicationCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            "role", arity: 1, flags: [.noScript, .loading, .stale, .fast], categories: [.admin, .dangerous],
            group: .server, since: "2.8.12", summary: "Returns the role in replication: master without replicas.",
            complexity: "O(1)", handler: { role(Call($0)) }),
        CommandSpec(
            "wait", arity: 3, flags: [.blocking], categories: [.connection], group: .generic, since: "3.0.0",
            summary: "Returns the number of replicas that have the writes: none, at once.", complexity: "O(1)",
            syntax: "numreplicas timeout", tips: ["request_policy:all_shards", "response_policy:agg_min"],
            handler: { wait(Call($0)) }),
        CommandSpec(
            "waitaof", arity: 4, flags: [.blocking], categories: [.connection], group: .generic, since: "7.2.0",
            summary: "Returns how many disks have the writes: none, at once.", complexity: "O(1)",
            syntax: "numlocal numreplicas timeout", tips: ["request_policy:all_shards", "response_policy:agg_min"],
            handler: { waitForDisk(Call($0)) }),
        CommandSpec(
            "replicaof", arity: 3, flags: replicaFlags, group: .server, since: "5.0.0",
            summary: "Accepts NO ONE; a cache does not replicate.", complexity: "O(1)",
            syntax: "<host port | NO ONE>", handler: { replicate(Call($0)) }),
        CommandSpec(
            "slaveof", arity: 3, flags: replicaFlags, group: .server, since: "1.0.0",
            summary: "The former name of REPLICAOF.", complexity: "O(1)", syntax: "<host port | NO ONE>",
            handler: { replicate(Call($0)) }),
        CommandSpec(
            "failover", arity: -1, flags: [.admin, .noScript, .stale], group: .server, since: "6.2.0",
            summary: "Refuses: there are no replicas.", complexity: "O(1)",
            syntax: "[TO host port [FORCE]] [ABORT] [TIMEOUT milliseconds]", handler: { failOver(Call($0)) }),
        CommandSpec(
            "sync", arity: 1, flags: streamFlags, group: .server, since: "1.0.0",
            summary: "Refuses: a cache does not replicate.", complexity: "O(1)", handler: { refuse(Call($0)) }),
        CommandSpec(
            "psync", arity: -3, flags: streamFlags, group: .server, since: "2.8.0",
            summary: "Refuses: a cache does not replicate.", complexity: "O(1)", syntax: "replicationid offset",
            handler: { refuse(Call($0)) }),
        CommandSpec(
            "replconf", arity: -1, flags: [.admin, .noScript, .loading, .stale, .allowBusy], group: .server,
            since: "3.0.0", summary: "Refuses: a cache does not replicate.", complexity: "O(1)",
            handler: { refuse(Call($0)) }),
    ]

    private static let replicaFlags: CommandFlags = [.admin, .noScript, .stale, .noAsyncLoading]
    private static let streamFlags: CommandFlags = [.admin, .noScript, .noAsyncLoading, .noMulti]

    // MARK: Handlers

    private static func role(_ call: Call) {
        call.reply.array(3)
        call.reply.bulk("master")
        call.reply.integer(0)
        call.reply.array(0)
    }

    private static func wait(_ call: Call) {
        guard call[1].int64 != nil else { return call.notInteger() }
        guard hasTimeout(call, 2) else { return }
        call.reply.integer(0)
    }

    private static func waitForDisk(_ call: Call) {
        guard let local = call.integer(1, in: 0...1) else { return }
        guard let replicas = call[2].int64, replicas >= 0 else {
            return call.reply.error("ERR value is out of range, must be positive")
        }
        guard hasTimeout(call, 3) else { return }
        if local > 0 {
            return call.reply.error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")
        }
        call.reply.array(2)
        call.reply.integer(0)
        call.reply.integer(0)
    }

    /// Whether argument `index` is a timeout; replies the error if not.
    private static func hasTimeout(_ call: Call, _ index: Int) -> Bool {
        guard let milliseconds = call[index].int64 else {
            call.reply.error("ERR timeout is not an integer or out of range")
            return false
        }
        if milliseconds < 0 { call.reply.error("ERR timeout is negative") }
        return milliseconds >= 0
    }

    private static func replicate(_ call: Call) {
        if call[1].equalsIgnoringCase("no"), call[2].equalsIgnoringCase("one") { return call.reply.ok() }
        guard let port = call[2].int64, (0...65_535).contains(port) else {
            return call.reply.error("ERR Invalid master port")
        }
        refuse(call)
    }

    private static func failOver(_ call: Call) {
        var isAbort = false
        var index = 1
        while index < call.argumentCount {
            let remaining = call.argumentCount - 1 - index
            if call[index].equalsIgnoringCase("abort") {
                isAbort = true
            } else if call[index].equalsIgnoringCase("timeout"), remaining >= 1 {
                guard let timeout = call[index + 1].int64 else { return call.notInteger() }
                guard timeout > 0 else { return call.reply.error("ERR FAILOVER timeout must be greater than 0") }
                index += 1
            } else if call[index].equalsIgnoringCase("to"), remaining >= 2 {
                guard call[index + 2].int64 != nil else { return call.notInteger() }
                index += 2
            } else if !call[index].equalsIgnoringCase("force") {
                return call.syntaxError()
            }
            index += 1
        }
        if isAbort {
            guard call.argumentCount == 2 else { return call.syntaxError() }
            return call.reply.error("ERR No failover in progress.")
        }
        call.reply.error("ERR FAILOVER requires connected replicas.")
    }

    private static func refuse(_ call: Call) {
        call.reply.error("ERR \(call.fullName.uppercasedASCII) is not supported: a cache does not replicate")
    }
}
