import CPrimitives
import Primitives
import RESP
import Store
import Telemetry

/// MULTI, EXEC, DISCARD, WATCH, UNWATCH.
enum TransactionCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            "multi", arity: 1, flags: [.noScript, .loading, .stale, .fast, .allowBusy, .immediate],
            categories: [.transaction], group: .transactions, since: "1.2.0",
            summary: "Begins a transaction: commands are queued until EXEC.", complexity: "O(1)",
            handler: { multi(Call($0)) }),
        CommandSpec(
            "exec", arity: 1, flags: [.noScript, .loading, .stale, .skipSlowlog, .immediate, .executesQueue],
            categories: [.transaction], group: .transactions, since: "1.2.0",
            summary: "Runs the queued commands as one, unless a watched key has changed.",
            complexity: "Depends on commands in the transaction", handler: { exec(Call($0)) }),
        CommandSpec(
            "discard", arity: 1, flags: [.noScript, .loading, .stale, .fast, .allowBusy, .immediate],
            categories: [.transaction], group: .transactions, since: "2.0.0",
            summary: "Forgets the queued commands and ends the transaction.",
            complexity: "O(N), when N is the number of queued commands", handler: { discard(Call($0)) }),
        CommandSpec(
            "watch", arity: -2, flags: [.noScript, .loading, .stale, .fast, .allowBusy, .immediate],
            keys: [.range(first: 1, last: -1, [.readOnly])], categories: [.transaction], group: .transactions,
            since: "2.2.0", summary: "Makes the next EXEC fail if one of the keys changes before it.",
            complexity: "O(1) for every key.", syntax: "key [key ...]", handler: { watch(Call($0)) }),
        CommandSpec(
            "unwatch", arity: 1, flags: [.noScript, .loading, .stale, .fast, .allowBusy],
            categories: [.transaction], group: .transactions, since: "2.2.0",
            summary: "Forgets all watched keys.", complexity: "O(1)", handler: { unwatch(Call($0)) }),
    ]

    /// Keys that one connection may watch; each costs some 200 bytes.
    private static let maximumWatchedCount = 100_000

    private static func transaction(_ call: Call) -> Transaction {
        if let transaction = call.session.pointee.transaction { return transaction }
        let transaction = Transaction()
        call.session.pointee.transaction = transaction
        return transaction
    }

    private static func multi(_ call: Call) {
        if call.session.pointee.isInTransaction {
            // Redis 7 refuses nesting without dooming the transaction under way.
            return call.reply.error("ERR MULTI calls can not be nested")
        }
        transaction(call).discardQueue()
        call.session.pointee.updateHeldByteCount()
        call.session.pointee.conditions.insert(.inTransaction)
        call.reply.ok()
    }

    private static func discard(_ call: Call) {
        guard call.session.pointee.isInTransaction else { return call.reply.error("ERR DISCARD without MULTI") }
        abandon(call)
        call.reply.ok()
    }

    /// Ends the transaction under way, if one is: queue and watches are gone.
    static func abandon(_ call: Call) {
        call.session.pointee.conditions.remove(.inTransaction)
        guard let transaction = call.session.pointee.transaction else { return }
        transaction.discardQueue()
        call.executor.unwatchAll(transaction)
        call.session.pointee.updateHeldByteCount()
    }

    /// The shards of the keys are locked.
    private static func watch(_ call: Call) {
        if call.session.pointee.isInTransaction {
            return call.reply.error("ERR WATCH inside MULTI is not allowed")
        }
        let transaction = transaction(call)
        guard transaction.watchedCount + call.argumentCount - 1 <= maximumWatchedCount else {
            return call.reply.error("ERR a connection may watch \(maximumWatchedCount) keys at most")
        }
        let watchedBefore = transaction.watchedCount
        for index in 1..<call.argumentCount {
            let key = call.key(index)
            guard transaction.insertWatched(Transaction.Watched(database: key.database, key: key.bytes.array)) else {
                continue
            }
            // An entry past its deadline goes now: its removal later would be no change of the watched key.
            _ = call.peek(key)
            call.access.watch(key, transaction.flag)
        }
        if watchedBefore == 0 { call.shared.watchesChanged(isWatching: true) }
        call.session.pointee.updateHeldByteCount()
        call.reply.ok()
    }

    private static func unwatch(_ call: Call) {
        // In EXEC the watches are gone before the first command runs.
        if !call.isInTransaction, let transaction = call.session.pointee.transaction {
            call.executor.unwatchAll(transaction)
            call.session.pointee.updateHeldByteCount()
        }
        call.reply.ok()
    }

    private static func exec(_ call: Call) {
        guard call.session.pointee.isInTransaction, let transaction = call.session.pointee.transaction else {
            return call.reply.error("ERR EXEC without MULTI")
        }
        defer { abandon(call) }
        if transaction.isDoomed {
            return call.reply.error("EXECABORT Transaction discarded because of previous errors.")
        }
        call.executor.run(transaction)
    }
}

