import CPrimitives
import Commands
import Configuration
import Networking
import Primitives
import RESP
import Synchronization

/// What commands need of the server. Sessions are touched only by exclusive commands, while all loops are parked.
extension Server: ServerControl {
    /// Calls `body` for every session that is not closed, in the order in which they came.
    public func forEachSession(_ body: (UnsafeMutablePointer<Session>, ConnectionFacts) -> Void) {
        var connections: [ConnectionPointer] = []
        forEachConnection { connections.append($0) }
        connections.sort { Connection.session(of: $0).pointee.id < Connection.session(of: $1).pointee.id }
        for connection in connections { body(Connection.session(of: connection), facts(of: connection)) }
    }

    /// Calls `body` for every connection that is not closed.
    func forEachConnection(_ body: (ConnectionPointer) -> Void) {
        for index in 0..<loopCount {
            let list = loops + index
            for place in 0..<list.pointee.connections.count {
                let connection = list.pointee.connections[place]
                if connection.pointee.machine.phase != .closed { body(connection) }
            }
        }
    }

    private func facts(of connection: ConnectionPointer) -> ConnectionFacts {
        var facts = ConnectionFacts()
        facts.inputByteCount = connection.pointee.input.count
        facts.inputFreeByteCount = connection.pointee.input.freeCount
        facts.outputByteCount = connection.pointee.backlog.byteCount
        facts.heapByteCount = connection.pointee.accountedByteCount
        facts.loopIndex = Int(connection.pointee.loopIndex)
        facts.watchesWriting = connection.pointee.watched.contains(.writable)
        return facts
    }

    /// Marks the session's connection; its loop closes and frees it in a turn of its own. The client whose command this is
    /// still gets the replies.
    public func close(_ session: UnsafeMutablePointer<Session>) {
        let connection = Connection.of(session)
        connection.pointee.machine.kill(isOwnCommand: session == exclusiveSession)
        inbox(of: Int(connection.pointee.loopIndex)).post(.killed)
    }

    public func feedMonitors(_ line: [UInt8]) {
        for index in 0..<loopCount { inbox(of: index).post(.monitored(line)) }
    }

    public func deliver(_ messages: [TrackingMessage], toLoop index: Int) {
        inbox(of: index).post(.tracking(messages))
    }

    public func wake(_ tickets: [UInt64], onLoop index: Int) { inbox(of: index).post(.woken(tickets)) }

    public func monitorChanged(_ session: UnsafeMutablePointer<Session>) {
        let count = monitorCount.add(session.pointee.isMonitor ? 1 : -1, ordering: .relaxed).newValue
        shared.setMonitored(count > 0)
    }

    public func requestShutdown(force: Bool) { onShutdownRequest(force) }

    /// Sums of the loops' counts; each exact, all together of about one moment.
    public var statistics: ServerStatistics {
        var sum = ServerStatistics()
        sum.loopCount = loopCount
        sum.maximumClients = shared.configuration.settings.maxClients
        for counters in counters {
            sum.connectedClients += Int(nc_atomic_load_signed(&counters.pointee.clients))
            sum.blockedClients += Int(nc_atomic_load_signed(&counters.pointee.blockedClients))
            sum.connectionBufferBytes += Int(nc_atomic_load_signed(&counters.pointee.bufferBytes))
            let recentInputBytes = Int(nc_atomic_load_signed(&counters.pointee.recentInputBytes))
            sum.recentInputBytes = max(sum.recentInputBytes, recentInputBytes)
            let recentOutputBytes = Int(nc_atomic_load_signed(&counters.pointee.recentOutputBytes))
            sum.recentOutputBytes = max(sum.recentOutputBytes, recentOutputBytes)
            // Counts of events and bytes: 2^64 of them do not come to pass.
            sum.receivedConnections &+= nc_atomic_load_relaxed(&counters.pointee.connections)
            sum.rejectedConnections &+= nc_atomic_load_relaxed(&counters.pointee.rejections)
            sum.inputBytes &+= nc_atomic_load_relaxed(&counters.pointee.inputBytes)
            sum.outputBytes &+= nc_atomic_load_relaxed(&counters.pointee.outputBytes)
            sum.readEvents &+= nc_atomic_load_relaxed(&counters.pointee.reads)
            sum.writeEvents &+= nc_atomic_load_relaxed(&counters.pointee.writes)
            sum.outputLimitDisconnections &+= nc_atomic_load_relaxed(&counters.pointee.outputLimitDisconnections)
            sum.queryLimitDisconnections &+= nc_atomic_load_relaxed(&counters.pointee.queryLimitDisconnections)
            sum.evictedClients &+= nc_atomic_load_relaxed(&counters.pointee.evictedClients)
            sum.eventLoopCycles &+= nc_atomic_load_relaxed(&counters.pointee.turns)
        }
        return sum
    }

    public func resetStatistics() {
        for counters in counters {
            let now = counters.pointee
            counters.pointee = LoopCounters()
            // What is now is no statistic, and the watchdog must see turns.
            counters.pointee.clients = now.clients
            counters.pointee.blockedClients = now.blockedClients
            counters.pointee.bufferBytes = now.bufferBytes
            counters.pointee.clientBytes = now.clientBytes
            counters.pointee.recentInputBytes = now.recentInputBytes
            counters.pointee.recentOutputBytes = now.recentOutputBytes
            counters.pointee.turns = now.turns
        }
    }
}
