import Primitives

/// CONFIG GET and CONFIG SET.
extension Configuration {
    /// The parameters whose name or alias matches any of `patterns`, each once, with their values as Redis shows them.
    ///
    /// A name without wildcards comes back as it was asked for, as from Redis; the others sorted.
    ///
    /// - Complexity: O(patterns × parameters).
    public func get(patterns: [ByteSlice]) -> [(name: String, value: String)] {
        let values = self.values
        var found: [(name: String, value: String)] = []
        var seen: Set<String> = []
        for pattern in patterns where GlobPattern.isLiteral(pattern) {
            let name = pattern.string
            guard let parameter = ParameterTable.find(name) else { continue }
            guard seen.insert(name.asciiLowercased).inserted else { continue }
            found.append((name: name, value: values.shown(parameter.name)))
        }
        for name in ParameterTable.names where !seen.contains(name) {
            let isMatch = withSlice(of: name) { text in
                patterns.contains { GlobPattern.matches($0, text, ignoringCase: true) }
            }
            guard isMatch, let parameter = ParameterTable.find(name) else { continue }
            found.append((name: name, value: values.shown(parameter.name)))
        }
        return found.sorted { $0.name.asciiLowercased < $1.name.asciiLowercased }
    }

    /// Sets several parameters, all of them or none.
    ///
    /// - Throws: Redis's text without `ERR`: for an unknown name, one that cannot change, a name given twice, a bad value.
    public func set(_ pairs: [(name: ByteSlice, value: ByteSlice)]) throws(ConfigurationError) {
        var assignments: [(parameter: Parameter, text: String)] = []
        for (nameBytes, valueBytes) in pairs {
            let name = nameBytes.string
            guard let parameter = ParameterTable.find(name) else {
                throw ConfigurationError(
                    "Unknown option or number of arguments for CONFIG SET - '\(name.shortened(to: 128))'")
            }
            guard parameter.isMutable || parameter.isFact else {
                throw Self.failure(name, "can't set immutable config")
            }
            guard !assignments.contains(where: { $0.parameter.name == parameter.name }) else {
                throw Self.failure(name, "duplicate parameter")
            }
            guard let text = String(validating: valueBytes.buffer, as: UTF8.self) else {
                throw Self.failure(name, "argument must be UTF-8 text")
            }
            assignments.append((parameter, text))
        }
        try apply(assignments)
    }

    private func apply(_ assignments: [(parameter: Parameter, text: String)]) throws(ConfigurationError) {
        try changes.withLock { (observers) throws(ConfigurationError) in
            let old = self.values
            var new = old
            for (parameter, text) in assignments {
                do throws(Refusal) {
                    try new.set(parameter, arguments: parameter.arguments(inText: text))
                } catch {
                    throw Self.failure(parameter.name.rawValue, error.text)
                }
            }
            let changed = assignments.map(\.parameter.name).filter { !new[$0].isSame(as: old[$0]) }
            guard !changed.isEmpty else { return }
            for examiner in examiners.withLock({ $0 }) {
                guard let objection = examiner(changed, new) else { continue }
                throw Self.failure(objection.name.rawValue, objection.reason)
            }
            replace(new)
            for observer in observers { observer(changed, new) }
        }
    }

    private static func failure(_ name: String, _ reason: String) -> ConfigurationError {
        ConfigurationError("CONFIG SET failed (possibly related to argument '\(name)') - \(reason)")
    }
}
