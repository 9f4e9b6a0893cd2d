import Primitives
import RESP

/// CLIENT TRACKING and what belongs to it: client-side caching with the server's help.
extension ClientCommands {
    static let clientSideCaching: [CommandSpec] = [
        CommandSpec(
            "tracking", arity: -3, flags: ownFlags.union(.exclusive), categories: [.connection], group: .connection,
            since: "6.0.0",
            summary: """
                Tells the connection, or another one, when keys change that it has read, or that have one of the prefixes. \
                Messages are RESP3 pushes; over RESP2 there are none.
                """,
            complexity: "O(1). Some options may introduce additional complexity.",
            syntax: """
                <ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]
                """,
            handler: { track(Call($0)) }),
        CommandSpec(
            "caching", arity: 3, flags: ownFlags, categories: [.connection], group: .connection, since: "6.0.0",
            summary: "Decides whether keys that the next command or transaction reads are tracked.",
            complexity: "O(1)", syntax: "<YES | NO>", handler: { choose(Call($0)) }),
        CommandSpec(
            "getredir", arity: 2, flags: ownFlags, categories: [.connection], group: .connection, since: "6.0.0",
            summary: """
                Returns the number of the connection that invalidation messages go to: 0, this one; -1, nowhere.
                """,
            complexity: "O(1)",
            handler: { Call($0).reply.integer(Call($0).session.pointee.tracking?.redirectionID ?? -1) }),
        CommandSpec(
            "trackinginfo", arity: 2, flags: ownFlags, categories: [.connection], group: .connection, since: "6.2.0",
            summary: "Describes client-side caching of the connection.", complexity: "O(1)",
            handler: { describeTracking(Call($0)) }),
    ]

    private static func track(_ call: Call) {
        let session = call.session
        var found: [UInt64: (session: UnsafeMutablePointer<Session>, loopIndex: Int)] = [:]
        let options: TrackingOptions
        do throws(ClientArgumentError) {
            options = try TrackingOptions((2..<call.argumentCount).map { call[$0] }) { id in
                call.shared.control?.forEachSession { session, facts in
                    if session.pointee.id == id { found[id] = (session, facts.loopIndex) }
                }
                return found[id] != nil
            }
            if options.isOn { try options.check(against: session.pointee.tracking) }
        } catch {
            return call.reply.error(error.text)
        }
        if options.isOn {
            call.executor.beginTracking(session, options, target: found[options.redirectionID])
        } else {
            call.executor.endTracking(session)
        }
        call.reply.ok()
    }

    private static func choose(_ call: Call) {
        guard let tracking = call.session.pointee.tracking else {
            return call.reply.error(
                """
                ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode \
                enabled
                """)
        }
        if call[2].equalsIgnoringCase("yes") {
            guard tracking.mode == .chosenReads else {
                return call.reply.error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
            }
        } else if call[2].equalsIgnoringCase("no") {
            guard tracking.mode == .otherReads else {
                return call.reply.error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")
            }
        } else {
            return call.syntaxError()
        }
        tracking.isChosen = true
        call.reply.ok()
    }

    private static func describeTracking(_ call: Call) {
        let reply = call.reply
        let tracking = call.session.pointee.tracking
        let flags = tracking?.flagNames ?? ["off"]
        reply.map(3)
        reply.bulk("flags")
        reply.set(flags.count)
        for flag in flags { reply.bulk(flag) }
        reply.bulk("redirect")
        reply.integer(tracking?.redirectionID ?? -1)
        reply.bulk("prefixes")
        let prefixes = tracking?.prefixes ?? []
        reply.array(prefixes.count)
        for prefix in prefixes { reply.bulk(prefix) }
    }
}
