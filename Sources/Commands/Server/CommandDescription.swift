import Primitives
import RESP

/// How COMMAND INFO and COMMAND DOCS show one command.
enum CommandDescription {
    // MARK: COMMAND INFO

    static func information(_ spec: CommandSpec, name: String, to reply: ReplyWriter) {
        reply.array(10)
        reply.bulk(name)
        reply.integer(Int64(spec.arity))
        let flags = CommandFlags.names.filter { spec.flags.contains($0.flag) }
        reply.set(flags.count)
        for flag in flags { reply.simple(flag.name) }
        let (first, last, step) = spec.keyRange
        reply.integer(Int64(first))
        reply.integer(Int64(last))
        reply.integer(Int64(step))
        let categories = CommandCategories.names.filter { spec.allCategories.contains($0.category) }
        reply.set(categories.count)
        for category in categories { reply.simple(text: "@\(category.name)") }
        reply.set(spec.tips.count)
        for tip in spec.tips { reply.bulk(tip) }
        reply.set(spec.keys.count)
        for key in spec.keys { keySpecification(key, to: reply) }
        reply.set(spec.subcommands.count)
        for subcommand in spec.subcommands {
            information(subcommand, name: "\(name)|\(subcommand.name)", to: reply)
        }
    }

    private static func keySpecification(_ key: KeySpecification, to reply: ReplyWriter) {
        reply.map(3)
        reply.bulk("flags")
        flags(of: key.use, to: reply)
        switch key.position {
        case .range(let first, let last, let step):
            search(from: first, to: reply)
            // The last key counts from the first, or from the end.
            find("range", [("lastkey", last < 0 ? last : last - first), ("keystep", step), ("limit", 0)], to: reply)
        case .counted(let countAt, let first, let step):
            search(from: countAt, to: reply)
            find("keynum", [("keynumidx", 0), ("firstkey", first - countAt), ("keystep", step)], to: reply)
        }
    }

    static func flags(of use: KeyUse, to reply: ReplyWriter) {
        let names = KeyUse.names.filter { use.contains($0.use) }
        reply.set(names.count)
        for name in names { reply.simple(name.name) }
    }

    private static func search(from index: Int, to reply: ReplyWriter) {
        reply.bulk("begin_search")
        typed("index", [("index", index)], to: reply)
    }

    private static func find(_ type: StaticString, _ fields: [(StaticString, Int)], to reply: ReplyWriter) {
        reply.bulk("find_keys")
        typed(type, fields, to: reply)
    }

    private static func typed(_ type: StaticString, _ fields: [(StaticString, Int)], to reply: ReplyWriter) {
        reply.map(2)
        reply.bulk("type")
        reply.bulk(type)
        reply.bulk("spec")
        reply.map(fields.count)
        for (name, value) in fields {
            reply.bulk(name)
            reply.integer(Int64(value))
        }
    }

    // MARK: COMMAND DOCS

    static func documentation(_ spec: CommandSpec, name: String, to reply: ReplyWriter) {
        let arguments = CommandSyntax("\(spec.syntax)")?.arguments ?? []
        reply.map(4 + (arguments.isEmpty ? 0 : 1) + (spec.subcommands.isEmpty ? 0 : 1))
        reply.bulk("summary")
        reply.bulk(spec.summary)
        reply.bulk("since")
        reply.bulk(spec.since)
        reply.bulk("group")
        reply.bulk(spec.group.rawValue)
        reply.bulk("complexity")
        reply.bulk(spec.complexity)
        if !arguments.isEmpty {
            var nextKey = 0
            reply.bulk("arguments")
            list(arguments, keyCount: spec.keys.count, nextKey: &nextKey, to: reply)
        }
        if !spec.subcommands.isEmpty {
            reply.bulk("subcommands")
            reply.map(spec.subcommands.count)
            for subcommand in spec.subcommands {
                let fullName = "\(name)|\(subcommand.name)"
                reply.bulk(fullName)
                documentation(subcommand, name: fullName, to: reply)
            }
        }
    }

    private static func list(
        _ arguments: [CommandArgument], keyCount: Int, nextKey: inout Int, to reply: ReplyWriter
    ) {
        reply.array(arguments.count)
        for argument in arguments { describe(argument, keyCount: keyCount, nextKey: &nextKey, to: reply) }
    }

    /// - Parameter nextKey: the number of the key specification that the next key argument belongs to: they come in order,
    ///   and the last one takes all that follow.
    private static func describe(
        _ argument: CommandArgument, keyCount: Int, nextKey: inout Int, to reply: ReplyWriter
    ) {
        var flags: [StaticString] = []
        if argument.isOptional { flags.append("optional") }
        if argument.isMultiple { flags.append("multiple") }
        if argument.isMultipleToken { flags.append("multiple_token") }
        let isContainer = argument.kind == .oneOf || argument.kind == .block
        let isKey = argument.kind == .key && keyCount > 0
        let optionalFields = [!isContainer, isKey, argument.token != nil, !flags.isEmpty, isContainer]
        reply.map(2 + optionalFields.count { $0 })
        reply.bulk("name")
        reply.bulk(argument.name)
        reply.bulk("type")
        reply.bulk(argument.kind.rawValue)
        if !isContainer {
            reply.bulk("display_text")
            reply.bulk(argument.name)
        }
        if isKey {
            reply.bulk("key_spec_index")
            reply.integer(Int64(min(nextKey, keyCount - 1)))
            nextKey += 1
        }
        if let token = argument.token {
            reply.bulk("token")
            reply.bulk(token)
        }
        if !flags.isEmpty {
            reply.bulk("flags")
            reply.set(flags.count)
            for flag in flags { reply.simple(flag) }
        }
        if isContainer {
            reply.bulk("arguments")
            list(argument.arguments, keyCount: keyCount, nextKey: &nextKey, to: reply)
        }
    }
}

extension CommandSpec {
    /// First key, last key and step, as COMMAND INFO has them since before there were key specifications; zeros without
    /// keys at fixed places.
    var keyRange: (first: Int, last: Int, step: Int) {
        var range: (first: Int, last: Int, step: Int) = (0, 0, 0)
        for key in keys {
            guard case .range(let first, let last, let step) = key.position else { continue }
            if range.first == 0 { range = (first, last, step) } else { range.last = last }
        }
        return range
    }
}
