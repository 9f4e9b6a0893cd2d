/// All that is known of one parameter. File, environment, command line, `--help`, CONFIG and the conf file read it.
struct Parameter: Sendable {
    let name: ParameterName
    /// Other names that file, command line and CONFIG take.
    let aliases: [String]
    let kind: ParameterKind
    let fallback: ParameterValue
    /// Whether CONFIG SET may change it.
    let isMutable: Bool
    /// Whether the value must not appear in messages.
    let isSecret: Bool
    /// One paragraph: what it does, and why one would change it.
    let documentation: String

    init(
        _ name: ParameterName,
        _ kind: ParameterKind,
        _ fallback: ParameterValue,
        isMutable: Bool = false,
        isSecret: Bool = false,
        aliases: [String] = [],
        _ documentation: String
    ) {
        self.name = name
        self.aliases = aliases
        self.kind = kind
        self.fallback = fallback
        self.isMutable = isMutable
        self.isSecret = isSecret
        self.documentation = documentation
    }

    /// A fact that tools ask a Redis for: its one value is accepted everywhere, any other refused.
    static func fact(
        _ name: ParameterName, _ value: String, aliases: [String] = [], _ documentation: String
    ) -> Parameter {
        Parameter(name, .fact, .text(value), aliases: aliases, documentation)
    }

    var isFact: Bool {
        if case .fact = kind { return true }
        return false
    }

    /// The words of a value that came as one text: from the environment or from CONFIG SET.
    func arguments(inText text: String) -> [String] {
        guard kind.takesSeveral else { return [text] }
        if case .rules = kind, let words = DirectiveSyntax.words(Array(text.utf8)[...]), !words.isEmpty {
            return words.map { String(decoding: $0, as: UTF8.self) }
        }
        let words = text.split(separator: " ").map(String.init)
        return words.isEmpty ? [""] : words
    }
}

/// A heading of the conf file with the parameters under it.
struct ParameterSection: Sendable {
    let title: String
    let parameters: [Parameter]
}

/// The table of all parameters.
enum ParameterTable {
    static let sections: [ParameterSection] = [network, clients, store, rules, monitoring, process, facts]

    static let all: [Parameter] = sections.flatMap(\.parameters)

    private static let byName: [String: Parameter] = {
        var table: [String: Parameter] = [:]
        for parameter in all {
            for name in [parameter.name.rawValue] + parameter.aliases { table[name] = parameter }
        }
        return table
    }()

    private static let byParameterName: [ParameterName: Parameter] =
        Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    /// Every name and alias, sorted.
    static let names: [String] = byName.keys.sorted()

    /// The parameter called `name` or having it as an alias, in any case of letters.
    static func find(_ name: String) -> Parameter? { byName[name.asciiLowercased] }

    static func parameter(_ name: ParameterName) -> Parameter {
        guard let parameter = byParameterName[name] else {
            preconditionFailure("every parameter name stands in the table; a test checks it")
        }
        return parameter
    }

    /// The name nearest to a misspelt one, or nil when none is near.
    static func suggestion(for name: String) -> String? {
        let given = Array(name.asciiLowercased.utf8.prefix(64))
        var best: (name: String, distance: Int)?
        for candidate in names {
            let distance = editDistance(given, Array(candidate.utf8))
            guard distance <= max(2, min(given.count, candidate.utf8.count) / 3) else { continue }
            if best.map({ distance < $0.distance }) ?? true { best = (candidate, distance) }
        }
        return best?.name
    }

    /// The number of bytes to insert, delete or replace to make one of the other (Levenshtein), in one row of memory.
    private static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for i in 0..<a.count {
            var diagonal = row[0]
            row[0] = i + 1
            for j in 0..<b.count {
                let replaced = diagonal + (a[i] == b[j] ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
