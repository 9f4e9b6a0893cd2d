import Primitives
import RESP
import Store

/// CACHEKEY and INVALIDATE; docs/invalidation.md tells of both.
enum InvalidationCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            "cachekey", arity: -2, flags: [.loading, .stale, .fast], categories: [.keyspace], group: .generic,
            since: "0.1.0", summary: "Joins words to a key, alike for every client; a long one is hashed.",
            complexity: "O(N) with N the length of the words", syntax: "namespace [part ...]",
            handler: { cacheKey(Call($0)) }),
        CommandSpec(
            "invalidate", arity: -2, flags: [.write, .keyspace], categories: [.keyspace], group: .generic,
            since: "0.1.0", summary: "Removes the keys that match a pattern, in slices that hold up nobody.",
            complexity: "O(N) with N the number of keys in the database, O(1) for each pattern if none has a wildcard",
            syntax: "pattern [pattern ...] [REGEX] [LIMIT count] [DRYRUN]",
            tips: ["request_policy:all_shards", "response_policy:agg_sum"], handler: { invalidate(Call($0)) }),
    ]

    /// Globs that one command takes, unless none of them has a wildcard: each may be tried on every key.
    static let maximumGlobCount = 64
    /// Regular expressions that one command takes: compiling the worst takes a millisecond, and 64 KiB.
    static let maximumExpressionCount = 16

    private static func cacheKey(_ call: Call) {
        let words = UnsafeBufferPointer(start: call.state.pointee.arguments + 1, count: call.argumentCount - 1)
        var total = 0
        for word in words { total += word.count }
        guard total <= CacheKey.maximumWordsCount else {
            return call.reply.error("ERR the words are too long, \(CacheKey.maximumWordsCount) bytes are allowed")
        }
        guard let key = CacheKey.make(words) else { return call.reply.error("ERR the system has no SHA-256") }
        key.withUnsafeBufferPointer { buffer in
            let base = buffer.baseAddress ?? ("" as StaticString).utf8Start
            call.reply.bulk(ByteSlice(base: base, count: buffer.count))
        }
    }

    private static func invalidate(_ call: Call) {
        guard let options = InvalidationOptions(call) else { return }
        let removal = KeyRemoval(options, database: call.session.pointee.database)
        let job = options.isRegex ? regexJob(call, options, removal) : globJob(call, options, removal)
        guard let job else { return }
        // A small database is done at once.
        if !job.step(call) { call.session.pointee.job = job }
    }

    private static func globJob(
        _ call: Call, _ options: InvalidationOptions, _ removal: KeyRemoval
    ) -> (any Job)? {
        let globs = options.patterns.map { KeyGlob(call[$0]) }
        let literals = globs.compactMap(\.literal)
        if literals.count == globs.count { return LiteralInvalidation(literals, removal) }
        guard accepts(options.patterns, upTo: maximumGlobCount, call) else { return nil }
        return PatternInvalidation(.globs(globs), removal)
    }

    /// Nil after the error reply. Nothing is changed before all expressions are compiled.
    private static func regexJob(
        _ call: Call, _ options: InvalidationOptions, _ removal: KeyRemoval
    ) -> (any Job)? {
        guard accepts(options.patterns, upTo: maximumExpressionCount, call) else { return nil }
        var expressions: [RegularExpression] = []
        for index in options.patterns {
            do {
                expressions.append(try RegularExpression(call[index]))
            } catch {
                call.reply.error(
                    "ERR invalid regular expression \(RegularExpression.shown(call[index])) at byte \(error.offset): "
                        + error.text)
                return nil
            }
        }
        return PatternInvalidation(.expressions(expressions), removal)
    }

    /// Whether so many patterns of such lengths may be matched; false after the error reply.
    private static func accepts(_ patterns: Range<Int>, upTo limit: Int, _ call: Call) -> Bool {
        guard patterns.count <= limit else {
            call.reply.error("ERR too many patterns, \(limit) are allowed")
            return false
        }
        guard patterns.allSatisfy({ call[$0].count <= ScanCommands.maximumPatternCount }) else {
            ScanCommands.refusePattern(call)
            return false
        }
        return true
    }
}
