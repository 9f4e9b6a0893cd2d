import CPrimitives
import Commands
import Configuration
import Networking

extension Loop {
    /// Seconds that clients have to take their last replies when the server stops.
    private static let drainMilliseconds: Int64 = 5000

    /// Does what other threads ask.
    mutating func takeMessages() {
        var someWereKilled = false
        for message in inbox._withUnsafeGuaranteedRef({ $0.take() }) {
            switch message {
            case .accepted(let descriptor, let isUnixSocket): adopt(descriptor, isUnixSocket: isUnixSocket)
            case .monitored(let line): feedMonitors(line)
            case .tracking(let messages): deliver(messages)
            case .woken(let tickets): wake(tickets)
            case .killed: someWereKilled = true
            case .drain: drain()
            case .stop: isStopped = true
            }
        }
        if someWereKilled { settleKilled() }
    }

    /// Sends a line to the monitors of this loop.
    private mutating func feedMonitors(_ line: [UInt8]) {
        for index in 0..<connections.count
        where Connection.session(of: connections[index]).pointee.isMonitor {
            push(line, to: connections[index])
        }
    }

    /// Settles those that another's command has marked.
    private mutating func settleKilled() {
        for index in 0..<connections.count where connections[index].pointee.machine.phase != .open {
            settle(connections[index])
        }
    }

    /// Accepts no more, reads once more from everyone, executes what has arrived, sends the replies and ends.
    private mutating func drain() {
        guard drainDeadline == 0 else { return }
        drainDeadline = now + Self.drainMilliseconds
        nextTick = now
        stopAccepting()
        interruptDelayed()
        for index in 0..<connections.count {
            let connection = connections[index]
            if connection.pointee.machine.reads { readable(connection) }
            connection.pointee.machine.inputEnded()
            settle(connection)
        }
    }

    /// Ends when all have finished, or time is up.
    mutating func continueDraining() {
        if connections.count == dead.count || now >= drainDeadline { isStopped = true }
    }

    /// Looks at a part of the connections, so that each is looked at about once a second.
    mutating func checkDeadlines() {
        var rest = connections.count / 10 + 1
        while rest > 0, !connections.isEmpty {
            if hand >= connections.count { hand = 0 }
            checkDeadline(connections[hand])
            hand += 1
            rest -= 1
        }
    }

    private mutating func checkDeadline(_ connection: ConnectionPointer) {
        noteBuffers(of: connection)
        let session = Connection.session(of: connection)
        let situation = ConnectionTimes.Situation(
            isAuthenticated: session.pointee.isAuthenticated, isHeld: !connection.pointee.machine.executes,
            inputByteCount: connection.pointee.input.count,
            idleSeconds: session.pointee.isMonitor ? 0 : settings.timeoutSeconds,
            softLimitSeconds: settings.outputLimits.normal.softSeconds)
        guard let expiry = connection.pointee.times.expiry(at: now, situation) else { return }
        switch expiry {
        case .softLimit:
            nc_counter_add(&counters.pointee.outputLimitDisconnections, 1)
            warnOfClosing("it stayed over its soft output buffer limit", connection)
        case .authentication: noteClosing("it did not authenticate in time", connection)
        case .request: noteClosing("it did not finish its request in time", connection)
        case .idle: noteClosing("it was idle", connection)
        case .linger: break
        }
        connection.pointee.machine.fail()
        settle(connection)
    }

    // MARK: Burials

    /// Frees the connections that were closed in this turn. At its end, when no event, list or message points to one.
    mutating func bury() {
        waitingForTurn.removeDead()
        exclusive.removeDead()
        blocked.removeDead()
        paused.removeDead()
        for index in 0..<dead.count { free(dead[index]) }
        dead.removeAll()
        nc_atomic_store_signed(&counters.pointee.clients, Int64(connections.count))
    }

    private mutating func free(_ connection: ConnectionPointer) {
        let session = Connection.session(of: connection)
        executor._withUnsafeGuaranteedRef { $0.sessionClosed(session) }
        if session.pointee.isMonitor {
            session.pointee.isMonitor = false
            server._withUnsafeGuaranteedRef { $0.monitorChanged(session) }
        }
        account(connection, held: 0, referenced: 0)
        delayed.remove(connection)
        let index = connection.pointee.index
        let last = connections[connections.count - 1]
        connections[index] = last
        last.pointee.index = index
        connections.removeLast()
        Connection.destroy(connection)
        server._withUnsafeGuaranteedRef { $0.clientLeft() }
    }

    /// Closes everyone, when the loop has ended.
    mutating func closeAll() {
        for message in inbox._withUnsafeGuaranteedRef({ $0.take() }) {
            guard case .accepted(let descriptor, _) = message else { continue }
            descriptor.close()
        }
        stopAccepting()
        for index in 0..<connections.count { markDead(connections[index]) }
        bury()
    }
}
