import Primitives
import RESP
import Store

/// SCAN and KEYS.
enum ScanCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            "scan", arity: -2, flags: [.readOnly, .keyspace], categories: [.keyspace], group: .generic,
            since: "2.8.0", summary: "Walks the keys of the database, some at each call.",
            complexity: "O(1) a call, O(N) for all calls of a walk, N being the number of keys",
            syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]",
            tips: ["nondeterministic_output", "request_policy:special", "response_policy:special"],
            handler: { scan(Call($0)) }),
        CommandSpec(
            "keys", arity: 2, flags: [.readOnly, .keyspace], categories: [.keyspace, .dangerous], group: .generic,
            since: "1.0.0", summary: "Lists the keys that match a pattern, in slices that hold up nobody.",
            complexity: "O(N) with N being the number of keys in the database", syntax: "pattern",
            tips: ["request_policy:all_shards", "nondeterministic_output_order"], handler: { keys(Call($0)) }),
    ]

    /// The longest pattern, in bytes: matching takes pattern times key.
    static let maximumPatternCount = 4096

    /// Redis's names of the types; TYPE of another name matches nothing.
    static func name(of type: EntryType) -> StaticString {
        switch type {
        case .string: "string"
        case .hash: "hash"
        case .list: "list"
        case .set: "set"
        case .sortedSet: "zset"
        }
    }

    private static func scan(_ call: Call) {
        guard let cursor = cursor(call[1]) else { return call.reply.error("ERR invalid cursor") }
        var pattern: ByteSlice?
        var count: Int64 = 10
        var type: ByteSlice?
        var index = 2
        while index < call.argumentCount {
            if call[index].equalsIgnoringCase("novalues") {
                return call.reply.error("ERR NOVALUES option can only be used in HSCAN")
            }
            guard index + 1 < call.argumentCount else { return call.syntaxError() }
            let value = call[index + 1]
            if call[index].equalsIgnoringCase("match") {
                pattern = value
            } else if call[index].equalsIgnoringCase("count") {
                guard let number = value.int64 else { return call.notInteger() }
                guard number >= 1 else { return call.syntaxError() }
                count = number
            } else if call[index].equalsIgnoringCase("type") {
                type = value
            } else {
                return call.syntaxError()
            }
            index += 2
        }
        if let pattern, pattern.count > maximumPatternCount { return refusePattern(call) }
        walk(call, cursor: cursor, count: Int(min(count, 10_000)), filter: Filter(pattern: pattern, type: type))
    }

    /// A cursor as C's `strtoull` reads it: white space, a plus and leading zeros are no harm.
    static func cursor(_ text: ByteSlice) -> UInt64? {
        var digits = text
        while digits.count > 0, digits[0] == 0x20 || (0x09...0x0D).contains(digits[0]) { digits = digits.dropFirst(1) }
        if digits.count > 0, digits[0] == UInt8(ascii: "+") { digits = digits.dropFirst(1) }
        while digits.count > 1, digits[0] == UInt8(ascii: "0") { digits = digits.dropFirst(1) }
        return digits.uint64
    }

    static func refusePattern(_ call: Call) {
        call.reply.error("ERR pattern is too long, \(maximumPatternCount) bytes are allowed")
    }

    /// Keys are written as they are met; how many there are is known, and written in front of them, afterwards.
    private static func walk(_ call: Call, cursor: UInt64, count: Int, filter: Filter) {
        let output = call.state.pointee.output
        let reply = call.reply
        let start = output.pointee.mark
        var found = 0
        let next = call.store.scan(
            database: call.session.pointee.database, cursor: cursor, count: count, now: call.nowMilliseconds,
            locking: !call.holdsAllShards
        ) { entry in
            guard filter.accepts(entry) else { return }
            reply.bulk(entry.key)
            found += 1
        }
        insertHeader(cursor: next, count: found, into: output, at: start)
    }

    /// Puts the cursor and the number of what follows in front of what was written since `mark`.
    static func insertHeader(
        cursor: UInt64, count: Int, into output: UnsafeMutablePointer<ReplyBuffer>, at mark: ReplyBuffer.Mark
    ) {
        var header = Array("*2\r\n".utf8)
        let digits = "\(cursor)"
        header.append(contentsOf: "$\(digits.utf8.count)\r\n\(digits)\r\n*\(count)\r\n".utf8)
        insert(header, into: output, at: mark)
    }

    private static func insert(
        _ header: [UInt8], into output: UnsafeMutablePointer<ReplyBuffer>, at mark: ReplyBuffer.Mark
    ) {
        header.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            output.pointee.insert(ByteSlice(base: base, count: buffer.count), at: mark)
        }
    }

    private static func keys(_ call: Call) {
        guard call[1].count <= maximumPatternCount else { return refusePattern(call) }
        let job = KeysJob(pattern: call[1].array, database: call.session.pointee.database)
        // A small database is done at once.
        if !job.step(call) { call.session.pointee.job = job }
    }

    struct Filter {
        let pattern: ByteSlice?
        let type: ByteSlice?

        func accepts(_ entry: Entry) -> Bool {
            if let pattern, !GlobPattern.matches(pattern, entry.key) { return false }
            if let type, !type.equalsIgnoringCase(ScanCommands.name(of: entry.type)) { return false }
            return true
        }
    }
}

/// KEYS in slices: a bounded number of entries a turn, the reply gathered aside until its length is known.
private final class KeysJob: Job {
    private let pattern: [UInt8]
    private let database: Int
    private var cursor: UInt64 = 0
    private var found = 0
    private let gathered: UnsafeMutablePointer<ReplyBuffer>
    private static let entriesPerStep = 4096

    init(pattern: [UInt8], database: Int) {
        self.pattern = pattern
        self.database = database
        gathered = .allocate(capacity: 1)
        gathered.initialize(to: ReplyBuffer())
    }

    deinit {
        gathered.deinitialize(count: 1)
        gathered.deallocate()
    }

    func step(_ call: Call) -> Bool {
        let output = call.state.pointee.output
        // A reply past the client's hard limit is not gathered to its end.
        gathered.pointee.hardLimit = output.pointee.hardLimit
        let writer = ReplyWriter(gathered, version: call.session.pointee.protocolVersion)
        pattern.withUnsafeBufferPointer { buffer in
            let base = buffer.baseAddress ?? ("" as StaticString).utf8Start
            let slice = ByteSlice(base: base, count: buffer.count)
            let matchesAll = slice.equals("*")
            cursor = call.store.scan(
                database: database, cursor: cursor, count: KeysJob.entriesPerStep, now: call.nowMilliseconds,
                locking: !call.holdsAllShards
            ) { entry in
                guard matchesAll || GlobPattern.matches(slice, entry.key) else { return }
                writer.bulk(entry.key)
                found += 1
            }
        }
        guard cursor == 0 || gathered.pointee.overflowed else { return false }
        call.reply.array(found)
        call.reply.raw(gathered.pointee.unsentBytes)
        return true
    }
}
