import CPrimitives
import Commands
import Configuration
import Networking
import Primitives
import RESP
import Store

extension Loop {
    /// Waiting replies of a client that has not passed AUTH, in bytes: a flood of them is all it could ask for
    /// (CVE-2025-21605).
    private static let unauthenticatedOutputLimit = 4096
    /// Bytes of a backlog that are sent in one go before others have their turn.
    private static let backlogShare = 1 << 20

    /// Bounds what the connection's next replies may take, together with those that wait already.
    @inline(__always)
    mutating func limitOutput(_ connection: ConnectionPointer) {
        let output = output
        let rest = max(0, hardLimit(connection) - connection.pointee.backlog.byteCount)
        if output.pointee.hardLimit != rest { output.pointee.hardLimit = rest }
    }

    @inline(__always)
    private func hardLimit(_ connection: ConnectionPointer) -> Int {
        let hard = settings.outputLimits.normal.hardBytes
        let limit = hard > 0 ? Int(clamping: hard) : Int.max
        return Connection.session(of: connection).pointee.isAuthenticated
            ? limit : min(limit, Self.unauthenticatedOutputLimit)
    }

    /// Sends the replies in `output`; what the socket does not take goes to the connection's backlog.
    mutating func flush(_ connection: ConnectionPointer) {
        let output = output
        if output.pointee.overflowed { return exceedLimit(connection) }
        if connection.pointee.machine.phase == .closed { return output.pointee.removeAll() }
        if connection.pointee.backlog.isEmpty {
            if output.pointee.isEmpty { return }
            switch send(connection.pointee.descriptor, output) {
            case .bytes(let count):
                output.pointee.consume(count)
                if output.pointee.isEmpty { return }
            case .wouldBlock: break
            case .failed:
                connection.pointee.machine.fail()
                return output.pointee.removeAll()
            }
            connection.pointee.backlog.hardLimit = .max  // `output` has kept to the limit
            output.pointee.moveRemainder(to: &connection.pointee.backlog)
        } else {
            output.pointee.moveRemainder(to: &connection.pointee.backlog)
            sendBacklog(connection)
        }
        noteBacklog(connection)
    }

    /// The socket takes more.
    mutating func writable(_ connection: ConnectionPointer) {
        sendBacklog(connection)
        noteBacklog(connection)
        // Below its soft limit again it goes on with what had arrived.
        processInput(connection)
        settle(connection)
    }

    private mutating func sendBacklog(_ connection: ConnectionPointer) {
        var sent = 0
        while !connection.pointee.backlog.isEmpty, sent < Self.backlogShare {
            let result = withUnsafeMutablePointer(to: &connection.pointee.backlog) {
                send(connection.pointee.descriptor, $0)
            }
            switch result {
            case .bytes(let count):
                connection.pointee.backlog.consume(count)
                sent += count
            case .wouldBlock: return
            case .failed: return connection.pointee.machine.fail()
            }
        }
        if connection.pointee.backlog.isEmpty { connection.pointee.backlog.removeAllFreeingMemory() }
    }

    /// One system call with as much of `buffer` as it can carry.
    @inline(__always)
    private func send(_ descriptor: Descriptor, _ buffer: UnsafeMutablePointer<ReplyBuffer>) -> IOResult {
        let result: IOResult
        if buffer.pointee.hasReferences {
            let count = buffer.pointee.fillVectors(vectors, capacity: Self.vectorCount)
            result = Socket.send(descriptor, vectors, vectorCount: count)
        } else {
            let bytes = buffer.pointee.unsentBytes
            result = Socket.send(descriptor, bytes.base, count: bytes.count)
        }
        if case .bytes(let count) = result {
            nc_counter_add(&counters.pointee.writes, 1)
            nc_counter_add(&counters.pointee.outputBytes, UInt64(truncatingIfNeeded: count))  // not negative
        }
        return result
    }

