import Primitives
import RESP
import Store

/// What concerns whole databases: SELECT, SWAPDB, FLUSHDB, FLUSHALL, DBSIZE, RANDOMKEY. SCAN and KEYS have a file of their own.
enum KeyspaceCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            "select", arity: 2, flags: [.loading, .stale, .fast], categories: [.connection], group: .connection,
            since: "1.0.0", summary: "Makes another database the connection's.", complexity: "O(1)", syntax: "index",
            handler: { select(Call($0)) }),
        CommandSpec(
            "swapdb", arity: 3, flags: [.write, .fast, .keyspace], categories: [.keyspace, .dangerous],
            group: .server, since: "4.0.0", summary: "Exchanges two databases for all clients at once.",
            complexity: "O(N) where N is the count of clients watching or blocking on keys from both databases.",
            syntax: "index1 index2", handler: { swapDatabases(Call($0)) }),
        CommandSpec(
            "flushdb", arity: -1, flags: [.write, .keyspace], categories: [.keyspace, .dangerous], group: .server,
            since: "1.0.0", summary: "Removes all keys of the database.",
            complexity: "O(N) where N is the number of keys in the selected database",
            syntax: "[ASYNC | SYNC]", tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
            handler: { flush(Call($0), isAll: false) }),
        CommandSpec(
            "flushall", arity: -1, flags: [.write, .keyspace], categories: [.keyspace, .dangerous], group: .server,
            since: "1.0.0", summary: "Removes all keys of all databases.",
            complexity: "O(N) where N is the total number of keys in all databases",
            syntax: "[ASYNC | SYNC]", tips: ["request_policy:all_shards", "response_policy:all_succeeded"],
            handler: { flush(Call($0), isAll: true) }),
        CommandSpec(
            "dbsize", arity: 1, flags: [.readOnly, .fast, .keyspace], categories: [.keyspace], group: .server,
            since: "1.0.0", summary: "Counts the keys of the database.", complexity: "O(1)",
            tips: ["request_policy:all_shards", "response_policy:agg_sum"], handler: { size(Call($0)) }),
        CommandSpec(
            "randomkey", arity: 1, flags: [.readOnly, .keyspace], categories: [.keyspace], group: .generic,
            since: "1.0.0", summary: "Names some key of the database.", complexity: "O(1)",
            tips: ["request_policy:all_shards", "response_policy:special", "nondeterministic_output"],
            handler: { randomKey(Call($0)) }),
    ]

    private static func select(_ call: Call) {
        guard let database = call.databaseIndex(1) else { return }
        call.session.pointee.database = database
        call.reply.ok()
    }

    private static func swapDatabases(_ call: Call) {
        guard let first = call[1].int64.flatMap(Int32.init(exactly:)) else {
            return call.reply.error("ERR invalid first DB index")
        }
        guard let second = call[2].int64.flatMap(Int32.init(exactly:)) else {
            return call.reply.error("ERR invalid second DB index")
        }
        let valid = 0..<call.store.databaseCount
        guard valid.contains(Int(first)), valid.contains(Int(second)) else {
            return call.reply.error("ERR DB index is out of range")
        }
        let isLocked = call.holdsAllShards
        if !isLocked { call.store.lockAll() }
        call.store.swapDatabases(Int(first), Int(second), now: call.nowMilliseconds)
        if !isLocked { call.store.unlockAll() }
        call.executor.tracking.isFlushed = true
        call.reply.ok()
    }

    /// SYNC waits until the memory is free, in slices, and holds up nobody else.
    private static func flush(_ call: Call, isAll: Bool) {
        var isSynchronous = false
        if call.argumentCount > 2 { return call.syntaxError() }
        if call.argumentCount == 2 {
            if call[1].equalsIgnoringCase("sync") {
                isSynchronous = true
            } else if !call[1].equalsIgnoringCase("async") {
                return call.syntaxError()
            }
        }
        let database = isAll ? nil : Int?(call.session.pointee.database)
        call.store.flush(database: database, now: call.nowMilliseconds, locking: !call.holdsAllShards)
        call.executor.tracking.isFlushed = true
        if isSynchronous, !call.isInTransaction {
            call.session.pointee.job = FlushJob()
        } else {
            call.reply.ok()
        }
    }

    /// Waits until what tags have made void is gone, in slices, so that nothing is counted that nobody sees. EXEC counts what lies
    /// in the tables.
    private static func size(_ call: Call) {
        if call.store.reapPendingCount > 0, !call.isInTransaction {
            call.session.pointee.job = SizeJob(mark: call.store.reapMark)
        } else {
            replySize(call)
        }
    }

    fileprivate static func replySize(_ call: Call) {
        let statistics = call.store.statistics(
            database: call.session.pointee.database, locking: !call.holdsAllShards)
        call.reply.integer(Int64(statistics.entryCount))
    }

    private static func randomKey(_ call: Call) {
        let reply = call.reply
        let found = call.store.withRandomEntry(
            database: call.session.pointee.database, now: call.nowMilliseconds, locking: !call.holdsAllShards
        ) { reply.bulk($0.key) }
        if !found { reply.null() }
    }
}

/// DBSIZE waiting for the reaper.
private final class SizeJob: Job {
    /// What was void when the command came: other clients may go on invalidating for ever.
    private let mark: UInt64

    init(mark: UInt64) { self.mark = mark }

    func step(_ call: Call) -> Bool {
        _ = call.store.reap(budget: 1024, now: call.nowMilliseconds)
        guard call.store.isReaped(upTo: mark) else { return false }
        KeyspaceCommands.replySize(call)
        return true
    }
}

/// FLUSHALL SYNC waiting for the memory to be given back.
private final class FlushJob: Job {
    func step(_ call: Call) -> Bool {
        guard call.store.reclaim(budget: 2048) else { return false }
        call.reply.ok()
        return true
    }
}
