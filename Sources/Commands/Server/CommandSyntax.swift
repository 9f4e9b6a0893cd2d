import Primitives

/// A command's `syntax` text as a tree: what COMMAND DOCS lists as a command's arguments.
///
/// The notation is that of Redis's own manual pages:
///
///     key [key ...]                  one or more keys
///     [EX seconds | PX milliseconds] one of several, or none
///     <ON | OFF>                     one of several
///     TOKEN name                     a literal word with what belongs to it
///
/// Words in capitals are literal, words in lower case are names.
struct CommandSyntax {
    /// One element of the notation.
    indirect enum Node: Equatable {
        case token(String)
        case name(String)
        /// `[a | b]`
        case optional([[Node]])
        /// `<a | b>`
        case choice([[Node]])
        /// What `x [x ...]` or `x ...` stands for.
        case repeated([Node])
        /// `...`, until `fold` has turned it into `repeated`.
        case ellipsis
    }

    let nodes: [Node]

    /// Parses `text`, or nil when brackets do not match. Complexity: O(text).
    init?(_ text: String) {
        var parser = CommandSyntaxParser(text)
        guard let alternatives = parser.parseAlternatives(until: nil), alternatives.count <= 1 else { return nil }
        nodes = alternatives.first ?? []
    }

    /// The arguments in order, as COMMAND DOCS gives them.
    var arguments: [CommandArgument] { CommandArgument.sequence(nodes) }
}

/// Reads the notation by recursive descent; the depth is that of a literal in our own table.
private struct CommandSyntaxParser {
    private let words: [String]
    private var index = 0

    init(_ text: String) {
        var words: [String] = []
        var word = ""
        for character in text {
            switch character {
            case "[", "]", "<", ">", "|", " ":
                if !word.isEmpty { words.append(word) }
                word = ""
                if character != " " { words.append(String(character)) }
            default:
                word.append(character)
            }
        }
        if !word.isEmpty { words.append(word) }
        self.words = words
    }

    /// Reads `a b | c d` up to and with the closing word `end`, or to the end of the text when that is nil.
    mutating func parseAlternatives(until end: String?) -> [[CommandSyntax.Node]]? {
        var alternatives: [[CommandSyntax.Node]] = []
        var sequence: [CommandSyntax.Node] = []
        while index < words.count {
            let word = words[index]
            index += 1
            switch word {
            case "]", ">":
                guard word == end else { return nil }
                alternatives.append(Self.fold(sequence))
                return alternatives
            case "|":
                alternatives.append(Self.fold(sequence))
                sequence = []
            case "[":
                guard let inner = parseAlternatives(until: "]") else { return nil }
                sequence.append(.optional(inner))
            case "<":
                guard let inner = parseAlternatives(until: ">") else { return nil }
                sequence.append(.choice(inner))
            case "...":
                sequence.append(.ellipsis)
            default:
                sequence.append(Self.isToken(word) ? .token(word) : .name(word))
            }
        }
        guard end == nil else { return nil }
        if !sequence.isEmpty || !alternatives.isEmpty { alternatives.append(Self.fold(sequence)) }
        return alternatives
    }

    private static func isToken(_ word: String) -> Bool {
        !word.utf8.contains { $0 != $0.asciiUppercase }
    }

    /// Turns `x [x ...]` and `x ...` into one repeated element. Inside the brackets the dots are left alone, so that the
    /// sequence around them can compare.
    private static func fold(_ sequence: [CommandSyntax.Node]) -> [CommandSyntax.Node] {
        var folded: [CommandSyntax.Node] = []
        for node in sequence {
            if case .optional(let alternatives) = node, alternatives.count == 1, let inner = alternatives.first,
                case .repeated(let last)? = inner.last
            {
                // The dots inside bound to the last element only; `key value [key value ...]` repeats them all.
                let body = inner.dropLast() + last
                if folded.count >= body.count, Array(folded.suffix(body.count)) == Array(body) {
                    folded.removeLast(body.count)
                    folded.append(.repeated(Array(body)))
                    continue
                }
            }
            if node == .ellipsis {
                if let last = folded.popLast() { folded.append(.repeated([last])) }
            } else {
                folded.append(node)
            }
        }
        return folded
    }
}

/// One argument as COMMAND DOCS describes it.
struct CommandArgument: Equatable {
    enum Kind: String {
        case string, integer, double, key, pattern
        case unixTime = "unix-time"
        case pureToken = "pure-token"
        case oneOf = "oneof"
        case block
    }