extension Executor {
    /// Locks what all queued commands need, sees that no watched key has changed, and runs them one after the other.
    func run(_ transaction: Transaction) {
        let outer = state.pointee
        transaction.withArguments { arguments in
            if !transaction.needsAllShards {
                shardSet.removeAll()
                for queued in transaction.queue {
                    addKeys(of: queued.command, arguments + queued.firstArgument, count: queued.argumentCount)
                }
                for watched in transaction.watched { addShard(of: watched) }
            }
            lockShards(of: transaction)
            state.pointee.isInExec = true
            let isChanged = hasChanged(transaction)
            if isChanged {
                ReplyWriter(outer.output, version: outer.session.pointee.protocolVersion).nullArray()
            } else {
                runQueue(transaction, arguments)
            }
            unlockShards(of: transaction)
        }
        let inner = state.pointee
        state.pointee = outer
        // What the commands may have changed for those that come after EXEC.
        state.pointee.session = inner.session
        state.pointee.rules = inner.rules
        state.pointee.hasRuleInvalidations = inner.hasRuleInvalidations
        state.pointee.generator = inner.generator
    }

    private func lockShards(of transaction: Transaction) {
        if transaction.needsAllShards { shared.store.lockAll() } else { shardSet.lockAll(state.pointee.access) }
    }

    private func unlockShards(of transaction: Transaction) {
        if transaction.needsAllShards { shared.store.unlockAll() } else { shardSet.unlockAll(state.pointee.access) }
    }

    private func runQueue(_ transaction: Transaction, _ arguments: UnsafeMutablePointer<ByteSlice>) {
        let session = state.pointee.session
        let output = state.pointee.output
        ReplyWriter(output, version: session.pointee.protocolVersion).array(transaction.queue.count)
        // The commands see a session out of MULTI, as in Redis.
        session.pointee.conditions.remove(.inTransaction)
        for queued in transaction.queue {
            state.pointee.command = queued.command
            state.pointee.arguments = arguments + queued.firstArgument
            state.pointee.argumentCount = queued.argumentCount
            state.pointee.hasFirstKeyHash = false
            let mark = output.pointee.count
            let start = nc_monotonic_nanoseconds()
            // What runs with all loops parked may lock any shard itself (CONFIG SET of a bound), and nobody else is there
            // to see them unlocked meanwhile.
            let locksItself = queued.command.pointee.flags.intersection([.exclusive, .keyspace]) == .exclusive
            if locksItself { unlockShards(of: transaction) }
            state.pointee.holdsAllShards = transaction.needsAllShards && !locksItself
            callHandler(queued.command)
            if locksItself { lockShards(of: transaction) }
            while let job = session.pointee.job {
                if job.step(Call(state)) { session.pointee.job = nil }
            }
            accountTimed(queued.command, nanoseconds: nc_monotonic_nanoseconds() &- start)
            noteReply(queued.command, output, mark)
        }
        counters.add(.commandsProcessed, UInt64(transaction.queue.count))
    }

    private func addShard(of watched: Transaction.Watched) {
        withKey(of: watched) { shardSet.insert(shared.store.access.shardIndex(hash: $0.hash)) }
    }

    /// Whether a watched key changed; one that has passed its deadline meanwhile did.
    private func hasChanged(_ transaction: Transaction) -> Bool {
        for watched in transaction.watched {
            // Looking removes an expired entry, and that raises the flag.
            withKey(of: watched) { _ = shared.store.access.find($0, now: nowMilliseconds, touching: false) }
        }
        return transaction.flag.isRaised
    }

    private func withKey(of watched: Transaction.Watched, _ body: (Key) -> Void) {
        watched.key.withUnsafeBufferPointer { buffer in
            let base = buffer.baseAddress ?? ("" as StaticString).utf8Start
            body(shared.store.access.key(ByteSlice(base: base, count: buffer.count), database: watched.database))
        }
    }
}
