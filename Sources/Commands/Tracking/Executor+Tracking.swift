import Configuration
import Primitives
import RESP
import Store

/// CLIENT TRACKING on the way of a command. The store notes changes under the locks of its shards; here they are taken when
/// nothing is locked any more. What concerns the connection under way follows its reply; all else goes through the loops'
/// inboxes, since a connection's output is its own loop's.
extension Executor {
    // MARK: Around the handler

    /// Calls the handler; the keys' shards are locked.
    @inline(__always)
    func callHandler(_ command: UnsafePointer<Command>) {
        guard state.pointee.session.pointee.conditions.contains(.tracked) else { return command.pointee.handler(state) }
        callTracked(command)
    }

    /// For a tracking connection: says who writes, and remembers what was read. After the handler, which may have found an
    /// entry past its deadline: its removal is no change of what was read.
    @inline(never)
    private func callTracked(_ command: UnsafePointer<Command>) {
        guard let tracking = state.pointee.session.pointee.tracking else { return command.pointee.handler(state) }
        let isWrite = command.pointee.flags.contains(.write)
        if isWrite { setWriter(tracking.token, command) }
        let count = state.pointee.argumentCount
        let arguments = state.pointee.arguments
        command.pointee.handler(state)
        if isWrite { setWriter(.none, command) }
        guard command.pointee.flags.contains(.readOnly), tracking.remembersReads else { return }
        let access = state.pointee.access
        let database = state.pointee.session.pointee.database
        command.pointee.forEachKey(arguments, count: count) { index in
            access.track(access.key(arguments[index], database: database), reader: tracking.token.rawValue)
        }
    }

    private func setWriter(_ token: ReaderToken, _ command: UnsafePointer<Command>) {
        let access = state.pointee.access
        let arguments = state.pointee.arguments
        command.pointee.forEachKey(arguments, count: state.pointee.argumentCount) { index in
            access.setWriter(token.rawValue, hash: access.hash(arguments[index]))
        }
    }

    // MARK: After the reply

    /// Tells the connection under way what its command has changed of its own, ends CLIENT CACHING, and keeps the table to its
    /// bound. Nothing is locked.
    @inline(never)
    func finishTracking(_ command: UnsafePointer<Command>) {
        let session = state.pointee.session
        let isFlush = tracking.isFlushed
        tracking.isFlushed = false
        let limit = settings.trackingTableMaximumKeyCount
        if limit > 0, session.pointee.conditions.contains(.tracked) {
            // What the command may have added, and some more when the bound was lowered; the first loop drops the rest.
            _ = shared.store.dropTrackedKeys(downTo: limit, budget: 1000 + state.pointee.argumentCount)
        }
        if isFlush, shared.isTracked { noteFlush(session) }
        if shared.store.hasNotes { collectNotes(own: session) }
        guard let own = session.pointee.tracking, own.isChosen, !session.pointee.isInTransaction else { return }
        // Any CLIENT command leaves it as it is, as in Redis.
        if !shared.table.names[Int(command.pointee.index)].hasPrefix("client|") { own.isChosen = false }
    }

    private func noteFlush(_ session: UnsafeMutablePointer<Session>) {
        let own = session.pointee.tracking
        if let own { tell(session, own, TrackingFrame.everything) }
        for loop in tracking.outbox.indices {
            tracking.post(.flushed(except: (own?.token ?? .none).rawValue), to: loop)
        }
    }

    /// Takes what the store has noted.
    ///
    /// - Parameter own: the connection under way, between two replies; nil for none.
    private func collectNotes(own session: UnsafeMutablePointer<Session>?) {
        let own = session?.pointee.tracking
        for note in shared.store.takeNotes() {
            note.readers.forEach { reader in
                if let session, let own, own.token.rawValue == reader {
                    tellOfChange(session, own, note.key, writer: note.writer)
                } else {
                    let message = TrackingMessage.changed(key: note.key, reader: reader, writer: note.writer)
                    tracking.post(message, to: ReaderToken(rawValue: reader).loopIndex)
                }
            }
            if note.isForAll { tracking.changes[note.key] = note.writer }
        }
    }

    private func tellOfChange(
        _ session: UnsafeMutablePointer<Session>, _ own: ClientTracking, _ key: [UInt8], writer: UInt64
    ) {
        if own.isNoLoop, own.token.rawValue == writer { return }
        tell(session, own, TrackingFrame.invalidation(of: CollectionOfOne(key)))
    }

    /// Gives a frame to the connection under way, behind its reply, or to the one that it redirects to.
    private func tell(_ session: UnsafeMutablePointer<Session>, _ own: ClientTracking, _ frame: [UInt8]) {
        if let redirection = own.redirection {
            let tracker = own.token.rawValue
            let message = TrackingMessage.redirected(frame: frame, id: redirection.id, tracker: tracker)
            tracking.post(message, to: redirection.loopIndex)
        } else if session.pointee.protocolVersion == 3 {
            if session.pointee.job != nil {
                session.pointee.deferredPushes += frame
            } else {
                frame.withSlice { state.pointee.output.pointee.append($0) }
            }
        }
    }

    /// Appends what waited for a job's reply.
    func appendDeferredPushes(
        _ session: UnsafeMutablePointer<Session>, _ output: UnsafeMutablePointer<ReplyBuffer>
    ) {
        session.pointee.deferredPushes.withSlice { output.pointee.append($0) }
        session.pointee.deferredPushes = []
    }

