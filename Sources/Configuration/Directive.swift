/// Where a value came from, in the words of error messages.
enum Source: Sendable, CustomStringConvertible {
    case file(path: String, line: Int)
    case environment(variable: String)
    case commandLine

    var description: String {
        switch self {
        case .file(let path, let line): "\(path):\(line)"
        case .environment(let variable): "environment variable \(variable)"
        case .commandLine: "command line"
        }
    }

    func error(_ text: String) -> ConfigurationError { ConfigurationError("\(self): \(text)") }
}

/// A name with the words behind it, from one of the sources.
struct Directive: Sendable {
    let source: Source
    let name: String
    let arguments: [String]

    /// The parameter that the directive is about.
    func parameter() throws(ConfigurationError) -> Parameter {
        if let parameter = ParameterTable.find(name) { return parameter }
        let hint = ParameterTable.suggestion(for: name).map { ", did you mean \"\($0)\"?" } ?? ""
        throw source.error("unknown parameter \"\(name.shortened())\"\(hint)")
    }

    /// Sets the parameter in `values`.
    ///
    /// - Throws: one line with source, name, what was given and what is allowed.
    func apply(to values: inout ParameterValues) throws(ConfigurationError) {
        let parameter = try parameter()
        do throws(Refusal) {
            try values.set(parameter, arguments: arguments)
        } catch {
            throw source.error(describe(error, parameter, fixed: values.shown(parameter.name)))
        }
    }

    private func describe(_ refusal: Refusal, _ parameter: Parameter, fixed: String) -> String {
        if parameter.isFact {
            return "\(parameter.name.rawValue): \(given) is not possible, only \"\(fixed)\": \(parameter.documentation)"
        }
        if case .rules = parameter.kind { return refusal.text }
        if !parameter.kind.takesSeveral, arguments.count != 1 {
            return "\(parameter.name.rawValue): takes one value, \(arguments.count) given; allowed: "
                + parameter.kind.allowed
        }
        let shown = parameter.isSecret ? "the given value" : given
        return "\(parameter.name.rawValue): \(shown) is not allowed; allowed: \(parameter.kind.allowed)"
    }

    private var given: String { "\"\(arguments.joined(separator: " ").shortened())\"" }
}
