import Primitives
import RESP

/// COMMAND: the table of commands, for those who ask about it.
enum CommandCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            "command", arity: -1, flags: flags, categories: [.connection], group: .server, since: "2.8.13",
            summary: "Describes all commands.", complexity: "O(N) where N is the total number of commands",
            tips: ["nondeterministic_output_order"],
            subcommands: [
                CommandSpec(
                    "count", arity: 2, flags: flags, categories: [.connection], group: .server, since: "2.8.13",
                    summary: "Counts the commands.", complexity: "O(1)",
                    handler: { Call($0).reply.integer(Int64(Call($0).shared.table.specs.count)) }),
                CommandSpec(
                    "info", arity: -2, flags: flags, categories: [.connection], group: .server, since: "2.8.13",
                    summary: "Describes commands: arity, flags, categories, keys.",
                    complexity: "O(N) where N is the number of commands to look up",
                    syntax: "[command-name [command-name ...]]", tips: ["nondeterministic_output_order"],
                    handler: { information(Call($0)) }),
                CommandSpec(
                    "docs", arity: -2, flags: flags, categories: [.connection], group: .server, since: "7.0.0",
                    summary: "Documents commands: summary, complexity, arguments.",
                    complexity: "O(N) where N is the number of commands to look up",
                    syntax: "[command-name [command-name ...]]", tips: ["nondeterministic_output_order"],
                    handler: { documentation(Call($0)) }),
                CommandSpec(
                    "list", arity: -2, flags: flags, categories: [.connection], group: .server, since: "7.0.0",
                    summary: "Names the commands, all or some.",
                    complexity: "O(N) where N is the total number of commands",
                    syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
                    tips: ["nondeterministic_output_order"], handler: { list(Call($0)) }),
                CommandSpec(
                    "getkeys", arity: -3, flags: flags, categories: [.connection], group: .server, since: "2.8.13",
                    summary: "Finds the keys in a command line.",
                    complexity: "O(N) where N is the number of arguments to the command",
                    syntax: "command [arg [arg ...]]", handler: { keys(Call($0), withFlags: false) }),
                CommandSpec(
                    "getkeysandflags", arity: -3, flags: flags, categories: [.connection], group: .server,
                    since: "7.0.0", summary: "Finds the keys in a command line and what the command does with them.",
                    complexity: "O(N) where N is the number of arguments to the command",
                    syntax: "command [arg [arg ...]]", handler: { keys(Call($0), withFlags: true) }),
                CommandHelp.spec(group: .server, since: "5.0.0", categories: [.connection]),
            ],
            handler: { replyAll(Call($0)) })
    ]

    private static let flags: CommandFlags = [.loading, .stale]

    // MARK: Finding

    /// A specification with its full name.
    typealias Found = (name: String, spec: CommandSpec)

    /// The command or subcommand called `name`: `get`, `config|get`, in any case.
    static func find(_ name: ByteSlice, in table: CommandTable) -> Found? {
        let bar = name.buffer.firstIndex(of: UInt8(ascii: "|")) ?? name.count
        guard let container = table.spec(name.slice(from: 0, to: bar)) else { return nil }
        guard bar < name.count else { return ("\(container.name)", container) }
        return subcommand(name.dropFirst(bar + 1), of: container)
    }

    private static func subcommand(_ name: ByteSlice, of container: CommandSpec) -> Found? {
        let lower = name.string.lowercasedASCII
        guard let spec = container.subcommands.first(where: { $0.name.slice.string == lower }) else { return nil }
        return ("\(container.name)|\(spec.name)", spec)
    }

    // MARK: Handlers

    private static func replyAll(_ call: Call) {
        let specs = call.shared.table.specs
        call.reply.array(specs.count)
        for spec in specs { CommandDescription.information(spec, name: "\(spec.name)", to: call.reply) }
    }

    private static func information(_ call: Call) {
        guard call.argumentCount > 2 else { return replyAll(call) }
        call.reply.array(call.argumentCount - 2)
        for index in 2..<call.argumentCount {
            if let (name, spec) = find(call[index], in: call.shared.table) {
                CommandDescription.information(spec, name: name, to: call.reply)
            } else {
                call.reply.null()
            }
        }
    }

    private static func documentation(_ call: Call) {
        let table = call.shared.table
        let found =
            call.argumentCount == 2
            ? table.specs.map { ("\($0.name)", $0) }
            : (2..<call.argumentCount).compactMap { find(call[$0], in: table) }
        call.reply.map(found.count)
        for (name, spec) in found {
            call.reply.bulk(name)
            CommandDescription.documentation(spec, name: name, to: call.reply)
        }
    }

    private static func list(_ call: Call) {
        let table = call.shared.table
        var names: [String]
        if call.argumentCount == 2 {
            names = table.specs.map { "\($0.name)" }
        } else {
            guard call.argumentCount == 5, call[2].equalsIgnoringCase("filterby") else { return call.syntaxError() }
            let all = (0..<table.count).map { (name: table.names[$0], spec: table.spec(index: $0)) }
            if call[3].equalsIgnoringCase("module") {
                names = []  // There are no modules.
            } else if call[3].equalsIgnoringCase("aclcat") {
                let wanted = CommandCategories.names.first { call[4].equalsIgnoringCase($0.name) }?.category
                names = all.filter { wanted.map($0.spec.allCategories.contains) ?? false }.map(\.name)
            } else if call[3].equalsIgnoringCase("pattern") {
                names = all.map(\.name).filter { name in
                    withSlice(of: name) { GlobPattern.matches(call[4], $0, ignoringCase: true) }
                }
            } else {
                return call.syntaxError()
            }
        }
        call.reply.array(names.count)
        for name in names { call.reply.bulk(name) }
    }

    private static func keys(_ call: Call, withFlags: Bool) {
        var found = find(call[2], in: call.shared.table)
        if let spec = found?.spec, !spec.subcommands.isEmpty, call.argumentCount > 3 {
            found = subcommand(call[3], of: spec)
        }
        guard let spec = found?.spec else { return call.reply.error("ERR Invalid command specified") }
        let count = call.argumentCount - 2
        guard !spec.keys.isEmpty else { return call.reply.error("ERR The command has no key arguments") }
        guard spec.arity >= 0 ? count == spec.arity : count >= -spec.arity else {
            return call.reply.error("ERR Invalid number of arguments specified for command")
        }
        var keys: [(index: Int, use: KeyUse)] = []
        for specification in spec.keys {
            guard let indexes = specification.indexes(count: count, argument: { call[$0 + 2] }) else {
                return call.reply.error("ERR Invalid arguments specified for command")
            }
            let use = use(of: specification, by: spec, (0..<count).map { call[$0 + 2] })
            keys += indexes.map { ($0 + 2, use) }
        }
        call.reply.array(keys.count)
        for (index, use) in keys {
            if withFlags { call.reply.array(2) }
            call.reply.bulk(call[index])
            if withFlags { CommandDescription.flags(of: use, to: call.reply) }
        }
    }

    /// What this request does with its keys, where that hangs on its options.
    private static func use(of key: KeySpecification, by spec: CommandSpec, _ arguments: [ByteSlice]) -> KeyUse {
        guard key.use.contains(.variableFlags) else { return key.use }
        if spec.name.slice.equals("set") {
            let getsOldValue = arguments.dropFirst(3).contains { $0.equalsIgnoringCase("get") }
            return getsOldValue ? [.readWrite, .access, .update] : [.overwrite, .update]
        }
        // BITFIELD.
        let changes = arguments.dropFirst(2).contains {
            $0.equalsIgnoringCase("set") || $0.equalsIgnoringCase("incrby")
        }
        return changes ? [.readWrite, .access, .update] : [.readOnly, .access]
    }
}

extension KeySpecification {
    /// The indexes of the keys in a request of `count` arguments, or nil when the arguments make no sense.
    func indexes(count: Int, argument: (Int) -> ByteSlice) -> [Int]? {
        switch position {
        case .range(let first, let last, let step):
            let end = last < 0 ? count + last : min(last, count - 1)
            return first <= end ? Array(stride(from: first, through: end, by: step)) : []
        case .counted(let countAt, let first, let step):
            guard countAt < count, let keys = argument(countAt).int64, keys > 0, keys <= Int64(count) else {
                return nil
            }
            let end = first + (Int(keys) - 1) * step
            return end < count ? Array(stride(from: first, through: end, by: step)) : nil
        }
    }
}
