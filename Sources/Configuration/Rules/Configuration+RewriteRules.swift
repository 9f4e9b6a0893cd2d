/// CONFIG REWRITE of a directive that has a line for each rule.
extension Configuration {
    /// `contents`, its `rule` lines changed so that the file at `path` yields the rules of `values`.
    ///
    /// Lines of rules that are as they were stay as they are, so that a reader's comments go on making sense.
    static func rewritingRules(
        _ contents: [UInt8], _ path: String, _ values: ParameterValues
    ) throws(ConfigurationError) -> [UInt8] {
        guard try differsInRules(contents, path, values) else { return contents }
        let rules = values.rules
        var written: Set<String> = []
        let replaced = try mapRuleLines(contents, path) { line, directive in
            // Of a rule with two lines the first is kept: that is its place in the order.
            guard let rule = rules.first(where: { $0.name == directive.arguments.first }),
                written.insert(rule.name).inserted
            else { return nil }
            let isSame = (try? Rule.parse(directive.arguments))?.isSame(as: rule) ?? false
            return isSame ? line : Array("rule \(rule.text)".utf8)
        }
        let added = rules.filter { !written.contains($0.name) }.map { "rule \($0.text)" }
        let new = appending(added, to: replaced)
        guard try differsInRules(new, path, values) else { return new }
        // Another order, or included files that define rules: all of them at the end, behind a line that forgets the others.
        let bare = try mapRuleLines(contents, path) { _, _ in nil }
        return appending(["rule \"\""] + rules.map { "rule \($0.text)" }, to: bare)
    }

    private static func differsInRules(
        _ contents: [UInt8], _ path: String, _ values: ParameterValues
    ) throws(ConfigurationError) -> Bool {
        try differing(contents, path, values).contains { $0.name == .rules }
    }

    /// `contents` with each `rule` line replaced by what `body` makes of it; nil takes it out.
    private static func mapRuleLines(
        _ contents: [UInt8], _ path: String, _ body: (_ line: [UInt8], _ directive: Directive) -> [UInt8]?
    ) throws(ConfigurationError) -> [UInt8] {
        var lines: [[UInt8]] = []
        var number = 0
        for line in contents.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            let directive = try ConfigurationFile.parseLine(line, source: .file(path: path, line: number))
            guard let directive, ParameterTable.find(directive.name)?.name == .rules else {
                lines.append(Array(line))
                continue
            }
            if let new = body(Array(line), directive) { lines.append(new) }
        }
        return Array(lines.joined(separator: [0x0A]))
    }
}
