// `environ` is a plain C variable: only read here, before threads start.
@preconcurrency import CLinux

/// Parameters from the environment: NEARCACHED_MAX_ENTRIES for max-entries.
public enum EnvironmentVariables {
    static let prefix = "NEARCACHED_"

    /// The variables of this process that begin with `NEARCACHED_`, sorted by name. To be called before threads start.
    public static func ofProcess() -> [(name: String, value: String)] {
        var variables: [(name: String, value: String)] = []
        guard var entry = environ else { return [] }
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, parts[0].hasPrefix(prefix) {
                variables.append((name: String(parts[0]), value: String(parts[1])))
            }
            entry += 1
        }
        return variables.sorted { $0.name < $1.name }
    }

    /// The directives of those variables that begin with the prefix.
    static func directives(_ variables: [(name: String, value: String)]) -> [Directive] {
        variables.compactMap { variable in
            guard variable.name.hasPrefix(prefix), !isServiceLink(variable.name, variable.value) else { return nil }
            let source = Source.environment(variable: variable.name)
            let name = variable.name.dropFirst(prefix.count).map { $0 == "_" ? "-" : String($0) }.joined()
            guard let parameter = ParameterTable.find(name) else {
                return Directive(source: source, name: name.asciiLowercased, arguments: [variable.value])
            }
            return Directive(
                source: source, name: parameter.name.rawValue, arguments: parameter.arguments(inText: variable.value))
        }
    }

    /// Whether the variable is one that Kubernetes puts into every pod beside a service named nearcached
    /// (NEARCACHED_PORT=tcp://10.0.0.1:6379 among them), which is none of ours.
    private static func isServiceLink(_ name: String, _ value: String) -> Bool {
        let rest = name.dropFirst(prefix.count)
        return rest.hasPrefix("SERVICE_") || rest.hasPrefix("PORT_") || rest == "PORT" && value.contains("://")
    }
}
