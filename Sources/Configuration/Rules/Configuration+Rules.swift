import Primitives

/// RULE SET and RULE DEL.
extension Configuration {
    /// Defines the rule that `words` spell: behind all others, or in the place of the one of its name.
    ///
    /// - Throws: what is wrong and what is allowed, without `ERR`.
    /// - Complexity: O(rules), and the time of the observers.
    public func setRule(_ words: [ByteSlice]) throws(ConfigurationError) {
        var texts: [String] = []
        for word in words {
            guard let text = String(validating: word.buffer, as: UTF8.self), !text.hasControlBytes else {
                throw ConfigurationError("a rule is UTF-8 text without control characters")
            }
            texts.append(text)
        }
        do throws(Refusal) {
            let rule = try Rule.parse(texts)
            try changeRules { (rules) throws(Refusal) in rules = try ParameterKind.adding(rule, to: rules) }
        } catch {
            throw ConfigurationError(error.text)
        }
    }

    /// Removes the rule called `name`; whether there was one.
    public func removeRule(named name: String) throws(ConfigurationError) -> Bool {
        var isRemoved = false
        do throws(Refusal) {
            try changeRules { (rules) throws(Refusal) in
                guard let index = rules.firstIndex(where: { $0.name.sameBytes(as: name) }) else { return }
                rules.remove(at: index)
                isRemoved = true
            }
        } catch {
            throw ConfigurationError(error.text)
        }
        return isRemoved
    }

    /// Changes the rules and tells the observers, unless all is as it was.
    private func changeRules(_ change: (inout [Rule]) throws(Refusal) -> Void) throws(Refusal) {
        try changes.withLock { (observers) throws(Refusal) in
            var new = values
            var rules = new.rules
            try change(&rules)
            let value = ParameterValue.rules(rules)
            guard !value.isSame(as: new[.rules]) else { return }
            new[.rules] = value
            for examiner in examiners.withLock({ $0 }) {
                if let objection = examiner([.rules], new) { throw Refusal(objection.reason) }
            }
            replace(new)
            for observer in observers { observer([.rules], new) }
        }
    }
}
