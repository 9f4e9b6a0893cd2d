import CPrimitives
import Commands
import Configuration
import Networking

extension Loop {
    /// Milliseconds between two looks at deadlines; a loop without connections sleeps longer.
    private static let tickMilliseconds: Int64 = 100
    private static let idleTickMilliseconds: Int64 = 1000
    private static let pauseCheckMilliseconds: Int64 = 5

    /// Runs until it is stopped.
    mutating func run() {
        while !isStopped {
            let count = poller.wait(timeoutMilliseconds: timeoutMilliseconds)
            safepoint.pointee.beginTurn(index)
            turn(count)
            safepoint.pointee.endTurn(index)
            if !exclusive.isEmpty { runExclusive() }
            if evictsClients { evictClients() }
        }
    }

    /// How long nothing has to be done; from the clock of the turn that ends, which makes it a little early.
    private var timeoutMilliseconds: Int32 {
        if !waitingForTurn.isEmpty || !blocked.isEmpty { return 0 }
        var due = min(nextTick, nextBackground)
        if !paused.isEmpty { due = min(due, nextPauseCheck) }
        if acceptor.resumesAt > 0 { due = min(due, acceptor.resumesAt) }
        if !delayed.isEmpty { due = min(due, now + max(0, delayed.firstDue - storeNow)) }  // below a unix time
        return Int32(clamping: max(0, due - now))
    }

    private mutating func turn(_ eventCount: Int) {
        let nanoseconds = nc_monotonic_nanoseconds()
        now = Int64(truncatingIfNeeded: nanoseconds / 1_000_000)
        executor._withUnsafeGuaranteedRef { $0.beginTurn(nowNanoseconds: nanoseconds) }
        if configuration._withUnsafeGuaranteedRef({ $0.generation }) != settings.generation {
            take(configuration._withUnsafeGuaranteedRef { $0.settings })
        }
        if inbox._withUnsafeGuaranteedRef({ $0.hasMessages }) { takeMessages() }
        for index in 0..<eventCount {
            let (token, readiness) = poller[index]
            if token >= Token.firstAddress {
                handle(token, readiness)
            } else if token >= Token.firstListener {
                accept(listener: Int(token - Token.firstListener))
            } else {
                inbox._withUnsafeGuaranteedRef { $0.wakeup.clear() }
            }
        }
        if !waitingForTurn.isEmpty { resumeWaiting() }
        if !delayed.isEmpty { resumeDelayed() }
        if !blocked.isEmpty { stepJobs() }
        if blocked.count + delayed.count != countedBlocked { countBlocked() }
        if !paused.isEmpty, now >= nextPauseCheck { resumePaused() }
        let isTick = now >= nextTick
        if isTick { tick() }
        evictsClients = looksForLargeClients(isTick: isTick)
        if now >= nextBackground || executor._withUnsafeGuaranteedRef({ $0.wantsBackground }) {
            nextBackground = now + Int64(executor._withUnsafeGuaranteedRef { $0.runBackground() })
        }
        executor._withUnsafeGuaranteedRef { $0.endTurn() }
        if !dead.isEmpty { bury() }
        nc_counter_add(&counters.pointee.turns, 1)
    }

    @inline(__always)
    private mutating func handle(_ token: UInt64, _ readiness: Readiness) {
        guard let connection = ConnectionPointer(bitPattern: UInt(token)) else { return }
        if connection.pointee.machine.phase == .closed { return }
        if readiness.contains(.writable) { writable(connection) }
        if readiness.contains(.peerFinished), connection.pointee.machine.watchesPeer { peerFinished(connection) }
        if readiness.contains(.readable), connection.pointee.machine.reads {
            readable(connection)
        } else if !readiness.isDisjoint(with: .broken) {
            connection.pointee.machine.fail()
            settle(connection)
        }
    }

    private mutating func tick() {
        if acceptor.resumesAt > 0, now >= acceptor.resumesAt { resumeAccepting() }
        if drainDeadline > 0 { continueDraining() }
        checkDeadlines()
        publishRecentMaxima()
        nextTick = now + (connections.isEmpty && drainDeadline == 0 ? Self.idleTickMilliseconds : Self.tickMilliseconds)
    }

