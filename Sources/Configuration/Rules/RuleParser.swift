import Primitives

extension Rule {
    /// The rule that `words` spell: a name, a pattern, options in any order, each at most once. Option words are known in any
    /// case of letters.
    ///
    /// - Throws: what is wrong and what is allowed, as a text without the directive's name.
    static func parse(_ words: [String]) throws(Refusal) -> Rule {
        guard words.count >= 2 else { throw Refusal("a rule needs a name and a pattern") }
        guard isName(words[0]) else {
            throw Refusal(
                "the name \"\(words[0].shortened())\" is not allowed; allowed: 1 to \(maximumNameBytes) letters, digits, "
                    + "\"_\", \"-\" and \".\"")
        }
        var parser = RuleParser(name: words[0], pattern: words[1], rest: words.dropFirst(2))
        do throws(Refusal) {
            try parser.parse()
        } catch {
            throw Refusal("rule \(words[0]): \(error.text)")
        }
        return parser.rule
    }

    /// Names stand in INFO's fields and in log lines.
    private static func isName(_ word: String) -> Bool {
        1...maximumNameBytes ~= word.utf8.count
            && word.utf8.allSatisfy { byte in
                byte.isASCIIDigit || byte.asciiLowercase &- 0x61 < 26 || byte == UInt8(ascii: "_")
                    || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
            }
    }
}

/// One rule on its way from words.
private struct RuleParser {
    var rule: Rule
    private var rest: ArraySlice<String>
    private var seen: Set<Rule.Option> = []

    init(name: String, pattern: String, rest: ArraySlice<String>) {
        rule = Rule(name: name, pattern: pattern)
        self.rest = rest
    }

    mutating func parse() throws(Refusal) {
        guard 1...Rule.maximumPatternBytes ~= rule.pattern.utf8.count else {
            throw Refusal("the pattern has \(rule.pattern.utf8.count) bytes; allowed: 1 to \(Rule.maximumPatternBytes)")
        }
        while let word = rest.popFirst() {
            guard let option = Self.option(word) else {
                throw Refusal("unknown word \"\(word.shortened())\"; allowed: \(Rule.Option.allowed)")
            }
            guard seen.insert(option).inserted else { throw Refusal("\(option.rawValue) is there twice") }
            try take(option)
        }
        try checkLifetimes()
        try checkTags()
        try checkCaptures()
    }

    private static func option(_ word: String) -> Rule.Option? { Rule.Option(rawValue: word.asciiLowercased) }

    private mutating func take(_ option: Rule.Option) throws(Refusal) {
        switch option {
        case .ttl: rule.ttl = try defaultTTL()
        case .maximumTTL: rule.maximumTTLSeconds = try seconds(option)
        case .minimumTTL: rule.minimumTTLSeconds = try seconds(option)
        case .stale: rule.staleSeconds = try seconds(option)
        case .jitter: rule.jitterPercent = try number(option, Rule.jitterRange, "a percentage")
        case .tags: rule.tags = try list(option)
        case .tagTemplate: rule.tagTemplates = try list(option).map(RuleTemplate.init)
        case .invalidates: rule.invalidations = try list(option).map(RuleTemplate.init)
        case .noStore: rule.isStored = false
        case .maximumValue: rule.maximumValueBytes = try valueBytes(option)
        }
    }

    // MARK: Operands

    private mutating func operand(_ option: Rule.Option, _ allowed: String) throws(Refusal) -> String {
        if let word = rest.popFirst() { return word }
        throw Refusal("\(option.rawValue) lacks its operand; allowed: \(allowed)")
    }

    private mutating func number(
        _ option: Rule.Option, _ range: ClosedRange<Int64>, _ noun: String
    ) throws(Refusal) -> Int64 {
        let allowed = "\(noun) from \(range.lowerBound) to \(range.upperBound)"
        let word = try operand(option, allowed)
        guard let number = wholeNumber(word), range.contains(number) else {
            throw Refusal("\(option.rawValue): \"\(word.shortened())\" is not allowed; allowed: \(allowed)")
        }
        return number
    }

