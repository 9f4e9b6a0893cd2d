import Configuration
import Primitives
import RESP
import Store

/// TAG KEYS, SCAN, LIST and INVALIDATEALL: what follows a tag's records or walks a table.
extension TagCommands {
    /// Slots of tags that one call of TAG LIST looks at for each that it is to list, and at the least.
    private static let slotsPerTag = 10

    static func keys(_ call: Call) {
        let database = call.session.pointee.database
        let limit = call.executor.settings.tagKeysMaximumCount
        guard call.store.count(tag: call[2], database: database) <= limit else {
            return call.reply.error(
                "ERR more than \(limit) keys (tag-keys-max) have the tag: use TAG SCAN, which lists some at each call")
        }
        run(TagKeysJob(call.store.hashes(tag: call[2], database: database), call[2], database: database), call)
    }

    static func invalidateAll(_ call: Call) {
        let database = call.session.pointee.database
        var rarest = 2
        var least = Int.max
        for index in 2..<call.argumentCount {
            let count = call.store.count(tag: call[index], database: database)
            if count < least { (rarest, least) = (index, count) }
        }
        let names = (2..<call.argumentCount).map { call[$0].array }
        let hashes = least == 0 ? [] : call.store.hashes(tag: call[rarest], database: database)
        run(TagInvalidationJob(hashes, names, database: database), call)
    }

    /// A short job is done at once.
    private static func run(_ job: any Job, _ call: Call) {
        if !job.step(call) { call.session.pointee.job = job }
    }

    static func scan(_ call: Call) {
        guard let options = WalkOptions(call, cursorAt: 3) else { return }
        let reply = call.reply
        let start = call.state.pointee.output.pointee.mark
        let (tag, access) = (call[2], call.access)
        let database = call.session.pointee.database
        var found = 0
        let next = call.store.scan(
            database: database, cursor: options.cursor, count: options.count, now: call.nowMilliseconds,
            locking: !call.holdsAllShards
        ) { entry in
            guard access.bears(entry, tag: tag), options.accepts(entry.key) else { return }
            reply.bulk(entry.key)
            found += 1
        }
        ScanCommands.insertHeader(cursor: next, count: found, into: call.state.pointee.output, at: start)
    }

    static func list(_ call: Call) {
        guard let options = WalkOptions(call, cursorAt: 2) else { return }
        let reply = call.reply
        let start = call.state.pointee.output.pointee.mark
        var found = 0
        // A walk begins at 0 and ends with 0: positions are told as one more than they are.
        let next = call.store.forEachTag(
            database: call.session.pointee.database, from: options.cursor == 0 ? 0 : options.cursor - 1,
            limit: options.count * slotsPerTag
        ) { name in
            guard options.accepts(name) else { return }
            reply.bulk(name)
            found += 1
        }
        ScanCommands.insertHeader(
            cursor: next.map { $0 + 1 } ?? 0, count: found, into: call.state.pointee.output, at: start)
    }
}

/// `cursor [MATCH pattern] [COUNT count]`.
private struct WalkOptions {
    let cursor: UInt64
    private(set) var pattern: ByteSlice?
    private(set) var count = 10

    /// Nil after the error reply.
    init?(_ call: Call, cursorAt index: Int) {
        guard let cursor = ScanCommands.cursor(call[index]) else {
            call.reply.error("ERR invalid cursor")
            return nil
        }
        self.cursor = cursor
        var index = index + 1
        while index < call.argumentCount {
            guard index + 1 < call.argumentCount else {
                call.syntaxError()
                return nil
            }
            guard parse(call[index], call[index + 1], call) else { return nil }
            index += 2
        }
        if let pattern, pattern.count > ScanCommands.maximumPatternCount {
            ScanCommands.refusePattern(call)
            return nil
        }
    }

    private mutating func parse(_ option: ByteSlice, _ operand: ByteSlice, _ call: Call) -> Bool {
        if option.equalsIgnoringCase("match") {
            pattern = operand
            return true
        }
        guard option.equalsIgnoringCase("count") else {
            call.syntaxError()
            return false
        }
        guard let number = operand.int64, number >= 1 else {
            call.notInteger()
            return false
        }
        count = Int(min(number, 10_000))
        return true
    }

    func accepts(_ name: ByteSlice) -> Bool { pattern.map { GlobPattern.matches($0, name) } ?? true }
}

/// Follows a tag's records in slices.
private class TagRecordJob: Job {
    private static let recordsPerStep = 1024
    private let hashes: [UInt64]
    private var next = 0
    private var seen: Set<UInt64> = []
    let database: Int

    init(_ hashes: [UInt64], database: Int) {
        self.hashes = hashes
        self.database = database
    }

    final func step(_ call: Call) -> Bool {
        let end = min(next + TagRecordJob.recordsPerStep, hashes.count)
        while next < end {
            let hash = hashes[next]
            next += 1
            // A record may stand there twice.
            guard seen.insert(hash).inserted else { continue }
            call.withShard(of: hash) {
                if let entry = call.access.find(hash: hash, database: database, now: call.nowMilliseconds) {
                    found(entry, call)
                }
            }
        }
        guard next == hashes.count else { return false }
        finish(call)
        return true
    }

    func found(_ entry: EntryHandle, _ call: Call) {}
    func finish(_ call: Call) {}
}

private final class TagKeysJob: TagRecordJob {
    private let tag: [UInt8]
    private var keys: [[UInt8]] = []

    init(_ hashes: [UInt64], _ tag: ByteSlice, database: Int) {
        self.tag = tag.array
        super.init(hashes, database: database)
    }

    override func found(_ entry: EntryHandle, _ call: Call) {
        if bears(entry, tag) { keys.append(entry.key.bytes.array) }
    }

    override func finish(_ call: Call) {
        call.reply.set(keys.count)
        for key in keys { withSlice(of: key) { call.reply.bulk($0) } }
    }
}

/// TAG INVALIDATEALL: removes the entries that bear all tags.
private final class TagInvalidationJob: TagRecordJob {
    private let names: [[UInt8]]
    private var count = 0

    init(_ hashes: [UInt64], _ names: [[UInt8]], database: Int) {
        self.names = names
        super.init(hashes, database: database)
    }

    override func found(_ entry: EntryHandle, _ call: Call) {
        for name in names where !bears(entry, name) { return }
        call.remove(entry)
        count += 1
    }

    override func finish(_ call: Call) { call.reply.integer(Int64(count)) }
}

private func bears(_ entry: EntryHandle, _ name: [UInt8]) -> Bool { withSlice(of: name) { entry.bears(tag: $0) } }

private func withSlice<Result>(of bytes: [UInt8], _ body: (ByteSlice) -> Result) -> Result {
    bytes.withUnsafeBufferPointer { buffer in
        body(ByteSlice(base: buffer.baseAddress ?? ("" as StaticString).utf8Start, count: buffer.count))
    }
}
