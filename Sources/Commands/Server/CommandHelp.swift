import Primitives
import RESP

/// `X HELP`: the lines come from the container's own entry in the table.
enum CommandHelp {
    /// The HELP subcommand of a container.
    static func spec(group: CommandGroup, since: StaticString, categories: CommandCategories = []) -> CommandSpec {
        CommandSpec(
            "help", arity: 2, flags: [.loading, .stale], categories: categories, group: group, since: since,
            summary: "Prints this help.", complexity: "O(1)", handler: { CommandHelp.reply(Call($0)) })
    }

    static func reply(_ call: Call) {
        guard let container = call.shared.table.spec(call[0]) else { return call.unknownSubcommand() }
        let lines = lines(of: container)
        call.reply.array(lines.count)
        for line in lines { call.reply.simple(text: line) }
    }

    /// The lines of a container's help, in the order of its subcommands, HELP last.
    static func lines(of container: CommandSpec) -> [String] {
        let name = "\(container.name)".uppercasedASCII
        var lines = ["\(name) <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"]
        let isHelp = { (spec: CommandSpec) in spec.name.slice.equals("help") }
        for spec in container.subcommands.filter({ !isHelp($0) }) + container.subcommands.filter(isHelp) {
            let syntax = "\(spec.syntax)"
            lines.append("\(spec.name)".uppercasedASCII + (syntax.isEmpty ? "" : " \(syntax)"))
            lines.append("    \(spec.summary)")
        }
        return lines
    }
}
