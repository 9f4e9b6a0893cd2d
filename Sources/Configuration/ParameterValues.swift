/// The values of all parameters at one moment.
public struct ParameterValues: Sendable {
    private var values: [ParameterName: ParameterValue] = [:]

    /// Every parameter at its default.
    init() {}

    subscript(name: ParameterName) -> ParameterValue {
        get { values[name] ?? ParameterTable.parameter(name).fallback }
        set { values[name] = newValue }
    }

    /// The value as CONFIG GET shows it. The number of loops is a fact of the machine.
    func shown(_ name: ParameterName) -> String {
        name == .ioThreads ? "\(loops)" : self[name].shown
    }

    /// Sets a parameter from the words of a source.
    ///
    /// - Throws: Redis's text for the fault.
    mutating func set(_ parameter: Parameter, arguments: [String]) throws(Refusal) {
        let current: ParameterValue = parameter.isFact ? .text(shown(parameter.name)) : self[parameter.name]
        let value = try parameter.kind.parse(arguments, current: current)
        if !parameter.isFact { self[parameter.name] = value }
    }

    func boolean(_ name: ParameterName) -> Bool {
        guard case .boolean(let value) = self[name] else { preconditionFailure("\(name) is no boolean in the table") }
        return value
    }

    func integer(_ name: ParameterName) -> Int64 {
        switch self[name] {
        case .integer(let value), .permissions(let value): return value
        case .memory(let amount): return amount.bytes ?? 0
        default: preconditionFailure("\(name) is no number in the table")
        }
    }

    /// A memory value of which a share is one of `maxmemory`: then `least` says what it comes to at the least.
    func memory(_ name: ParameterName, leastOfShare least: (_ maxMemoryBytes: Int64) -> Int64) -> Int64 {
        guard case .memory(.share(let share)) = self[name] else { return integer(name) }
        let total = integer(.maxMemory)
        return total == 0 ? 0 : max(total.share(share), least(total))
    }

    func text(_ name: ParameterName) -> String {
        guard case .text(let value) = self[name] else { preconditionFailure("\(name) is no text in the table") }
        return value
    }

    func words(_ name: ParameterName) -> [String] {
        guard case .words(let value) = self[name] else { preconditionFailure("\(name) is no list in the table") }
        return value
    }

    func choice<Choice: RawRepresentable<String>>(_ name: ParameterName) -> Choice {
        guard let value = Choice(rawValue: text(name)) else {
            preconditionFailure("the table allows for \(name) only what its type has")
        }
        return value
    }
}
