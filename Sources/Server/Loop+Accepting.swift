import CPrimitives
import Commands
import Configuration
import Networking
import Primitives
import Telemetry

extension Loop {
    /// As redis-server 7.4 answers.
    static let deniedReply: StaticString = """
        -DENIED Redis is running in protected mode because protected mode is enabled and no password is set for the \
        default user. In this mode connections are only accepted from the loopback interface. If you want to connect \
        from external computers to Redis you may adopt one of the following solutions: 1) Just disable protected mode \
        sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to Redis from the \
        same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if you do so. \
        Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected mode by \
        editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting the \
        server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' \
        option. 4) Set up an authentication password for the default user. NOTE: You only need to do one of the above \
        things in order for the server to start accepting connections from the outside.\r\n
        """
    static let fullReply: StaticString = "-ERR max number of clients reached\r\n"

    /// A listener has clients waiting.
    mutating func accept(listener index: Int) {
        guard index < acceptor.listeners.count, drainDeadline == 0 else { return }
        let listener = acceptor.listeners[index]
        for _ in 0..<Acceptor.connectionsPerTurn {
            switch listener.accept() {
            case .accepted(let descriptor): handOver(descriptor, isUnixSocket: listener.isUnix)
            case .none: return
            case .transient: continue
            case .exhausted(let error): return pauseAccepting(listener, error)
            }
        }
    }

    /// Gives a new connection to the loop whose turn it is.
    private mutating func handOver(_ descriptor: Descriptor, isUnixSocket: Bool) {
        let (target, isFull) = server._withUnsafeGuaranteedRef { server in
            (server.inbox(of: acceptor.nextLoop), !server.admitClient(limit: settings.maxClients))
        }
        if isFull { return reject(descriptor, Self.fullReply) }
        let loop = acceptor.nextLoop
        acceptor.nextLoop = server._withUnsafeGuaranteedRef { (loop + 1) % $0.loopCount }
        if loop == index {
            adopt(descriptor, isUnixSocket: isUnixSocket)
        } else {
            target.post(.accepted(descriptor, isUnixSocket: isUnixSocket))
        }
    }

    /// Answers as far as the socket takes it at once, and closes.
    private func reject(_ descriptor: Descriptor, _ reply: StaticString) {
        nc_counter_add(&counters.pointee.rejections, 1)
        _ = Socket.send(descriptor, reply.utf8Start, count: reply.utf8CodeUnitCount)
        descriptor.close()
    }

    /// Makes an accepted socket a connection of this loop.
    mutating func adopt(_ descriptor: Descriptor, isUnixSocket: Bool) {
        guard drainDeadline == 0, let peer = SocketAddress(peerOf: descriptor),
            let local = SocketAddress(localOf: descriptor)
        else {
            descriptor.close()
            return server._withUnsafeGuaranteedRef { $0.clientLeft() }
        }
        if settings.isProtected, !settings.isPasswordRequired, !peer.isLoopback {
            reject(descriptor, Self.deniedReply)
            return server._withUnsafeGuaranteedRef { $0.clientLeft() }
        }
        if !isUnixSocket { Socket.configure(descriptor, keepaliveSeconds: settings.tcpKeepaliveSeconds) }
        // A Unix client has no name of its own: Redis shows the socket's path.
        var session = Session(
            id: server._withUnsafeGuaranteedRef { $0.nextSessionID() },
            peerAddress: isUnixSocket ? local.text : peer.text, localAddress: local.text, descriptor: descriptor,
            isUnixSocket: isUnixSocket, isLocal: peer.isLoopback,
            createdMilliseconds: StoreClock.readWallMilliseconds(), isAuthenticated: !settings.isPasswordRequired,
            source: peer.source)
        session.lastInteractionMilliseconds = executor._withUnsafeGuaranteedRef { $0.nowMilliseconds }
        let connection = Connection.make(descriptor: descriptor, loopIndex: index, session: session)
        account(connection, held: Connection.blockByteCount, referenced: 0)
        connection.pointee.times.connected = now
        connection.pointee.times.lastInput = now
        connection.pointee.index = connections.count
        connections.append(connection)
        nc_counter_add(&counters.pointee.connections, 1)
        nc_atomic_store_signed(&counters.pointee.clients, Int64(connections.count))
        do throws(SystemError) {
            try poller.add(descriptor, .readable, token: UInt64(UInt(bitPattern: connection)))
        } catch {
            connection.pointee.machine.fail()
            markDead(connection)
        }
    }

    private mutating func pauseAccepting(_ listener: Listener, _ error: SystemError) {
        acceptor.spare.dismissOne(of: listener)
        nc_counter_add(&counters.pointee.rejections, 1)
        guard acceptor.resumesAt == 0 else { return }
        if now >= acceptor.nextWarning {
            acceptor.nextWarning = now + Acceptor.warningMilliseconds
            server._withUnsafeGuaranteedRef {
                $0.shared.log.warning("Accepting no connections for a moment: \(error)")
            }
        }
        acceptor.resumesAt = now + Acceptor.pauseMilliseconds
        nextTick = min(nextTick, acceptor.resumesAt)
        watchListeners([])
    }

    mutating func resumeAccepting() {
        acceptor.resumesAt = 0
        watchListeners(.readable)
    }

    private func watchListeners(_ readiness: Readiness) {
        for index in 0..<acceptor.listeners.count {
            // It was added at the start, and to change what is watched takes no memory.
            try? poller.modify(
                acceptor.listeners[index].descriptor, readiness, token: Token.firstListener + UInt64(index))
        }
    }

    /// Listens no more. The sockets close when the server lets go of them.
    mutating func stopAccepting() {
        for listener in acceptor.listeners { try? poller.remove(listener.descriptor) }
        acceptor.listeners = []
    }
}
