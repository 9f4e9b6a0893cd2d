import CPrimitives
import Commands
import Configuration
import Networking
import Primitives
import RESP

extension Loop {
    /// Commands that one connection may run in a turn before the others have theirs.
    private static let commandShare = 1024
    /// Replies that are sent before more commands run, in bytes.
    private static let outputShare = 131_072
    /// Bytes that a client may have sent without being executed before it has passed AUTH.
    private static let unauthenticatedInputLimit = 1 << 20

    /// The socket has something to read.
    mutating func readable(_ connection: ConnectionPointer) {
        if connection.pointee.machine.phase == .lingering { return discard(connection) }
        connection.pointee.times.lastInput = now
        let carried = connection.pointee.input.count
        if carried <= Self.carriedByteCount {
            if carried > 0, let base = connection.pointee.input.base { memcpy(readBuffer, base, carried) }
            let result = Socket.receive(
                connection.pointee.descriptor, into: readBuffer + carried, count: Self.readByteCount)
            guard let count = received(connection, result) else { return settle(connection) }
            process(connection, readBuffer, carried + count, isOwned: false)
        } else {
            connection.pointee.input.makeRoom(expectedByteCount: connection.pointee.parser.expectedByteCount)
            guard let base = connection.pointee.input.base else { return }
            let result = Socket.receive(
                connection.pointee.descriptor, into: base + carried, count: connection.pointee.input.freeCount)
            guard let count = received(connection, result) else { return settle(connection) }
            connection.pointee.input.received(count)
            process(connection, base, carried + count, isOwned: true)
        }
        settle(connection)
    }

    /// The number of bytes read; nil when there are none and the state says why.
    @inline(__always)
    private mutating func received(_ connection: ConnectionPointer, _ result: IOResult) -> Int? {
        switch result {
        case .bytes(let count) where count > 0:
            nc_counter_add(&counters.pointee.reads, 1)
            nc_counter_add(&counters.pointee.inputBytes, UInt64(truncatingIfNeeded: count))  // positive
            return count
        case .bytes: connection.pointee.machine.inputEnded()
        case .wouldBlock: break
        case .failed: connection.pointee.machine.fail()
        }
        return nil
    }

    private mutating func discard(_ connection: ConnectionPointer) {
        switch Socket.receive(connection.pointee.descriptor, into: readBuffer, count: Self.readByteCount) {
        case .bytes(let count) where count > 0: connection.pointee.machine.discarded(count)
        case .bytes: connection.pointee.machine.inputEnded()
        case .wouldBlock: break
        case .failed: connection.pointee.machine.fail()
        }
        settle(connection)
    }

    /// Executes what is left in the connection's own buffer.
    mutating func processInput(_ connection: ConnectionPointer) {
        guard connection.pointee.hasWork, connection.pointee.machine.executes,
            let base = connection.pointee.input.base
        else { return }
        process(connection, base, connection.pointee.input.count, isOwned: true)
    }

    /// Parses and executes requests until the input ends, or the connection's share of the turn, or something holds it; sends
    /// the replies; keeps what is left.
    ///
    /// - Parameter isOwned: the bytes are those of the connection's own buffer.
    private mutating func process(
        _ connection: ConnectionPointer, _ base: UnsafeMutablePointer<UInt8>, _ count: Int, isOwned: Bool
    ) {
        limitOutput(connection)
        var start = 0
        var commandCount = 0
        connection.pointee.hasWork = true
        while connection.pointee.machine.executes {
            guard start < count, let consumed = step(connection, base + start, count - start) else {
                connection.pointee.hasWork = !connection.pointee.machine.executes
                break
            }
            start += consumed
            commandCount += batch.pointee.commandCount
            if output.pointee.byteCount > Self.outputShare { flush(connection) }
            if commandCount >= Self.commandShare, start < count { connection.pointee.machine.usedItsTurn() }
        }
        flush(connection)
        keep(connection, base + start, count - start, isOwned: isOwned)
        // The last flush may have sent the backlog that throttled the connection: no event would come to tell.
        if connection.pointee.hasWork, connection.pointee.machine.executes { connection.pointee.machine.usedItsTurn() }
        if connection.pointee.machine.hold != .none { enlist(connection) }
    }

