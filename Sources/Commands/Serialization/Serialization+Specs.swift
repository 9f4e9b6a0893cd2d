import Primitives

extension SerializationCommands {
    /// The table entries of DUMP and RESTORE.
    static let specs: [CommandSpec] = [
        CommandSpec(
            "dump", arity: 2, flags: [.readOnly],
            keys: [.one(at: 1, [.readOnly, .access])],
            categories: [.keyspace], group: .generic, since: "2.6.0",
            summary: "Returns a value in the form that RESTORE takes.",
            complexity: "O(N) with N the length of the value",
            syntax: "key",
            tips: ["nondeterministic_output"],
            handler: { dump(Call($0)) }),
        CommandSpec(
            "restore", arity: -4, flags: [.write, .denyOOM],
            keys: [.one(at: 1, [.overwrite, .update])],
            categories: [.keyspace, .dangerous], group: .generic, since: "2.6.0",
            summary: "Makes a key from the form that DUMP returns.",
            complexity: "O(N) with N the length of the value",
            syntax: "key ttl serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]",
            handler: { restore(Call($0)) }),
    ]
}
