import CPrimitives
import Primitives
import RESP
import Store

/// What looks at other connections: CLIENT LIST, INFO and KILL. All loops are parked meanwhile.
extension ClientCommands {
    static func list(_ call: Call) {
        let filter: ClientListFilter
        do throws(ClientArgumentError) {
            filter = try ClientListFilter((2..<call.argumentCount).map { call[$0] })
        } catch {
            return call.reply.error(error.text)
        }
        var lines: [(id: UInt64, text: String)] = []
        if filter.clientClass == nil || filter.clientClass == .normal {
            let wanted = filter.ids.map(Set.init)
            call.shared.control?.forEachSession { session, facts in
                guard wanted?.contains(session.pointee.id) != false else { return }
                lines.append((session.pointee.id, ClientLine(session, facts, call).text))
            }
        }
        if let ids = filter.ids {
            let texts = Dictionary(lines.map { ($0.id, $0.text) }) { first, _ in first }
            call.reply.verbatim(ids.compactMap { texts[$0] }.joined())
        } else {
            call.reply.verbatim(lines.sorted { $0.id < $1.id }.map(\.text).joined())
        }
    }

    static func info(_ call: Call) {
        var text = ""
        call.shared.control?.forEachSession { session, facts in
            if session == call.session { text = ClientLine(session, facts, call).text }
        }
        call.reply.verbatim(text)
    }

    static func kill(_ call: Call) {
        let filter: ClientKillFilter
        do throws(ClientArgumentError) {
            filter = try ClientKillFilter((2..<call.argumentCount).map { call[$0] })
        } catch {
            return call.reply.error(error.text)
        }
        var victims: [UnsafeMutablePointer<Session>] = []
        call.shared.control?.forEachSession { session, _ in
            if filter.skipsMe, session == call.session { return }
            let matches = withSlice(of: session.pointee.peerAddress) { address in
                withSlice(of: session.pointee.localAddress) { localAddress in
                    filter.matches(
                        id: session.pointee.id, address: address, localAddress: localAddress,
                        ageSeconds: session.pointee.ageSeconds(call))
                }
            }
            if matches { victims.append(session) }
        }
        for session in victims {
            // The own connection gets its reply first.
            if session == call.session {
                session.pointee.shouldClose = true
            } else {
                call.shared.control?.close(session)
            }
        }
        if !filter.isOldForm { return call.reply.integer(Int64(victims.count)) }
        if victims.isEmpty { call.reply.error("ERR No such client") } else { call.reply.ok() }
    }
}

extension Session {
    /// Seconds since the connection came.
    func ageSeconds(_ call: Call) -> Int64 { max(0, call.wallMilliseconds - createdMilliseconds) / 1_000 }
}

extension ClientLine {
    /// What is known of a connection, whose loop is parked.
    init(_ session: UnsafeMutablePointer<Session>, _ facts: ConnectionFacts, _ call: Call) {
        id = session.pointee.id
        address = session.pointee.peerAddress
        localAddress = session.pointee.localAddress
        descriptor = session.pointee.descriptor
        name = String(decoding: session.pointee.name, as: UTF8.self)
        ageSeconds = session.pointee.ageSeconds(call)
        idleSeconds = max(0, call.nowMilliseconds - session.pointee.lastInteractionMilliseconds) / 1_000
        database = Int32(clamping: session.pointee.database)
        inputByteCount = facts.inputByteCount
        inputFreeByteCount = facts.inputFreeByteCount
        outputByteCount = facts.outputByteCount
        outputObjectCount = facts.outputReferenceCount
        memoryByteCount = facts.heapByteCount
        events = facts.watchesWriting ? "rw" : "r"
        protocolVersion = session.pointee.protocolVersion
        libraryName = String(decoding: session.pointee.libraryName, as: UTF8.self)
        libraryVersion = String(decoding: session.pointee.libraryVersion, as: UTF8.self)
        if session == call.session {
            // The command under way: it is booked when it has replied.
            idleSeconds = 0
            command = call.fullName
        } else if session.pointee.lastCommandIndex >= 0 {
            command = call.shared.table.names[Int(session.pointee.lastCommandIndex)]
        }
        if let transaction = session.pointee.transaction {
            watchCount = transaction.watchedCount
            if session.pointee.isInTransaction {
                queuedCount = transaction.queuedCount
                queuedByteCount = transaction.queueByteCount
            }
            if transaction.flag.isRaised { flags.insert(.dirtyWatch) }
        }
        if let tracking = session.pointee.tracking {
            redirection = tracking.redirectionID
            flags.insert(.tracking)
            if tracking.isRedirectionBroken { flags.insert(.brokenRedirection) }
            if tracking.mode == .broadcast { flags.insert(.broadcasting) }
        }
        if session.pointee.isMonitor { flags.insert(.monitor) }
        if session.pointee.isInTransaction { flags.insert(.transaction) }
        if session.pointee.job != nil { flags.insert(.blocked) }
        if session.pointee.shouldClose { flags.insert(.closingAfterReply) }
        if session.pointee.isUnixSocket { flags.insert(.unixSocket) }
        if session.pointee.isProtectedFromEviction { flags.insert(.noEvict) }
        if !session.pointee.touchesEntries { flags.insert(.noTouch) }
    }
}
