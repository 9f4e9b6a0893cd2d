import Primitives

/// `docs/commands.md`, made from the table of commands.
public enum CommandsPage {
    /// The page's whole text.
    public static func text(of table: CommandTable) -> String {
        var page = """
            # Commands

            Made from the command table: `NEARCACHED_UPDATE_DOCS=1 swift test --filter CommandsPageTests` writes it anew.
            "since" is the Redis version that first had the command; a version below 1.0.0 is nearcached's own. Where a
            command is known from Redis, its options, replies and error texts are Redis's.


            """
        for group in CommandGroup.allCases {
            let specs = table.specs.filter { $0.group == group }.sorted { "\($0.name)" < "\($1.name)" }
            guard !specs.isEmpty else { continue }
            page += "## \(title(of: group))\n\n"
            for spec in specs { page += section(of: spec) }
        }
        // One line feed at the end of the file.
        return String(page.dropLast())
    }

    private static func title(of group: CommandGroup) -> String {
        switch group {
        case .string: "Strings"
        case .bitmap: "Bitmaps"
        case .generic: "Keys"
        case .tags: "Tags"
        case .connection: "Connection"
        case .server: "Server"
        case .transactions: "Transactions"
        case .cluster: "Cluster"
        }
    }

    private static func section(of spec: CommandSpec) -> String {
        let name = "\(spec.name)".uppercasedASCII
        var text = "### \(name)\n\n"
        if spec.subcommands.isEmpty || spec.arity != -2 { text += usage(name, spec) }
        text += "\(spec.summary)\n\n"
        if !spec.subcommands.isEmpty {
            text += "| subcommand | | since |\n|---|---|---|\n"
            for subcommand in spec.subcommands {
                let words = "\(subcommand.name)".uppercasedASCII + spaced("\(subcommand.syntax)")
                text += "| `\(escaped(words))` | \(escaped("\(subcommand.summary)")) | \(subcommand.since) |\n"
            }
            text += "\n"
        }
        return text + facts(of: spec)
    }

    private static func usage(_ name: String, _ spec: CommandSpec) -> String {
        "```\n\(name)\(spaced("\(spec.syntax)"))\n```\n\n"
    }

    private static func facts(of spec: CommandSpec) -> String {
        let categories = CommandCategories.names.filter { spec.allCategories.contains($0.category) }
        let names = categories.map { "@\($0.name)" }.joined(separator: " ")
        return
            "Since \(spec.since). Complexity: \(spec.complexity)\(spec.complexity.hasFullStop ? "" : ".") \(names)\n\n"
    }

    private static func spaced(_ syntax: String) -> String { syntax.isEmpty ? "" : " \(syntax)" }

    /// Bars would end a table's cell.
    private static func escaped(_ text: String) -> String {
        text.split(separator: "|", omittingEmptySubsequences: false).joined(separator: "\\|")
    }
}

extension StaticString {
    fileprivate var hasFullStop: Bool { slice.hasSuffix(".") }
}