    /// The backlog has changed: throttles the connection or lets it go.
    private func noteBacklog(_ connection: ConnectionPointer) {
        let limit = settings.outputLimits.normal
        let byteCount = connection.pointee.backlog.byteCount
        connection.pointee.machine.backlogChanged(byteCount: byteCount, softLimit: Int(clamping: limit.softBytes))
        if !connection.pointee.machine.isThrottled {
            connection.pointee.times.exceededSoftLimit = 0
        } else if connection.pointee.times.exceededSoftLimit == 0 {
            connection.pointee.times.exceededSoftLimit = now
        }
    }

    /// The replies would pass the hard limit: one is missing from the stream, so the connection ends.
    private mutating func exceedLimit(_ connection: ConnectionPointer) {
        let output = output
        output.pointee.removeAll()
        nc_counter_add(&counters.pointee.outputLimitDisconnections, 1)
        warnOfClosing("it reached its hard output buffer limit", connection)
        connection.pointee.machine.fail()
    }

    /// Appends bytes that come from another connection's command, and sends what can be sent.
    mutating func push(_ bytes: [UInt8], to connection: ConnectionPointer) {
        guard connection.pointee.machine.phase == .open else { return }
        let session = Connection.session(of: connection)
        if session.pointee.job != nil { return session.pointee.deferredPushes.append(contentsOf: bytes) }
        limitOutput(connection)
        let output = output
        bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            output.pointee.append(ByteSlice(base: base, count: buffer.count))
        }
        flush(connection)
        settle(connection)
    }

    /// Tells clients what CLIENT TRACKING has for them.
    mutating func deliver(_ messages: [TrackingMessage]) {
        let pushes = executor._withUnsafeGuaranteedRef { $0.pushes(for: messages) }
        for entry in pushes { push(entry.bytes, to: Connection.of(entry.session)) }
    }

    // MARK: After everything

    /// Does what is left to do for a connection whose event was handled.
    @inline(__always)
    mutating func settle(_ connection: ConnectionPointer) {
        let action = connection.pointee.machine.settle(
            hasBacklog: !connection.pointee.backlog.isEmpty, hasWork: connection.pointee.hasWork)
        switch action {
        case .none: break
        case .close: return markDead(connection)
        case .shutDownWriting:
            Socket.shutdownWriting(connection.pointee.descriptor)
            connection.pointee.times.lingers = now
        }
        let watched = wanted(connection)
        if watched != connection.pointee.watched { watch(connection, watched) }
        let held =
            Connection.blockByteCount + connection.pointee.input.capacity + connection.pointee.parser.heapByteCount
            + connection.pointee.backlog.heapByteCount + Connection.session(of: connection).pointee.heldByteCount
        let referenced = connection.pointee.backlog.referencedByteCount
        if held != connection.pointee.accountedByteCount || referenced != connection.pointee.referencedByteCount {
            account(connection, held: held, referenced: referenced)
        }
    }

    @inline(__always)
    private func wanted(_ connection: ConnectionPointer) -> Readiness {
        var readiness: Readiness = connection.pointee.machine.watchesInput ? .readable : []
        if !connection.pointee.backlog.isEmpty { readiness.insert(.writable) }
        if connection.pointee.machine.watchesPeer, !connection.pointee.isPeerFinished {
            readiness.insert(.peerFinished)
        }
        return readiness
    }

    @inline(never)
    private mutating func watch(_ connection: ConnectionPointer, _ readiness: Readiness) {
        let token = UInt64(UInt(bitPattern: connection))
        guard (try? poller.modify(connection.pointee.descriptor, readiness, token: token)) != nil else {
            connection.pointee.machine.fail()
            return markDead(connection)
        }
        connection.pointee.watched = readiness
    }

    /// Puts a closed connection among those that are freed at the end of the turn.
    mutating func markDead(_ connection: ConnectionPointer) {
        guard !connection.pointee.isDead else { return }
        connection.pointee.isDead = true
        dead.append(connection)
    }
}
