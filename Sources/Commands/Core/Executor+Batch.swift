import CPrimitives
import Primitives
import RESP
import Store
import Telemetry

/// The way of a batch: look up all commands and hash their keys, prefetch buckets, prefetch entries, then run in order.
/// With a million entries each of bucket and entry is a miss of some 90 ns; sixteen in flight take as long as two.
extension Executor {
    /// Runs the requests of `batch` from `first` on, in order.
    ///
    /// - Returns: how many ran, and why it stopped.
    public func execute(
        _ batch: borrowing RequestBatch, from first: Int, session: UnsafeMutablePointer<Session>,
        output: UnsafeMutablePointer<ReplyBuffer>
    ) -> (executedCount: Int, outcome: Outcome) {
        let count = batch.commandCount
        let state = state
        state.pointee.session = session
        state.pointee.output = output
        state.pointee.isInExec = false
        state.pointee.holdsAllShards = false
        let database = session.pointee.database
        prepare(batch, from: first, to: count, database: database)
        let conditions = nc_atomic_load32_acquire(shared.globalConditions)
        let globalConditions = conditions & ~SharedState.observedConditions
        var index = first
        var outcome = Outcome.done
        while index < count {
            outcome = run(batch, index, isExclusive: false, globalConditions: globalConditions)
            guard outcome == .done || outcome == .close || outcome == .blocked else { break }
            index += 1
            if outcome != .done { break }
        }
        if index > first { account(batch, from: first, to: index, session) }
        if conditions != globalConditions { postInvalidations() }
        return (index - first, outcome)
    }

    /// Runs one request with all loops parked.
    public func executeExclusive(
        _ batch: borrowing RequestBatch, at index: Int, session: UnsafeMutablePointer<Session>,
        output: UnsafeMutablePointer<ReplyBuffer>
    ) -> Outcome {
        state.pointee.session = session
        state.pointee.output = output
        state.pointee.isInExec = false
        state.pointee.holdsAllShards = false
        batchStartNanoseconds = nc_monotonic_nanoseconds()
        prepare(batch, from: index, to: index + 1, database: session.pointee.database)
        let globalConditions =
            nc_atomic_load32_acquire(shared.globalConditions) & ~SharedState.observedConditions
        let outcome = run(batch, index, isExclusive: true, globalConditions: globalConditions)
        account(batch, from: index, to: index + 1, session)
        endTurn()
        return outcome
    }

    @inline(__always)
    private func prepare(_ batch: borrowing RequestBatch, from first: Int, to count: Int, database: Int) {
        let arguments = batch.arguments
        let access = state.pointee.access
        let table = shared.table
        let lookedUp = lookedUp
        for index in first..<count {
            let request = batch.commands[index]
            let command = table.find(arguments[request.firstArgument])
            lookedUp[index].command = command
            lookedUp[index].hasHash = false
            lookedUp[index].sharesTime = false
            guard let command, command.pointee.keyKind != .none else { continue }
            let key = Int(command.pointee.keyFirst)
            guard key < request.argumentCount else { continue }
            let hash = access.hash(arguments[request.firstArgument + key])
            lookedUp[index].hash = hash
            lookedUp[index].hasHash = true
            access.prefetchShard(hash: hash)
        }
        guard count - first > 1 else { return }
        for index in first..<count where lookedUp[index].hasHash {
            let hash = lookedUp[index].hash
            let shard = access.shard(hash: hash)
            shard.lock()
            access.prefetchBucket(hash: hash, database: database)
            shard.unlock()
        }
        for index in first..<count where lookedUp[index].hasHash {
            let hash = lookedUp[index].hash
            let shard = access.shard(hash: hash)
            shard.lock()
            access.prefetchEntry(hash: hash, database: database)
            shard.unlock()
        }
    }

    /// Runs one request, on the short way if nothing special is about it.
    @inline(__always)
    private func run(
        _ batch: borrowing RequestBatch, _ index: Int, isExclusive: Bool, globalConditions: UInt32
    ) -> Outcome {
        let request = batch.commands[index]
        let arguments = batch.arguments + request.firstArgument
        let state = state
        state.pointee.arguments = arguments
        state.pointee.argumentCount = request.argumentCount
        let session = state.pointee.session
        guard let command = lookedUp[index].command, !command.pointee.hasSubcommands,
            session.pointee.conditions.isEmpty, globalConditions == 0,
            command.pointee.sharesTime, command.pointee.keyKind == .one,
            command.pointee.accepts(argumentCount: request.argumentCount)
        else {
            return runSpecially(
                lookedUp + index, byteCount: request.byteCount, isExclusive: isExclusive,
                globalConditions: globalConditions)
        }
        state.pointee.command = command
        let hash = lookedUp[index].hash
        state.pointee.firstKeyHash = hash
        state.pointee.hasFirstKeyHash = true
        if command.pointee.flags.contains(.denyOOM) {
            guard command.pointee.growth == nil, shared.store.fits(bytes: request.byteCount + 64, entries: 1) else {
                return runSpecially(
                    lookedUp + index, byteCount: request.byteCount, isExclusive: isExclusive, globalConditions: 0)
            }
            if request.byteCount >= SharedBlock.threshold { prepareBlock(command) }
        }
        let output = state.pointee.output
        let mark = output.pointee.count
        let shard = state.pointee.access.shard(hash: hash)
        shard.lock()
        command.pointee.handler(state)
        shard.unlock()
        if state.pointee.hasRuleInvalidations { invalidateByRules() }
        lookedUp[index].sharesTime = true
        noteReply(command, output, mark)
        if request.byteCount >= SharedBlock.threshold { dropPreparedBlock() }
        return session.pointee.shouldClose ? .close : .done
    }

    /// Copies a large value before its key is locked.
    @inline(never)
    func prepareBlock(_ command: UnsafePointer<Command>) {
        let index = Int(command.pointee.largeArgument)
        guard index > 0, index < state.pointee.argumentCount else { return }
        let value = state.pointee.arguments[index]
        if value.count >= SharedBlock.threshold { state.pointee.preparedBlock = SharedBlock.make(value) }
    }

    /// Gives back a block that the handler did not take (SET NX of a key that exists).
    @inline(never)
    func dropPreparedBlock() {
        state.pointee.preparedBlock?.release()
        state.pointee.preparedBlock = nil
    }

    /// Counts the reply as an error if it is one.
    @inline(__always)
    func noteReply(_ command: UnsafePointer<Command>, _ output: UnsafeMutablePointer<ReplyBuffer>, _ mark: Int) {
        if output.pointee.count > mark, output.pointee.base[mark] == UInt8(ascii: "-") {
            noteError(command, output, mark)
        }
    }

    @inline(never)
    private func noteError(
        _ command: UnsafePointer<Command>, _ output: UnsafeMutablePointer<ReplyBuffer>, _ mark: Int
    ) {
        nc_counter_add(&commandCounters[Int(command.pointee.index)].failed, 1)
        countError(output, mark)
    }

    /// Counts an error reply that begins at `mark` by its code word.
    func countError(_ output: UnsafeMutablePointer<ReplyBuffer>, _ mark: Int) {
        counters.add(.errorReplies)
        var end = mark + 1
        while end < output.pointee.count, end - mark < 32, output.pointee.base[end] > 0x20 { end += 1 }
        let code = ByteSlice(base: output.pointee.base + mark + 1, count: max(end - mark - 1, 0))
        shared.countError(code: code.string)
    }
}