    /// Parses one batch and executes it.
    ///
    /// - Returns: the bytes that are done with; nil when more bytes are needed, or something holds the connection.
    @inline(__always)
    private mutating func step(
        _ connection: ConnectionPointer, _ base: UnsafeMutablePointer<UInt8>, _ count: Int
    ) -> Int? {
        let session = Connection.session(of: connection)
        let batch = batch
        batch.pointee.removeAll()
        let result = connection.pointee.parser.parse(
            base, count: count, limits: session.pointee.isAuthenticated ? normalLimits : unauthenticatedLimits,
            into: &batch.pointee)
        let first = connection.pointee.executedCount
        if batch.pointee.commandCount > first {
            let (executedCount, outcome) = executor._withUnsafeGuaranteedRef {
                $0.execute(batch.pointee, from: first, session: session, output: output)
            }
            guard outcome == .done else {
                // The batch is parsed again from its beginning when it goes on, and what has run of it is skipped.
                connection.pointee.executedCount = first + executedCount
                connection.pointee.parser.reset()
                connection.pointee.machine.executed(outcome)
                if outcome == .hostile { warnOfHostileRequest(connection) }
                return nil
            }
        }
        connection.pointee.executedCount = 0
        switch result {
        case .parsed(let consumed):
            return consumed > 0 ? consumed : nil
        case .failed(let failure, _):
            answer(failure)
            connection.pointee.machine.protocolFailed()
        case .hostile:
            warnOfHostileRequest(connection)
            connection.pointee.machine.fail()
        case .handshake:
            noteClosing("it began a TLS handshake, and this port speaks no TLS", connection)
            connection.pointee.machine.fail()
        }
        return nil
    }

    @inline(never)
    private func answer(_ failure: ProtocolFailure) { ReplyWriter(output, version: 2).error(failure.errorText) }

    /// Keeps the bytes that are not done with in the connection's own buffer; an empty one gives its memory back.
    private mutating func keep(
        _ connection: ConnectionPointer, _ rest: UnsafeMutablePointer<UInt8>, _ count: Int, isOwned: Bool
    ) {
        let phase = connection.pointee.machine.phase
        guard count > 0, phase == .open else {
            connection.pointee.times.requestBegan = 0
            connection.pointee.hasWork = false
            if connection.pointee.input.capacity > 0 { connection.pointee.input.removeAll() }
            return
        }
        if isOwned {
            let done = connection.pointee.input.count - count
            if done > 0 { connection.pointee.times.requestBegan = now }
            connection.pointee.input.removeFirst(done)
        } else {
            // Bytes of an older request were carried in only if it is still not complete.
            if connection.pointee.times.requestBegan == 0 || rest != readBuffer {
                connection.pointee.times.requestBegan = now
            }
            connection.pointee.input.replace(with: rest, count)
        }
        let isAuthenticated = Connection.session(of: connection).pointee.isAuthenticated
        let limit =
            isAuthenticated
            ? settings.clientQueryBufferLimitBytes
            : min(Self.unauthenticatedInputLimit, settings.clientQueryBufferLimitBytes)
        if count > limit {
            nc_counter_add(&counters.pointee.queryLimitDisconnections, 1)
            warnOfClosing("it reached the maximum query buffer length", connection)
            connection.pointee.machine.fail()
        }
    }

    /// Puts a connection on hold into the list of those that wait for the same.
    mutating func enlist(_ connection: ConnectionPointer) {
        guard connection.pointee.machine.phase == .open else { return }
        switch connection.pointee.machine.hold {
        case .none: break
        case .turn: waitingForTurn.append(connection)
        case .exclusive: exclusive.append(connection)
        case .blocked:
            let due = Connection.session(of: connection).pointee.jobDueMilliseconds
            if due > 0 { delayed.insert(connection, due: due) } else { blocked.append(connection) }
            if drainDeadline > 0 { interruptDelayed() }
        case .paused: paused.append(connection)
        }
    }

    /// Executes the first command that is left of a connection while all loops are parked.
    mutating func executeExclusive(_ connection: ConnectionPointer) {
        let session = Connection.session(of: connection)
        let batch = batch
        let first = connection.pointee.executedCount
        guard let base = connection.pointee.input.base else { return }
        limitOutput(connection)
        batch.pointee.removeAll()
        _ = connection.pointee.parser.parse(
            base, count: connection.pointee.input.count,
            limits: session.pointee.isAuthenticated ? normalLimits : unauthenticatedLimits, into: &batch.pointee)
        connection.pointee.parser.reset()
        precondition(batch.pointee.commandCount > first, "the same bytes parse to the same batch")
        server._withUnsafeGuaranteedRef { $0.exclusiveSession = session }
        let outcome = executor._withUnsafeGuaranteedRef {
            $0.executeExclusive(batch.pointee, at: first, session: session, output: output)
        }
        server._withUnsafeGuaranteedRef { $0.exclusiveSession = nil }
        connection.pointee.executedCount = first + 1
        connection.pointee.machine.resume()
        connection.pointee.machine.executed(outcome)
        connection.pointee.machine.usedItsTurn()
        flush(connection)
        enlist(connection)
        settle(connection)
    }
}
