import CPrimitives
import Configuration
import Primitives
import RESP

/// INFO, TIME, LOLWUT, MONITOR, SHUTDOWN, and what a cache without disk answers to SAVE and its like.
enum ServerCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            "info", arity: -1, flags: [.loading, .stale, .keyspace], categories: [.dangerous], group: .server,
            since: "1.0.0",
            summary: "Reports facts and statistics of the server, by sections.", complexity: "O(1)",
            syntax: "[section [section ...]]",
            tips: ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
            handler: { info(Call($0)) }),
        CommandSpec(
            "time", arity: 1, flags: [.loading, .stale, .fast], group: .server, since: "2.6.0",
            summary: "Returns the unix time in seconds and the microseconds beyond.", complexity: "O(1)",
            tips: ["nondeterministic_output"], handler: { time(Call($0)) }),
        CommandSpec(
            "lolwut", arity: -1, flags: [.readOnly, .fast], group: .server, since: "5.0.0",
            summary: "Draws something, and says the version.", complexity: "O(1)", syntax: "[VERSION version]",
            handler: { lolwut(Call($0)) }),
        CommandSpec(
            "monitor", arity: 1, flags: adminFlags.union(.exclusive), group: .server, since: "1.0.0",
            summary: "Sends every command that the server runs to this connection.", complexity: "O(1)",
            handler: { monitor(Call($0)) }),
        CommandSpec(
            "shutdown", arity: -1, flags: adminFlags.union([.noMulti, .allowBusy]), group: .server, since: "1.0.0",
            summary: "Stops the server; what it holds is gone.", complexity: "O(1)",
            syntax: "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]", handler: { shutdown(Call($0)) }),
        CommandSpec(
            "lastsave", arity: 1, flags: [.loading, .stale, .fast], categories: [.admin, .dangerous], group: .server,
            since: "1.0.0", summary: "Returns the unix time of the server's start: nothing is ever saved.",
            complexity: "O(1)", tips: ["nondeterministic_output"],
            handler: { Call($0).reply.integer(Call($0).shared.startSeconds) }),
        CommandSpec(
            "save", arity: 1, flags: snapshotFlags.union(.noMulti), group: .server, since: "1.0.0",
            summary: "Refuses: a cache saves nothing.", complexity: "O(1)", handler: { refuseToSave(Call($0)) }),
        CommandSpec(
            "bgsave", arity: -1, flags: snapshotFlags, group: .server, since: "1.0.0",
            summary: "Refuses: a cache saves nothing.", complexity: "O(1)", syntax: "[SCHEDULE]",
            handler: { refuseToSave(Call($0)) }),
        CommandSpec(
            "bgrewriteaof", arity: 1, flags: snapshotFlags, group: .server, since: "1.0.0",
            summary: "Refuses: a cache keeps no log of writes.", complexity: "O(1)",
            handler: { refuseToSave(Call($0)) }),
    ]

    private static let adminFlags: CommandFlags = [.admin, .noScript, .loading, .stale]
    private static let snapshotFlags: CommandFlags = [.admin, .noScript, .noAsyncLoading]

    private static func info(_ call: Call) {
        let sections = InfoSection.chosen(by: (1..<call.argumentCount).map { call[$0] })
        let needsCommands = sections.contains { $0.name.slice.hasSuffix("stats") && !$0.isDefault }
        let facts = ServerFacts(call.shared, withCommands: needsCommands, locking: !call.holdsAllShards)
        call.reply.verbatim(InfoSection.report(sections, of: facts))
    }

    private static func time(_ call: Call) {
        let (seconds, nanoseconds) = nc_wall_nanoseconds().quotientAndRemainder(dividingBy: 1_000_000_000)
        call.reply.array(2)
        call.reply.bulkInteger(Int64(seconds))
        call.reply.bulkInteger(Int64(nanoseconds / 1_000))
    }

    private static func lolwut(_ call: Call) {
        if call.argumentCount > 2, call[1].equalsIgnoringCase("version"), call[2].int64 == nil {
            return call.notInteger()
        }
        let version = call.shared.configuration.values.compatibilityVersion
        let drawing = """
               _____
              /    /|   A box close by
             /____/ |   is a journey
             |    | |   not made.
             |____|/


            """
        call.reply.verbatim("\(drawing)Redis ver. \(version)\n")
    }

    private static func monitor(_ call: Call) {
        // Inside a transaction the replies to come would mix with the feed.
        if call.isInTransaction { return call.reply.error("ERR MONITOR isn't allowed for DENY BLOCKING client") }
        if !call.session.pointee.isMonitor {
            call.session.pointee.isMonitor = true
            call.shared.control?.monitorChanged(call.session)
        }
        call.reply.ok()
    }

    /// Replies nothing when it succeeds, as Redis: the connection closes.
    private static func shutdown(_ call: Call) {
        var options: Set<String> = []
        for index in 1..<call.argumentCount {
            let option = call[index].errorText.lowercasedASCII
            guard ["save", "nosave", "now", "force", "abort"].contains(option) else { return call.syntaxError() }
            options.insert(option)
        }
        let contradicts = options.contains("abort") && options.count > 1 || options.isSuperset(of: ["save", "nosave"])
        if contradicts { return call.syntaxError() }
        if options.contains("abort") { return call.reply.error("ERR No shutdown in progress.") }
        if options.contains("save"), !options.contains("force") {
            // What was asked for cannot be done; FORCE says to stop all the same.
            return call.reply.error("ERR Errors trying to SHUTDOWN. Check logs.")
        }
        guard let control = call.shared.control else { return call.reply.error("ERR there is no server to stop") }
        call.session.pointee.shouldClose = true
        control.requestShutdown(force: options.contains("now"))
    }

    private static func refuseToSave(_ call: Call) {
        if call.argumentCount > 1, call.argumentCount != 2 || !call[1].equalsIgnoringCase("schedule") {
            return call.syntaxError()
        }
        call.reply.error("ERR nothing is saved: a cache keeps its entries in memory only")
    }
}
