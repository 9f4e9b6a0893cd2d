import Primitives
import RESP
import Store

/// TAG: entries are given tags, and are invalidated, listed and counted by them.
enum TagCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            container: "tag", categories: [.tag], group: .tags, since: "0.1.0",
            summary: "Gives keys tags, by which they are invalidated, counted and listed.",
            subcommands: keySpecs + tagSpecs + [CommandHelp.spec(group: .tags, since: "0.1.0", categories: [.tag])])
    ]

    private static let keySpecs: [CommandSpec] = [
        CommandSpec(
            "add", arity: -4, flags: [.write, .denyOOM, .fast], keys: [.one(at: 2, [.readWrite, .update])],
            categories: [.tag, .keyspace], group: .tags, since: "0.1.0",
            summary: "Gives a key more tags and returns how many are new; -2 if there is no such key.",
            complexity: "O(N) with N the number of tags", syntax: "key tag [tag ...]",
            handler: { change(Call($0), .add) }),
        CommandSpec(
            "rem", arity: -4, flags: [.write, .denyOOM, .fast], keys: [.one(at: 2, [.readWrite, .update])],
            categories: [.tag, .keyspace], group: .tags, since: "0.1.0",
            summary: "Takes tags from a key and returns how many it had; -2 if there is no such key.",
            complexity: "O(N) with N the number of tags", syntax: "key tag [tag ...]",
            handler: { change(Call($0), .remove) }),
        CommandSpec(
            "set", arity: -4, flags: [.write, .denyOOM, .fast], keys: [.one(at: 2, [.readWrite, .update])],
            categories: [.tag, .keyspace], group: .tags, since: "0.1.0",
            summary: "Gives a key these tags and no others and returns how many it has; -2 if there is no such key.",
            complexity: "O(N) with N the number of tags", syntax: "key tag [tag ...]",
            handler: { change(Call($0), .replace) }),
        CommandSpec(
            "get", arity: 3, flags: [.readOnly, .fast], keys: [.one(at: 2, [.readOnly])],
            categories: [.tag, .keyspace], group: .tags, since: "0.1.0",
            summary: "Returns the tags of a key.", complexity: "O(N) with N the number of tags", syntax: "key",
            tips: ["nondeterministic_output_order"], handler: { get(Call($0)) }),
        CommandSpec(
            "has", arity: -4, flags: [.readOnly, .fast], keys: [.one(at: 2, [.readOnly])],
            categories: [.tag, .keyspace], group: .tags, since: "0.1.0",
            summary: "Tells for each tag whether a key has it.",
            complexity: "O(N) with N the number of tags", syntax: "key tag [tag ...]", handler: { has(Call($0)) }),
    ]

    private static let tagSpecs: [CommandSpec] = [
        CommandSpec(
            "invalidate", arity: -3, flags: [.write, .fast], categories: [.tag, .keyspace], group: .tags,
            since: "0.1.0",
            summary: "Invalidates all keys that have one of the tags, at once, and returns how many there were.",
            complexity: "O(N) with N the number of tags, however many keys have them", syntax: "tag [tag ...]",
            tips: ["request_policy:all_shards", "response_policy:agg_sum"], handler: { invalidate(Call($0)) }),
        CommandSpec(
            "invalidateall", arity: -3, flags: [.write, .keyspace], categories: [.tag, .keyspace], group: .tags,
            since: "0.1.0",
            summary: "Invalidates the keys that have all of the tags and returns how many there were.",
            complexity: "O(N) with N the number of keys of the rarest tag, in slices that hold up nobody",
            syntax: "tag [tag ...]", tips: ["request_policy:all_shards", "response_policy:agg_sum"],
            handler: { invalidateAll(Call($0)) }),
        CommandSpec(
            "stale", arity: -3, flags: [.write, .fast], categories: [.tag, .keyspace], group: .tags, since: "0.1.0",
            summary: "Ends the life of all keys that have one of the tags; those with a stale window are held for it.",
            complexity: "O(N) with N the number of tags, however many keys have them", syntax: "tag [tag ...]",
            tips: ["request_policy:all_shards", "response_policy:agg_sum"], handler: { stale(Call($0)) }),
        CommandSpec(
            "count", arity: -3, flags: [.readOnly, .fast], categories: [.tag, .keyspace], group: .tags,
            since: "0.1.0", summary: "Returns how many keys have a tag; of several tags an array.",
            complexity: "O(N) with N the number of tags", syntax: "tag [tag ...]",
            tips: ["request_policy:all_shards", "response_policy:agg_sum"], handler: { count(Call($0)) }),
        CommandSpec(
            "keys", arity: 3, flags: [.readOnly, .keyspace], categories: [.tag, .keyspace, .dangerous], group: .tags,
            since: "0.1.0", summary: "Lists the keys that have a tag.",
            complexity: "O(N) with N the number of keys that have the tag", syntax: "tag",
            tips: ["request_policy:all_shards", "nondeterministic_output_order"], handler: { keys(Call($0)) }),
        CommandSpec(
            "scan", arity: -4, flags: [.readOnly, .keyspace], categories: [.tag, .keyspace], group: .tags,
            since: "0.1.0", summary: "Walks the keys that have a tag, some at each call, with SCAN's guarantees.",
            complexity: "O(1) a call, O(N) for all calls of a walk, N being the number of keys of the database",
            syntax: "tag cursor [MATCH pattern] [COUNT count]",
            tips: ["nondeterministic_output", "request_policy:special", "response_policy:special"],
            handler: { scan(Call($0)) }),
        CommandSpec(
            "list", arity: -3, flags: [.readOnly], categories: [.tag, .keyspace], group: .tags, since: "0.1.0",
            summary: "Walks the tags that a key has, some at each call.",
            complexity: "O(1) a call, O(N) for all calls of a walk, N being the number of tags",
            syntax: "cursor [MATCH pattern] [COUNT count]",
            tips: ["nondeterministic_output", "request_policy:special", "response_policy:special"],
            handler: { list(Call($0)) }),
        CommandSpec(
            "info", arity: 3, flags: [.readOnly, .fast], categories: [.tag, .keyspace], group: .tags, since: "0.1.0",
            summary: "Tells what is known of a tag.", complexity: "O(1)", syntax: "tag",
            tips: ["nondeterministic_output"], handler: { information(Call($0)) }),
    ]

    // MARK: Keys

    private static func change(_ call: Call, _ change: EntryHandle.TagChange) {
        let names: UnsafeBufferPointer<ByteSlice>
        do throws(ArgumentFailure) {
            names = try TagArguments.checked(call.arguments(from: 3))
        } catch {
            return call.fail(error)
        }
        guard let entry = call.lookupForWriting(call.key(2)) else { return call.reply.integer(-2) }
        switch entry.changeTags(change, names, now: call.nowMilliseconds) {
        case .changed(let count): call.reply.integer(Int64(count))
        case .void: call.reply.integer(-2)
        case .tooMany: call.fail(.tooManyTags)
        case .outOfMemory: _ = call.stored(false)
        }
    }

    private static func get(_ call: Call) {
        guard let entry = call.peek(call.key(2)) else { return call.reply.null() }
        call.reply.set(entry.tagCount)
        entry.forEachTag { call.reply.bulk($0) }
    }

    private static func has(_ call: Call) {
        guard let entry = call.peek(call.key(2)) else { return call.reply.nullArray() }
        call.reply.array(call.argumentCount - 3)
        for index in 3..<call.argumentCount { call.reply.integer(entry.bears(tag: call[index]) ? 1 : 0) }
    }

    // MARK: Tags

    private static func invalidate(_ call: Call) {
        sum(call) { call.store.invalidate(tag: $0, database: $1, now: call.nowMilliseconds) }
    }

    private static func stale(_ call: Call) {
        sum(call) { call.store.makeStale(tag: $0, database: $1, now: call.nowMilliseconds) }
    }

    private static func sum(_ call: Call, _ body: (ByteSlice, Int) -> Int) {
        var sum = 0
        for index in 2..<call.argumentCount { sum += body(call[index], call.session.pointee.database) }
        call.reply.integer(Int64(sum))
    }

    private static func count(_ call: Call) {
        let database = call.session.pointee.database
        if call.argumentCount > 3 { call.reply.array(call.argumentCount - 2) }
        for index in 2..<call.argumentCount {
            call.reply.integer(Int64(call.store.count(tag: call[index], database: database)))
        }
    }

    private static func information(_ call: Call) {
        let reply = call.reply
        guard let known = call.store.information(tag: call[2], database: call.session.pointee.database) else {
            return reply.null()
        }
        reply.map(4)
        reply.bulk("entries")
        reply.integer(Int64(known.entryCount))
        reply.bulk("bytes")
        reply.integer(Int64(known.byteCount))
        reply.bulk("last-invalidated-seq")
        reply.integer(Int64(clamping: known.invalidatedMilliseconds == 0 ? 0 : known.lastInvalidation))
        reply.bulk("last-invalidated-ms")
        let invalidated = known.invalidatedMilliseconds
        reply.integer(invalidated == 0 ? 0 : call.unixMilliseconds(deadline: invalidated))
    }
}
