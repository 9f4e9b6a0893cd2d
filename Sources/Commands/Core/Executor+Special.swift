import CPrimitives
import Configuration
import Primitives
import RESP
import Store

/// The long way of a request: everything but a single-key command on an ordinary connection.
extension Executor {
    @inline(never)
    func runSpecially(
        _ entry: UnsafeMutablePointer<LookedUp>, byteCount: Int, isExclusive: Bool, globalConditions: UInt32
    ) -> Outcome {
        let session = state.pointee.session
        let output = state.pointee.output
        let mark = output.pointee.mark
        let countBefore = output.pointee.count
        guard var command = entry.pointee.command else {
            if Call.isOfBrowser(state.pointee.arguments[0]) { return .hostile }
            let text = Call.unknownCommandText(state.pointee.arguments, count: state.pointee.argumentCount)
            return refuse(nil, bytes: text)
        }
        if command.pointee.hasSubcommands, state.pointee.argumentCount > 1 {
            let name = state.pointee.arguments[1]
            guard let subcommand = shared.table.subcommand(of: command, name) else {
                let container = shared.table.names[Int(command.pointee.index)]
                return refuse(nil, bytes: Call.unknownSubcommandText(name, of: container))
            }
            command = subcommand
        }
        state.pointee.command = command
        state.pointee.hasFirstKeyHash = entry.pointee.hasHash && command == entry.pointee.command
        state.pointee.firstKeyHash = entry.pointee.hash
        entry.pointee.command = command  // statistics are the subcommand's
        guard command.pointee.accepts(argumentCount: state.pointee.argumentCount) else {
            let reason = "wrong number of arguments for '\(Call(state).fullName)' command"
            return isExec(command) ? abort(command, because: reason) : refuse(command, "ERR \(reason)")
        }
        let flags = command.pointee.flags
        if session.pointee.conditions.contains(.unauthenticated), !flags.contains(.noAuth) {
            let reason = "NOAUTH Authentication required."
            return isExec(command) ? abort(command, because: reason) : refuse(command, reason)
        }
        if globalConditions & SharedState.pausedCondition != 0, !isExclusive,
            shared.holds(flags, now: nowMilliseconds), !(session.pointee.isInTransaction && !isExec(command))
        {
            return .paused
        }
        if session.pointee.isInTransaction, !flags.contains(.immediate) {
            return enqueue(command, mark)
        }
        let needsParking =
            flags.contains(.exclusive) || isExec(command) && session.pointee.transaction?.needsExclusive == true
        if needsParking, !isExclusive { return .exclusive }
        if let outcome = makeRoom(for: command, byteCount: byteCount) { return outcome }
        if globalConditions & SharedState.monitoredCondition != 0 { feedMonitors(command) }
        let isSkipped = session.pointee.replyMode == .skipNext
        perform(command, byteCount: byteCount, sharesTime: &entry.pointee.sharesTime)
        if state.pointee.hasRuleInvalidations { invalidateByRules() }
        if session.pointee.conditions.contains(.mutesReplies) {
            muteReply(mark, wasSkipping: isSkipped)
        } else {
            noteReply(command, output, countBefore)
        }
        if session.pointee.replyDelayMilliseconds > 0 { delayReply(from: countBefore, mark) }
        if session.pointee.tracking != nil || tracking.isFlushed { finishTracking(command) }
        if session.pointee.job != nil { return .blocked }
        return session.pointee.shouldClose ? .close : .done
    }

    /// Locks the command's keys, runs it, and takes its time unless it is too short to matter.
    func perform(_ command: UnsafePointer<Command>, byteCount: Int, sharesTime: inout Bool) {
        let state = state
        if byteCount >= SharedBlock.threshold, command.pointee.largeArgument > 0 { prepareBlock(command) }
        let isTimed = !command.pointee.sharesTime
        let start = isTimed ? nc_monotonic_nanoseconds() : 0
        switch command.pointee.keyKind {
        case .none:
            command.pointee.handler(state)
        case .one where state.pointee.hasFirstKeyHash:
            let shard = state.pointee.access.shard(hash: state.pointee.firstKeyHash)
            shard.lock()
            callHandler(command)
            shard.unlock()
        case .one, .range, .counted:
            let access = state.pointee.access
            shardSet.removeAll()
            addKeys(of: command, state.pointee.arguments, count: state.pointee.argumentCount)
            shardSet.lockAll(access)
            callHandler(command)
            shardSet.unlockAll(access)
        }
        if byteCount >= SharedBlock.threshold { dropPreparedBlock() }
        if isTimed {
            let elapsed = nc_monotonic_nanoseconds() &- start
            batchStartNanoseconds &+= elapsed  // the batch's own time goes on without this command's
            accountTimed(command, nanoseconds: elapsed)
        }
        sharesTime = !isTimed
    }

    /// Adds the shards of a request's keys to `shardSet`.
    func addKeys(of command: UnsafePointer<Command>, _ arguments: UnsafePointer<ByteSlice>, count: Int) {
        let access = state.pointee.access
        command.pointee.forEachKey(arguments, count: count) { index in
            shardSet.insert(access.shardIndex(hash: access.hash(arguments[index])))
        }
    }

    /// Replies an error to a request that is not run; inside MULTI that dooms the transaction.
    private func refuse(_ command: UnsafePointer<Command>?, _ text: String) -> Outcome {
        refuse(command, bytes: Array(text.utf8))
    }