    // MARK: To the loops

    /// Leaves messages for who has read what has changed, before the writer gets its reply.
    @inline(never)
    func postInvalidations() {
        if shared.store.hasLeaseWakes { postLeaseWakes() }
        if shared.store.hasNotes { collectNotes(own: nil) }
        if tracking.hasMessages { postMessages() }
    }

    /// Takes what has been noted since, as by the sweep, and tells those in broadcasting mode of the turn's changes. At the end
    /// of a turn; one load when nobody tracks.
    public func endTurn() {
        if shared.isLeased, shared.store.hasLeaseWakes { postLeaseWakes() }
        guard shared.isTracked || tracking.hasMessages else { return }
        postInvalidations()
        guard !tracking.changes.isEmpty else { return }
        let changes = tracking.changes.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        tracking.changes = [:]
        let message = TrackingMessage.broadcast(changes.map { (key: $0.key, writer: $0.value) })
        for loop in shared.tracking.broadcastingLoops { tracking.post(message, to: loop) }
        if tracking.hasMessages { postMessages() }
    }

    private func postMessages() {
        tracking.hasMessages = false
        for loop in tracking.outbox.indices where !tracking.outbox[loop].isEmpty {
            shared.control?.deliver(tracking.outbox[loop], toLoop: loop)
            tracking.outbox[loop] = []
        }
    }

    // MARK: From the loops

    /// What messages mean for connections of this loop: bytes, one run of them for each connection.
    public func pushes(for messages: [TrackingMessage]) -> [TrackingPush] {
        var pushes = PushList()
        for message in messages {
            switch message {
            case .changed(let key, let reader, let writer):
                guard let session = tracking.trackers[reader], let its = session.pointee.tracking,
                    !(its.isNoLoop && writer == reader)
                else { continue }
                address(TrackingFrame.invalidation(of: CollectionOfOne(key)), to: session, its, &pushes)
            case .broadcast(let changes): broadcast(changes, &pushes)
            case .flushed(let except):
                for (token, session) in tracking.trackers where token != except {
                    guard let its = session.pointee.tracking else { continue }
                    address(TrackingFrame.everything, to: session, its, &pushes)
                }
            case .redirected(let frame, let id, let tracker):
                guard let session = tracking.addressees[id] else {
                    tracking.post(.redirectionBroken(tracker: tracker), to: ReaderToken(rawValue: tracker).loopIndex)
                    continue
                }
                if session.pointee.protocolVersion == 3 { pushes.append(frame, to: session) }
            case .redirectionBroken(let tracker):
                guard let session = tracking.trackers[tracker], let its = session.pointee.tracking,
                    let redirection = its.redirection
                else { continue }
                its.isRedirectionBroken = true
                guard session.pointee.protocolVersion == 3 else { continue }
                pushes.append(TrackingFrame.brokenRedirection(redirection.id), to: session)
            }
        }
        if tracking.hasMessages { postMessages() }
        return pushes.entries
    }

    private func broadcast(_ changes: [(key: [UInt8], writer: UInt64)], _ pushes: inout PushList) {
        for match in tracking.prefixes.matches(changes.map(\.key)) {
            let frame = TrackingFrame.invalidation(of: match.places.map { changes[$0].key })
            for token in match.tokens {
                guard let session = tracking.trackers[token.rawValue], let its = session.pointee.tracking
                else { continue }
                guard its.isNoLoop else {
                    address(frame, to: session, its, &pushes)
                    continue
                }
                let others = match.places.filter { changes[$0].writer != token.rawValue }
                if others.isEmpty { continue }
                address(TrackingFrame.invalidation(of: others.map { changes[$0].key }), to: session, its, &pushes)
            }
        }
    }

    private func address(
        _ frame: [UInt8], to session: UnsafeMutablePointer<Session>, _ its: ClientTracking, _ pushes: inout PushList
    ) {
        if let redirection = its.redirection {
            let tracker = its.token.rawValue
            let message = TrackingMessage.redirected(frame: frame, id: redirection.id, tracker: tracker)
            tracking.post(message, to: redirection.loopIndex)
        } else if session.pointee.protocolVersion == 3 {
            pushes.append(frame, to: session)
        }
    }
}

extension Call {
    /// Runs `body`, which changes `key` when the handler has long returned, on behalf of the connection.
    func asWriter(of key: Key, _ body: () -> Void) {
        guard let token = session.pointee.tracking?.token else { return body() }
        access.setWriter(token.rawValue, hash: key.hash)
        defer { access.setWriter(ReaderToken.none.rawValue, hash: key.hash) }
        body()
    }
}

/// Pushes in the making: those for one connection together.
private struct PushList {
    private(set) var entries: [TrackingPush] = []
    private var places: [UnsafeMutablePointer<Session>: Int] = [:]

    mutating func append(_ frame: [UInt8], to session: UnsafeMutablePointer<Session>) {
        if let place = places[session] {
            entries[place].bytes += frame
        } else {
            places[session] = entries.count
            entries.append(TrackingPush(session: session, bytes: frame))
        }
    }
}

extension [UInt8] {
    /// Calls `body` with the bytes as a slice.
    fileprivate func withSlice(_ body: (ByteSlice) -> Void) {
        withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            body(ByteSlice(base: base, count: buffer.count))
        }
    }
}
