/// The command line as redis-server takes it: a conf file first, if any, then `--name value ...`.
struct CommandLineOptions {
    /// What is asked for instead of serving.
    enum Action { case serve, check, help, version, printConfiguration }

    private(set) var action = Action.serve
    private(set) var filePath: String?
    private(set) var directives: [Directive] = []

    /// - Parameter arguments: the words behind the program's name.
    init(_ arguments: [String]) throws(ConfigurationError) {
        var rest = arguments[...]
        if let first = rest.first, !first.hasPrefix("-") {
            filePath = first
            rest.removeFirst()
        }
        while let word = rest.popFirst() {
            if let action = Self.action(word) {
                // The first such word wins, but help wins over all: it is asked for by people who are lost.
                if self.action == .serve || action == .help { self.action = action }
                continue
            }
            guard word.hasPrefix("--"), word.count > 2 else {
                throw Source.commandLine.error(
                    "\"\(word.shortened())\" is neither a conf file, which comes first, nor --name value; see --help")
            }
            var values: [String] = []
            while let value = rest.first, !value.hasPrefix("--") {
                values.append(value)
                rest.removeFirst()
            }
            directives.append(Self.directive(String(word.dropFirst(2)), values))
        }
    }

    private static func action(_ word: String) -> Action? {
        switch word {
        case "--help", "-h": .help
        case "--version", "-v": .version
        case "--check": .check
        case "--print-conf": .printConfiguration
        default: nil
        }
    }

    private static func directive(_ name: String, _ values: [String]) -> Directive {
        let splits = ParameterTable.find(name)?.kind.takesSeveral ?? false
        // A list may come as several words or quoted as one.
        let words =
            splits && values.count > 1 || splits && values.first?.isEmpty == false
            ? values.flatMap { $0.split(separator: " ").map(String.init) } : values
        return Directive(source: .commandLine, name: name, arguments: words)
    }
}
