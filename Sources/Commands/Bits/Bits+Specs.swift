import Primitives

extension BitCommands {
    /// The table entries of bit commands.
    static let specs: [CommandSpec] = [
        CommandSpec(
            "setbit", arity: 4, flags: [.write, .denyOOM],
            keys: [.one(at: 1, [.readWrite, .access, .update])],
            categories: [.bitmap], group: .bitmap, since: "2.2.0",
            summary: "Sets or clears one bit of a value, which grows if need be.",
            complexity: "O(1)",
            syntax: "key offset value",
            growth: { setBitGrowth(Call($0)) },
            handler: { setBit(Call($0)) }),
        CommandSpec(
            "getbit", arity: 3, flags: [.readOnly, .fast],
            keys: [.one(at: 1, [.readOnly, .access])],
            categories: [.bitmap], group: .bitmap, since: "2.2.0",
            summary: "Returns one bit of a value.",
            complexity: "O(1)",
            syntax: "key offset",
            handler: { getBit(Call($0)) }),
        CommandSpec(
            "bitcount", arity: -2, flags: [.readOnly],
            keys: [.one(at: 1, [.readOnly, .access])],
            categories: [.bitmap], group: .bitmap, since: "2.6.0",
            summary: "Counts the set bits of a value.",
            complexity: "O(N) with N the length of the value",
            syntax: "key [start [end [BYTE | BIT]]]",
            handler: { countBits(Call($0)) }),
        CommandSpec(
            "bitpos", arity: -3, flags: [.readOnly],
            keys: [.one(at: 1, [.readOnly, .access])],
            categories: [.bitmap], group: .bitmap, since: "2.8.7",
            summary: "Finds the first set or clear bit of a value.",
            complexity: "O(N) with N the length of the value",
            syntax: "key bit [start [end [BYTE | BIT]]]",
            handler: { findBit(Call($0)) }),
        CommandSpec(
            "bitop", arity: -4, flags: [.write, .denyOOM],
            keys: [.one(at: 2, [.overwrite, .update]), .range(first: 3, last: -1, [.readOnly, .access])],
            categories: [.bitmap], group: .bitmap, since: "2.6.0",
            summary: "Combines the bits of several values into one.",
            complexity: "O(N) with N the length of all values",
            syntax: "<AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey key [key ...]",
            growth: { operationGrowth(Call($0)) },
            handler: { operate(Call($0)) }),
        CommandSpec(
            "bitfield", arity: -2, flags: [.write, .denyOOM],
            keys: [.one(at: 1, [.readWrite, .access, .update, .variableFlags])],
            categories: [.bitmap], group: .bitmap, since: "3.2.0",
            summary: "Reads, sets and adds to integers of any width within a value.",
            complexity: "O(1) for each operation",
            syntax: """
                key [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] <SET encoding offset value | INCRBY \
                encoding offset increment>] ...
                """,
            growth: { fieldGrowth(Call($0)) },
            handler: { field(Call($0)) }),
        CommandSpec(
            "bitfield_ro", arity: -2, flags: [.readOnly, .fast],
            keys: [.one(at: 1, [.readOnly, .access])],
            categories: [.bitmap], group: .bitmap, since: "6.0.0",
            summary: "Reads integers of any width within a value.",
            complexity: "O(1) for each operation",
            syntax: "key [GET encoding offset [GET encoding offset ...]]",
            handler: { readField(Call($0)) }),
    ]
}