    var name: String
    var kind: Kind
    var token: String?
    var isOptional = false
    var isMultiple = false
    /// The token is said again with each repetition.
    var isMultipleToken = false
    var arguments: [CommandArgument] = []

    /// The arguments that a sequence of elements stands for.
    static func sequence(_ nodes: [CommandSyntax.Node]) -> [CommandArgument] {
        var arguments: [CommandArgument] = []
        var index = 0
        while index < nodes.count {
            guard case .token(let token) = nodes[index] else {
                arguments.append(single(nodes[index]))
                index += 1
                continue
            }
            // What follows a literal word belongs to it, up to the next literal word.
            var end = index + 1
            while end < nodes.count {
                if case .token = nodes[end] { break }
                end += 1
            }
            arguments.append(tokenArgument(token, sequence(Array(nodes[index + 1..<end]))))
            index = end
        }
        return arguments
    }

    private static func tokenArgument(_ token: String, _ rest: [CommandArgument]) -> CommandArgument {
        if var only = rest.first, rest.count == 1, only.token == nil, !only.isOptional {
            only.token = token
            return only
        }
        let name = token.lowercasedASCII
        guard !rest.isEmpty else { return CommandArgument(name: name, kind: .pureToken, token: token) }
        return CommandArgument(name: name, kind: .block, token: token, arguments: rest)
    }

    private static func single(_ node: CommandSyntax.Node) -> CommandArgument {
        switch node {
        case .name(let name):
            return CommandArgument(name: name, kind: kind(ofName: name))
        case .token(let token):
            return tokenArgument(token, [])
        case .choice(let alternatives):
            return oneOf(alternatives)
        case .optional(let alternatives):
            var argument = oneOf(alternatives)
            argument.isOptional = true
            return argument
        case .repeated(let body):
            var argument = block(sequence(body))
            if case .token? = body.first { argument.isMultipleToken = true }
            argument.isMultiple = true
            return argument
        case .ellipsis:
            // `fold` leaves none behind.
            return CommandArgument(name: "...", kind: .string)
        }
    }

    private static func block(_ members: [CommandArgument]) -> CommandArgument {
        if members.count == 1, let only = members.first { return only }
        return CommandArgument(name: joinedNames(members), kind: .block, arguments: members)
    }

    private static func oneOf(_ alternatives: [[CommandSyntax.Node]]) -> CommandArgument {
        if alternatives.count == 1, let only = alternatives.first { return block(sequence(only)) }
        let members = alternatives.map { block(sequence($0)) }
        return CommandArgument(name: choiceName(members), kind: .oneOf, arguments: members)
    }

    /// Redis calls the two choices that many commands share by these names.
    private static func choiceName(_ members: [CommandArgument]) -> String {
        let names = members.map(\.name)
        if names.contains("seconds") || names.contains("milliseconds") { return "expiration" }
        if names.contains("nx") || names.contains("xx") { return "condition" }
        return joinedNames(members)
    }

    private static func joinedNames(_ members: [CommandArgument]) -> String {
        members.map(\.name).joined(separator: "-")
    }

    /// The type that goes with a name, by the names our table uses.
    private static func kind(ofName name: String) -> Kind {
        switch name {
        case "key", "newkey", "source", "destination", "destkey", "key1", "key2":
            return .key
        case "pattern":
            return .pattern
        case "unix-time-seconds", "unix-time-milliseconds":
            return .unixTime
        case "seconds", "milliseconds", "timeout", "count", "cursor", "index", "index1", "index2", "db",
            "destination-db", "numkeys", "offset", "increment", "decrement", "start", "end", "bit", "ttl", "frequency",
            "client-id", "integer", "protover", "numreplicas", "numlocal", "port", "maxage", "min-match-len", "version",
            "skip":
            return .integer
        case "float":
            return .double
        default:
            return .string
        }
    }
}

extension String {
    /// The text with its ASCII letters in lower case. `lowercased()` would pull in Unicode's tables for nothing.
    var lowercasedASCII: String {
        String(decoding: utf8.map(\.asciiLowercase), as: UTF8.self)
    }

    /// The text with its ASCII letters in upper case.
    var uppercasedASCII: String {
        String(decoding: utf8.map(\.asciiUppercase), as: UTF8.self)
    }
}
