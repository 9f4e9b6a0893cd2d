import Primitives
import RESP

/// CLIENT: what a connection says of itself and what others do to it.
enum ClientCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            container: "client", group: .connection, since: "2.4.0",
            summary: "A container for commands about connections.",
            subcommands: ownConnection + clientSideCaching + otherConnections)
    ]

    static let ownFlags: CommandFlags = [.noScript, .loading, .stale]
    private static let adminFlags: CommandFlags = [.admin, .noScript, .loading, .stale]

    private static let ownConnection: [CommandSpec] = [
        CommandSpec(
            "id", arity: 2, flags: ownFlags, categories: [.connection], group: .connection, since: "5.0.0",
            summary: "Returns the connection's number.", complexity: "O(1)",
            handler: { Call($0).reply.integer(Int64(clamping: Call($0).session.pointee.id)) }),
        CommandSpec(
            "info", arity: 2, flags: ownFlags.union(.exclusive), categories: [.connection], group: .connection,
            since: "6.2.0", summary: "Describes the connection.",
            complexity: "O(N) where N is the number of connections",
            tips: ["nondeterministic_output"], handler: { info(Call($0)) }),
        CommandSpec(
            "setname", arity: 3, flags: ownFlags, categories: [.connection], group: .connection, since: "2.6.9",
            summary: "Names the connection.", complexity: "O(1)", syntax: "connection-name",
            handler: { setName(Call($0)) }),
        CommandSpec(
            "getname", arity: 2, flags: ownFlags, categories: [.connection], group: .connection, since: "2.6.9",
            summary: "Returns the connection's name.", complexity: "O(1)", handler: { getName(Call($0)) }),
        CommandSpec(
            "setinfo", arity: 4, flags: ownFlags, categories: [.connection], group: .connection, since: "7.2.0",
            summary: "Says which client library the connection is of.", complexity: "O(1)",
            syntax: "<LIB-NAME libname | LIB-VER libver>",
            tips: ["request_policy:all_nodes", "response_policy:all_succeeded"], handler: { setInformation(Call($0)) }),
        CommandSpec(
            "reply", arity: 3, flags: ownFlags, categories: [.connection], group: .connection, since: "3.2.0",
            summary: "Switches replies off and on.", complexity: "O(1)", syntax: "<ON | OFF | SKIP>",
            handler: { setReplyMode(Call($0)) }),
        CommandSpec(
            "no-touch", arity: 3, flags: ownFlags, categories: [.connection], group: .connection, since: "7.2.0",
            summary: "Decides whether the connection's reads count as accesses for eviction.", complexity: "O(1)",
            syntax: "<ON | OFF>",
            handler: { setSwitch(Call($0)) { session, isOn in session.pointee.touchesEntries = !isOn } }),
        CommandSpec(
            "no-evict", arity: 3, flags: adminFlags, categories: [.connection], group: .connection, since: "7.0.0",
            summary: "Keeps the connection from being closed for the memory it takes.", complexity: "O(1)",
            syntax: "<ON | OFF>",
            handler: { setSwitch(Call($0)) { session, isOn in session.pointee.isProtectedFromEviction = isOn } }),
        CommandHelp.spec(group: .connection, since: "5.0.0", categories: [.connection]),
    ]

    private static let otherConnections: [CommandSpec] = [
        CommandSpec(
            "list", arity: -2, flags: adminFlags.union(.exclusive), categories: [.connection], group: .connection,
            since: "2.4.0", summary: "Describes all connections, or some.",
            complexity: "O(N) where N is the number of connections",
            syntax: "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
            tips: ["nondeterministic_output"], handler: { list(Call($0)) }),
        CommandSpec(
            "kill", arity: -3, flags: adminFlags.union(.exclusive), categories: [.connection], group: .connection,
            since: "2.4.0", summary: "Closes connections.", complexity: "O(N) where N is the number of connections",
            syntax: """
                <ip:port | [ID client-id] [TYPE <NORMAL | MASTER | SLAVE | REPLICA | PUBSUB>] [USER username] \
                [ADDR ip:port] [LADDR ip:port] [SKIPME <YES | NO>] [MAXAGE maxage]>
                """,
            handler: { kill(Call($0)) }),
        CommandSpec(
            "pause", arity: -3, flags: adminFlags.union(.ignoresPause), categories: [.connection],
            group: .connection, since: "3.0.0", summary: "Holds all commands, or all that write, for a time.",
            complexity: "O(1)", syntax: "timeout [WRITE | ALL]", handler: { pause(Call($0)) }),
        CommandSpec(
            "unpause", arity: 2, flags: adminFlags.union(.ignoresPause), categories: [.connection],
            group: .connection, since: "6.2.0", summary: "Ends CLIENT PAUSE.", complexity: "O(1)",
            handler: { unpause(Call($0)) }),
        CommandSpec(
            "unblock", arity: -3, flags: adminFlags.union(.exclusive), categories: [.connection], group: .connection,
            since: "5.0.0", summary: "Ends the waiting of a connection, as if its time were up or with an error.",
            complexity: "O(N) where N is the number of connections", syntax: "client-id [TIMEOUT | ERROR]",
            handler: { unblock(Call($0)) }),
    ]

    // MARK: The connection itself

    private static func setName(_ call: Call) {
        guard ClientAttribute.isValid(call[2]) else { return call.reply.error(ClientAttribute.nameError) }
        call.session.pointee.name = call[2].array
        call.session.pointee.updateHeldByteCount()
        call.reply.ok()
    }

    private static func getName(_ call: Call) {
        let name = call.session.pointee.name
        if name.isEmpty { call.reply.null() } else { call.reply.bulk(name) }
    }

    private static func setInformation(_ call: Call) {
        let isName = call[2].equalsIgnoringCase("lib-name")
        guard isName || call[2].equalsIgnoringCase("lib-ver") else {
            return call.reply.error("ERR Unrecognized option '\(call[2].errorText)'")
        }
        guard ClientAttribute.isValid(call[3]) else {
            let option = call[2].errorText
            return call.reply.error("ERR \(option) cannot contain spaces, newlines or special characters.")
        }
        if isName {
            call.session.pointee.libraryName = call[3].array
        } else {
            call.session.pointee.libraryVersion = call[3].array
        }
        call.session.pointee.updateHeldByteCount()
        call.reply.ok()
    }

    private static func setReplyMode(_ call: Call) {
        let session = call.session
        if call[2].equalsIgnoringCase("on") {
            session.pointee.setReplyMode(.on)
            call.reply.ok()
        } else if call[2].equalsIgnoringCase("off") {
            session.pointee.setReplyMode(.off)
        } else if call[2].equalsIgnoringCase("skip") {
            // OFF stays OFF.
            if session.pointee.replyMode == .on { session.pointee.setReplyMode(.skipNext) }
        } else {
            call.syntaxError()
        }
    }

    private static func setSwitch(_ call: Call, _ set: (UnsafeMutablePointer<Session>, Bool) -> Void) {
        let isOn = call[2].equalsIgnoringCase("on")
        guard isOn || call[2].equalsIgnoringCase("off") else { return call.syntaxError() }
        set(call.session, isOn)
        call.reply.ok()
    }

    // MARK: All connections

    private static func pause(_ call: Call) {
        // Redis reads the mode first.
        var onlyWrites = false
        if call.argumentCount > 3 {
            guard call.argumentCount == 4 else { return call.syntaxError() }
            onlyWrites = call[3].equalsIgnoringCase("write")
            guard onlyWrites || call[3].equalsIgnoringCase("all") else {
                return call.reply.error("ERR CLIENT PAUSE mode must be WRITE or ALL")
            }
        }
        guard let milliseconds = call[2].int64 else {
            return call.reply.error("ERR timeout is not an integer or out of range")
        }
        guard milliseconds >= 0 else { return call.reply.error("ERR timeout is negative") }
        let (end, overflow) = call.nowMilliseconds.addingReportingOverflow(milliseconds)
        guard !overflow else { return call.reply.error("ERR timeout is out of range") }
        call.shared.pause(until: end, onlyWrites: onlyWrites, now: call.nowMilliseconds)
        call.reply.ok()
    }

    private static func unpause(_ call: Call) {
        call.shared.unpause()
        call.reply.ok()
    }

    private static func unblock(_ call: Call) {
        guard call.argumentCount <= 4 else { return call.syntaxError() }
        if call.argumentCount == 4 {
            guard call[3].equalsIgnoringCase("timeout") || call[3].equalsIgnoringCase("error") else {
                return call.reply.error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
            }
        }
        guard let id = call[2].int64 else { return call.notInteger() }
        let isError = call.argumentCount == 4 && call[3].equalsIgnoringCase("error")
        var isUnblocked = false
        call.shared.control?.forEachSession { session, facts in
            guard session.pointee.id == UInt64(clamping: id), let wait = session.pointee.job as? LeaseWait else {
                return
            }
            isUnblocked = wait.interrupt(isError ? .unblockedWithError : .unblocked)
            call.shared.control?.wake([wait.ticket], onLoop: facts.loopIndex)
        }
        call.reply.integer(isUnblocked ? 1 : 0)
    }
}

extension ReplyWriter {
    /// A bulk string of an array's bytes.
    func bulk(_ bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { buffer in
            bulk(ByteSlice(base: buffer.baseAddress ?? ("" as StaticString).utf8Start, count: buffer.count))
        }
    }

    /// A status reply made at run time; without line ends.
    func simple(text: String) {
        raw("+")
        withSlice(of: text) { raw($0) }
        raw("\r\n")
    }
}