    private func refuse(_ command: UnsafePointer<Command>?, bytes: [UInt8]) -> Outcome {
        let session = state.pointee.session
        let output = state.pointee.output
        let mark = output.pointee.mark
        let countBefore = output.pointee.count
        if session.pointee.isInTransaction {
            session.pointee.transaction?.isDoomed = true
        } else {
            session.pointee.tracking?.isChosen = false
        }
        ReplyWriter(output, version: session.pointee.protocolVersion).error(bytes: bytes)
        countError(output, countBefore)
        if let command { nc_counter_add(&commandCounters[Int(command.pointee.index)].rejected, 1) }
        if session.pointee.conditions.contains(.mutesReplies) {
            muteReply(mark, wasSkipping: session.pointee.replyMode == .skipNext)
        }
        return .done
    }

    /// Refuses an EXEC; as in Redis, the transaction ends with the error.
    private func abort(_ exec: UnsafePointer<Command>, because reason: String) -> Outcome {
        TransactionCommands.abandon(Call(state))
        return refuse(exec, "EXECABORT Transaction discarded because of: \(reason)")
    }

    /// CLIENT REPLY: takes the reply back. SKIP lasts for the one command after it.
    private func muteReply(_ mark: ReplyBuffer.Mark, wasSkipping: Bool) {
        let session = state.pointee.session
        // CLIENT REPLY ON has set the mode back, and its own OK is to be seen.
        state.pointee.output.pointee.truncate(to: mark)
        if session.pointee.job != nil { session.pointee.isJobMuted = true }
        if wasSkipping { session.pointee.setReplyMode(.on) }
    }

    /// Takes the reply back and leaves it to a job that gives it later.
    private func delayReply(from start: Int, _ mark: ReplyBuffer.Mark) {
        let session = state.pointee.session
        let output = state.pointee.output
        let text = UnsafeBufferPointer(start: output.pointee.base + start, count: output.pointee.count - start)
        session.pointee.job = DelayedReply(Array(text))
        session.pointee.jobDueMilliseconds = nowMilliseconds + session.pointee.replyDelayMilliseconds
        session.pointee.replyDelayMilliseconds = 0
        output.pointee.truncate(to: mark)
    }

    private func isExec(_ command: UnsafePointer<Command>) -> Bool {
        command.pointee.flags.contains(.executesQueue)
    }

    private func enqueue(_ command: UnsafePointer<Command>, _ mark: ReplyBuffer.Mark) -> Outcome {
        let session = state.pointee.session
        if command.pointee.flags.contains(.noMulti) {
            return refuse(command, "ERR Command not allowed inside a transaction")
        }
        // As in Redis the queue is bounded by what a client may have sent and not had executed.
        let limit = min(Transaction.maximumByteCount, settings.clientQueryBufferLimitBytes)
        guard let transaction = session.pointee.transaction,
            transaction.append(
                command, state.pointee.arguments, count: state.pointee.argumentCount, limit: limit)
        else {
            return refuse(command, "ERR the transaction's queue may hold \(limit) bytes at most")
        }
        session.pointee.updateHeldByteCount()
        ReplyWriter(state.pointee.output, version: session.pointee.protocolVersion).simple("QUEUED")
        if session.pointee.conditions.contains(.mutesReplies) {
            muteReply(mark, wasSkipping: session.pointee.replyMode == .skipNext)
        }
        return .done
    }

    // MARK: Memory

    /// Makes room for what the command may add. Nil: run it. Otherwise it is refused or has to wait.
    private func makeRoom(for command: UnsafePointer<Command>, byteCount: Int) -> Outcome? {
        let mayGrow =
            command.pointee.flags.contains(.denyOOM)
            || isExec(command) && state.pointee.session.pointee.transaction?.mayGrow == true
        guard mayGrow else { return nil }
        var bytes = byteCount + 64
        if isExec(command) { bytes += state.pointee.session.pointee.transaction?.heapByteCount ?? 0 }
        if let growth = command.pointee.growth {
            let (sum, overflow) = bytes.addingReportingOverflow(max(growth(state), 0))
            // What no memory can hold is for the handler to refuse, with Redis's text.
            if overflow || sum > settings.protoMaxBulkBytes + byteCount { return nil }
            bytes = sum
        }
        let store = shared.store
        if store.fits(bytes: bytes, entries: 1) { return nil }
        let entries = newEntryCount(command)
        if store.fits(bytes: bytes, entries: entries) { return nil }
        if store.maximumBytes > 0, bytes > store.maximumBytes { return refuseForMemory(command) }
        bookWasteWhenDue()
        let hash = state.pointee.hasFirstKeyHash ? state.pointee.firstKeyHash : 0
        let preferred = state.pointee.access.shardIndex(hash: hash)
        switch store.makeRoom(bytes: bytes, entries: entries, preferred: preferred, now: nowMilliseconds) {
        case .enough: return nil
        case .later: return .retry
        case .none: return refuseForMemory(command)
        }
    }

    private func refuseForMemory(_ command: UnsafePointer<Command>) -> Outcome {
        let reason = "OOM command not allowed when used memory > 'maxmemory'."
        return isExec(command) ? abort(command, because: reason) : refuse(command, reason)
    }

    /// How many entries the command may add: its keys that do not exist.
    private func newEntryCount(_ command: UnsafePointer<Command>) -> Int {
        let access = state.pointee.access
        let arguments = state.pointee.arguments
        let database = state.pointee.session.pointee.database
        var count = 0
        command.pointee.forEachKey(arguments, count: state.pointee.argumentCount) { index in
            let key = access.key(arguments[index], database: database)
            let shard = access.shard(hash: key.hash)
            shard.lock()
            if access.find(key, now: nowMilliseconds, touching: false) == nil { count += 1 }
            shard.unlock()
        }
        return count
    }
}
