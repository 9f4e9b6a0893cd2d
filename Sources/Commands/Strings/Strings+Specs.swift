import Primitives

extension StringCommands {
    /// The table entries of string commands.
    static let specs = wholeValueSpecs + changingSpecs

    /// Reading and setting whole values.
    private static let wholeValueSpecs: [CommandSpec] = [
        CommandSpec(
            "get", arity: 2, flags: [.readOnly, .fast],
            keys: [.one(at: 1, [.readOnly, .access])],
            categories: [.string], group: .string, since: "1.0.0",
            summary: "Returns the value of a key.",
            complexity: "O(1)",
            syntax: "key",
            handler: { get(Call($0)) }),
        CommandSpec(
            "set", arity: -3, flags: [.write, .denyOOM],
            keys: [.one(at: 1, [.readWrite, .access, .update, .variableFlags])],
            categories: [.string], group: .string, since: "1.0.0",
            summary: "Sets the value of a key, whatever it held, on conditions and with a lifetime if wanted.",
            complexity: "O(1)",
            syntax: """
                key value [NX | XX | IFEQ comparison-value | IFNE comparison-value | IFDEQ comparison-digest | \
                IFDNE comparison-digest] [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT \
                unix-time-milliseconds | KEEPTTL] [TAGS numtags tag [tag ...] | KEEPTAGS] [STALE seconds] \
                [LEASE token]
                """,
            largeArgument: 2,
            handler: { set(Call($0)) }),
        CommandSpec(
            "setnx", arity: 3, flags: [.write, .denyOOM, .fast],
            keys: [.one(at: 1, [.overwrite, .insert])],
            categories: [.string], group: .string, since: "1.0.0",
            summary: "Sets the value of a key that does not exist.",
            complexity: "O(1)",
            syntax: "key value",
            largeArgument: 2,
            handler: { setIfMissing(Call($0)) }),
        CommandSpec(
            "setex", arity: 4, flags: [.write, .denyOOM],
            keys: [.one(at: 1, [.overwrite, .update])],
            categories: [.string], group: .string, since: "2.0.0",
            summary: "Sets the value of a key and its lifetime in seconds.",
            complexity: "O(1)",
            syntax: "key seconds value",
            largeArgument: 3,
            handler: { setWithExpiry(Call($0), .seconds) }),
        CommandSpec(
            "psetex", arity: 4, flags: [.write, .denyOOM],
            keys: [.one(at: 1, [.overwrite, .update])],
            categories: [.string], group: .string, since: "2.6.0",
            summary: "Sets the value of a key and its lifetime in milliseconds.",
            complexity: "O(1)",
            syntax: "key milliseconds value",
            largeArgument: 3,
            handler: { setWithExpiry(Call($0), .milliseconds) }),
        CommandSpec(
            "getset", arity: 3, flags: [.write, .denyOOM, .fast],
            keys: [.one(at: 1, [.readWrite, .access, .update])],
            categories: [.string], group: .string, since: "1.0.0",
            summary: "Sets the value of a key and returns the old one.",
            complexity: "O(1)",
            syntax: "key value",
            largeArgument: 2,
            handler: { getSet(Call($0)) }),
        CommandSpec(
            "getdel", arity: 2, flags: [.write, .fast],
            keys: [.one(at: 1, [.readWrite, .access, .delete])],
            categories: [.string], group: .string, since: "6.2.0",
            summary: "Returns the value of a key and deletes the key.",
            complexity: "O(1)",
            syntax: "key",
            handler: { getDelete(Call($0)) }),
        CommandSpec(
            "getex", arity: -2, flags: [.write, .fast],
            keys: [.one(at: 1, [.readWrite, .access, .update])],
            categories: [.string], group: .string, since: "6.2.0",
            summary: "Returns the value of a key and changes its lifetime.",
            complexity: "O(1)",
            syntax: """
                key [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | \
                PERSIST]
                """,
            handler: { getExpire(Call($0)) }),
        CommandSpec(
            "mget", arity: -2, flags: [.readOnly, .fast],
            keys: [.range(first: 1, last: -1, [.readOnly, .access])],
            categories: [.string], group: .string, since: "1.0.0",
            summary: "Returns the values of several keys.",
            complexity: "O(N) with N the number of keys",
            syntax: "key [key ...]",
            tips: ["request_policy:multi_shard"],
            handler: { getMany(Call($0)) }),
        CommandSpec(
            "mset", arity: -3, flags: [.write, .denyOOM],
            keys: [.range(first: 1, last: -1, step: 2, [.overwrite, .update])],
            categories: [.string], group: .string, since: "1.0.1",
            summary: "Sets several keys at once.",
            complexity: "O(N) with N the number of keys",
            syntax: "key value [key value ...]",
            tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
            handler: { setMany(Call($0)) }),
        CommandSpec(
            "msetnx", arity: -3, flags: [.write, .denyOOM],
            keys: [.range(first: 1, last: -1, step: 2, [.overwrite, .insert])],
            categories: [.string], group: .string, since: "1.0.1",
            summary: "Sets several keys at once, none if one of them exists.",
            complexity: "O(N) with N the number of keys",
            syntax: "key value [key value ...]",
            tips: ["request_policy:multi_shard", "response_policy:agg_min"],
            handler: { setManyIfMissing(Call($0)) }),
        CommandSpec(
            "msetex", arity: -4, flags: [.write, .denyOOM, .movableKeys],
            keys: [.counted(at: 1, first: 2, step: 2, [.overwrite, .update])],
            categories: [.string], group: .string, since: "8.4.0",
            summary: "Sets several keys at once, on a condition and with one lifetime for all.",
            complexity: "O(N) with N the number of keys",
            syntax: """
                numkeys key value [key value ...] [NX | XX] [EX seconds | PX milliseconds | EXAT \
                unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]
                """,
            tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
            handler: { setManyWithOptions(Call($0)) }),
    ]
}
