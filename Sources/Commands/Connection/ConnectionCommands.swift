import Configuration
import Primitives
import RESP
import Telemetry

/// PING, ECHO, QUIT, RESET, AUTH, HELLO. CLIENT has files of its own.
enum ConnectionCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            "ping", arity: -1, flags: [.fast], categories: [.connection], group: .connection, since: "1.0.0",
            summary: "Answers PONG, or the message.", complexity: "O(1)", syntax: "[message]",
            tips: ["request_policy:all_shards", "response_policy:all_succeeded"], handler: { ping(Call($0)) }),
        CommandSpec(
            "echo", arity: 2, flags: [.loading, .stale, .fast], categories: [.connection], group: .connection,
            since: "1.0.0", summary: "Answers the message, byte for byte.", complexity: "O(1)", syntax: "message",
            handler: { Call($0).reply.bulk(Call($0)[1]) }),
        CommandSpec(
            "quit", arity: -1, flags: handshakeFlags.union(.immediate), categories: [.connection],
            group: .connection, since: "1.0.0", summary: "Closes the connection once all replies are written.",
            complexity: "O(1)", handler: { quit(Call($0)) }),
        CommandSpec(
            "reset", arity: 1, flags: handshakeFlags.union([.immediate, .exclusive]), categories: [.connection],
            group: .connection, since: "6.2.0",
            summary: "Sets the connection back to what it was when it was new.", complexity: "O(1)",
            handler: { reset(Call($0)) }),
        CommandSpec(
            "auth", arity: -2, flags: handshakeFlags.union(.sensitive), categories: [.connection],
            group: .connection, since: "1.0.0", summary: "Authenticates the connection.",
            complexity: "O(N) where N is the length of the password", syntax: "[username] password",
            handler: { authenticate(Call($0)) }),
        CommandSpec(
            "hello", arity: -1, flags: handshakeFlags.union(.sensitive), categories: [.connection],
            group: .connection, since: "6.0.0",
            summary: "Chooses the protocol version, authenticates and names the connection, and introduces the server.",
            complexity: "O(1)", syntax: "[protover [AUTH username password] [SETNAME clientname]]",
            handler: { hello(Call($0)) }),
    ]

    /// What everybody may do at any time, before AUTH as well.
    static let handshakeFlags: CommandFlags = [.noScript, .loading, .stale, .fast, .noAuth, .allowBusy]

    private static func ping(_ call: Call) {
        switch call.argumentCount {
        case 1: call.reply.simple("PONG")
        case 2: call.reply.bulk(call[1])
        default: call.wrongArgumentCount()
        }
    }

    private static func quit(_ call: Call) {
        call.session.pointee.shouldClose = true
        call.reply.ok()
    }

    private static func reset(_ call: Call) {
        TransactionCommands.abandon(call)
        let session = call.session
        if session.pointee.isMonitor {
            session.pointee.isMonitor = false
            call.shared.control?.monitorChanged(session)
        }
        if session.pointee.tracking != nil { call.executor.endTracking(session) }
        session.pointee.setReplyMode(.on)
        session.pointee.protocolVersion = 2
        session.pointee.database = 0
        session.pointee.name = []
        session.pointee.updateHeldByteCount()
        session.pointee.touchesEntries = true
        session.pointee.isProtectedFromEviction = false
        session.pointee.isAuthenticated = call.shared.configuration.values.password == nil
        call.reply.simple("RESET")
    }

    // MARK: AUTH and HELLO

    private static func authenticate(_ call: Call) {
        guard call.argumentCount <= 3 else { return call.syntaxError() }
        if call.argumentCount == 2, call.shared.configuration.values.password == nil {
            return call.reply.error(
                """
                ERR AUTH <password> called without any password configured for the default user. Are you sure your \
                configuration is correct?
                """)
        }
        let user = call.argumentCount == 3 ? call[1] : ("default" as StaticString).slice
        guard admits(call, user: user, password: call[call.argumentCount - 1]) else { return }
        call.reply.ok()
    }

    /// Authenticates the session, or replies the error and returns false.
    private static func admits(_ call: Call, user: ByteSlice, password: ByteSlice) -> Bool {
        let expected = call.shared.configuration.values.password
        // Both are always compared: the time tells neither whether the user exists nor how much of the password fits.
        let isKnown = user.equals("default")
        let isRight = expected.map { Password.matches($0, password) } ?? true
        guard isKnown, isRight else {
            noteFailure(call)
            call.reply.error("WRONGPASS invalid username-password pair or user is disabled.")
            return false
        }
        call.session.pointee.isAuthenticated = true
        return true
    }

    /// Counts a failure, and holds the reply back when there were many from there. EXEC gives its replies all at once, and who
    /// may use it is in already.
    private static func noteFailure(_ call: Call) {
        call.state.pointee.counters.add(.authenticationFailures)
        let delay = call.shared.authenticationGuard.noteFailure(
            of: call.session.pointee.source, now: call.nowMilliseconds)
        guard delay > 0, !call.isInTransaction else { return }
        call.state.pointee.counters.add(.delayedAuthentications)
        call.session.pointee.replyDelayMilliseconds = delay
    }

    private static func hello(_ call: Call) {
        let options: HelloOptions
        do throws(HelloOptions.Failure) {
            options = try HelloOptions((1..<call.argumentCount).map { call[$0] })
        } catch {
            return call.reply.error(error.text)
        }
        if let user = options.user, let password = options.password {
            guard admits(call, user: user, password: password) else { return }
        }
        guard call.session.pointee.isAuthenticated else {
            return call.reply.error(
                """
                NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH \
                <user> <pass> option can be used to authenticate the client and select the RESP protocol version at \
                the same time
                """)
        }
        if let name = options.clientName {
            call.session.pointee.name = name.array
            call.session.pointee.updateHeldByteCount()
        }
        if let version = options.protocolVersion { call.session.pointee.protocolVersion = version }
        introduce(call)
    }

    /// The reply to HELLO, in the protocol just chosen.
    private static func introduce(_ call: Call) {
        let reply = call.reply
        reply.map(8)
        reply.bulk("server")
        reply.bulk("redis")
        reply.bulk("version")
        reply.bulk(call.shared.configuration.values.compatibilityVersion)
        reply.bulk("proto")
        reply.integer(Int64(call.session.pointee.protocolVersion))
        reply.bulk("id")
        reply.integer(Int64(clamping: call.session.pointee.id))
        reply.bulk("mode")
        reply.bulk("standalone")
        reply.bulk("role")
        reply.bulk("master")
        reply.bulk("modules")
        reply.array(0)
        reply.bulk("nearcached_version")
        reply.bulk(SharedState.version)
    }
}

/// Comparing passwords.
enum Password {
    /// Whether `given` is `expected`, in a time that depends on the length of `given` alone, which its sender knows.
    static func matches(_ expected: [UInt8], _ given: ByteSlice) -> Bool {
        guard !expected.isEmpty else { return given.isEmpty }
        var difference = expected.count ^ given.count
        for index in 0..<given.count {
            difference |= Int(given[index] ^ expected[index % expected.count])
        }
        return difference == 0
    }
}