    private mutating func seconds(_ option: Rule.Option) throws(Refusal) -> Int64 {
        try number(option, Rule.secondsRange, "seconds,")
    }

    private mutating func defaultTTL() throws(Refusal) -> Rule.DefaultTTL {
        guard rest.first?.asciiLowercased == Rule.adaptiveWord else { return .seconds(try seconds(.ttl)) }
        rest.removeFirst()
        let (minimum, maximum) = (try seconds(.ttl), try seconds(.ttl))
        guard minimum < maximum else {
            throw Refusal("ttl adaptive \(minimum) \(maximum): the first must be below the second")
        }
        return .adaptive(minimum: minimum, maximum: maximum)
    }

    private mutating func valueBytes(_ option: Rule.Option) throws(Refusal) -> Int64 {
        let allowed = "bytes from 1 up, plain or with a unit (b, k=1000, kb=1024, m, mb, g, gb)"
        let word = try operand(option, allowed)
        guard let bytes = MemorySize.bytes(word), Rule.valueBytesRange.contains(bytes) else {
            throw Refusal("\(option.rawValue): \"\(word.shortened())\" is not allowed; allowed: \(allowed)")
        }
        return bytes
    }

    /// The words up to the next option, one at least.
    private mutating func list(_ option: Rule.Option) throws(Refusal) -> [String] {
        let words = Array(rest.prefix { Self.option($0) == nil })
        guard !words.isEmpty else { throw Refusal("\(option.rawValue) lacks its operands; allowed: one or more words") }
        guard words.allSatisfy({ !$0.isEmpty }) else { throw Refusal("\(option.rawValue): an operand is empty") }
        rest = rest.dropFirst(words.count)
        return words
    }

    // MARK: What must hold between options

    private func checkLifetimes() throws(Refusal) {
        if let minimum = rule.minimumTTLSeconds, let maximum = rule.maximumTTLSeconds, minimum > maximum {
            throw Refusal("min-ttl \(minimum) is above max-ttl \(maximum)")
        }
        let (lowest, highest) =
            switch rule.ttl {
            case .seconds(let seconds)?: (seconds, seconds)
            case .adaptive(let minimum, let maximum)?: (minimum, maximum)
            case nil: (Int64.max, Int64(0))
            }
        if let maximum = rule.maximumTTLSeconds, highest > maximum {
            throw Refusal("ttl \(highest) is above max-ttl \(maximum)")
        }
        if let minimum = rule.minimumTTLSeconds, lowest < minimum {
            throw Refusal("ttl \(lowest) is below min-ttl \(minimum)")
        }
    }

    private func checkTags() throws(Refusal) {
        let count = rule.tags.count + rule.tagTemplates.count
        guard count <= Rule.maximumTagCount else {
            throw Refusal("\(count) tags and tag templates; allowed: \(Rule.maximumTagCount) together")
        }
        for tag in rule.tags where tag.utf8.count > Rule.maximumTagBytes {
            throw Refusal("tags: \"\(tag.shortened())\" is too long; allowed: \(Rule.maximumTagBytes) bytes")
        }
        for template in rule.tagTemplates where template.plainByteCount > Rule.maximumTagBytes {
            throw Refusal(
                "tag-template: \"\(template.text.shortened())\" is too long; allowed: \(Rule.maximumTagBytes) bytes")
        }
    }

    private func checkCaptures() throws(Refusal) {
        for template in rule.tagTemplates where template.captures.isEmpty {
            throw Refusal("tag-template: \"\(template.text.shortened())\" has no {1}; a fixed tag belongs under tags")
        }
        guard rule.invalidations.count <= Rule.maximumInvalidationCount else {
            throw Refusal(
                "invalidates: \(rule.invalidations.count) operands; allowed: \(Rule.maximumInvalidationCount)")
        }
        let starCount = withSlice(of: rule.pattern) { GlobPattern.starCount($0) }
        for template in rule.tagTemplates + rule.invalidations {
            for number in template.captures where !(1...max(starCount, 1) ~= number) || starCount == 0 {
                throw Refusal(
                    "\"\(template.text.shortened())\": {\(number)} names a * that the pattern does not have; it has "
                        + "\(starCount)")
            }
        }
    }
}