    // MARK: Connections on hold

    private mutating func resumeWaiting() {
        // Those that come while this runs wait for the next turn.
        let count = waitingForTurn.count
        for index in 0..<count { goOn(waitingForTurn[index]) }
        waitingForTurn.removeFirst(count)
    }

    private mutating func resumePaused() {
        nextPauseCheck = now + Self.pauseCheckMilliseconds
        let count = paused.count
        for index in 0..<count { goOn(paused[index]) }
        paused.removeFirst(count)
    }

    /// Executes what a connection has left, if it is still there.
    private mutating func goOn(_ connection: ConnectionPointer) {
        guard connection.pointee.machine.phase == .open else { return }
        connection.pointee.machine.resume()
        processInput(connection)
        settle(connection)
    }

    /// Gives the jobs of blocked connections their slices, a few milliseconds of all.
    private mutating func stepJobs() {
        let began = nc_monotonic_nanoseconds()
        let count = blocked.count
        var stepped = 0
        while stepped < count, stepped == 0 || nc_monotonic_nanoseconds() - began < 2_000_000 {
            let connection = blocked[stepped]
            stepped += 1
            if connection.pointee.machine.phase == .open { stepJob(connection) }
        }
        blocked.removeFirst(stepped)
    }

    private mutating func countBlocked() {
        countedBlocked = blocked.count + delayed.count
        nc_atomic_store_signed(&counters.pointee.blockedClients, Int64(countedBlocked))
    }

    /// Gives a job its slice, and goes on with the connection when it is done.
    private mutating func stepJob(_ connection: ConnectionPointer) {
        let session = Connection.session(of: connection)
        limitOutput(connection)
        let isFinished = executor._withUnsafeGuaranteedRef { $0.stepJob(session: session, output: output) }
        flush(connection)
        if connection.pointee.machine.phase == .open {
            if isFinished {
                connection.pointee.machine.resume()
                processInput(connection)
            } else {
                enlist(connection)
            }
        }
        settle(connection)
    }

    /// The store's milliseconds at the beginning of the turn.
    var storeNow: Int64 { executor._withUnsafeGuaranteedRef { $0.nowMilliseconds } }

    /// Has those jobs stepped whose time has come.
    private mutating func resumeDelayed() {
        let now = storeNow
        while let connection = delayed.removeFirst(dueAt: now) { blocked.append(connection) }
    }

    /// Has the jobs stepped of those who wait for leases under these tickets.
    mutating func wake(_ tickets: [UInt64]) {
        var connections: [ConnectionPointer] = []
        executor._withUnsafeGuaranteedRef {
            $0.forEachLeaseWait(tickets) { connections.append(Connection.of($0)) }
        }
        for connection in connections where delayed.remove(connection) { blocked.append(connection) }
    }

    /// Ends all waiting, when the server is stopping.
    mutating func interruptDelayed() {
        while let connection = delayed.removeFirst(dueAt: .max) {
            _ = Connection.session(of: connection).pointee.job?.interrupt(.serverStopping)
            blocked.append(connection)
        }
    }

    /// The peer sends nothing more while a job is under way: one that waits for something ends.
    mutating func peerFinished(_ connection: ConnectionPointer) {
        connection.pointee.isPeerFinished = true
        let isInterrupted = Connection.session(of: connection).pointee.job?.interrupt(.peerFinished) == true
        if isInterrupted, delayed.remove(connection) { blocked.append(connection) }
        settle(connection)
    }

    /// Runs the commands that need all loops parked. Between turns: no turn lock is held here.
    private mutating func runExclusive() {
        let safepoint = safepoint
        safepoint.pointee.whileParked {
            let count = exclusive.count
            for index in 0..<count where exclusive[index].pointee.machine.phase == .open {
                executeExclusive(exclusive[index])
            }
            exclusive.removeFirst(count)
            // A client killed by such a command may be one of this loop.
            if !dead.isEmpty { bury() }
        }
    }
}
