import CLinux

extension ParameterKind {
    /// The value that `arguments` spell.
    ///
    /// - Parameters:
    ///   - arguments: the words behind the name.
    ///   - current: the value until now, which output limits of one class only leave standing for the others.
    /// - Throws: the text that Redis's CONFIG SET has for the fault.
    func parse(_ arguments: [String], current: ParameterValue) throws(Refusal) -> ParameterValue {
        for word in arguments where word.hasControlBytes {
            throw Refusal("argument must not have control characters")
        }
        if takesSeveral { return try parseSeveral(arguments, current: current) }
        guard arguments.count == 1 else { throw Refusal("wrong number of arguments") }
        let word = arguments[0]
        switch self {
        case .boolean:
            switch word.asciiLowercased {
            case "yes": return .boolean(true)
            case "no": return .boolean(false)
            default: throw Refusal("argument must be 'yes' or 'no'")
            }
        case .integer(let range, _):
            guard let number = wholeNumber(word) else {
                throw Refusal("argument couldn't be parsed into an integer")
            }
            return .integer(try Self.check(number, range))
        case .memory(let range):
            guard let bytes = MemorySize.bytes(word) else { throw Refusal("argument must be a memory value") }
            return .memory(.bytes(try Self.check(bytes, range)))
        case .memoryOrPercentage:
            guard let share = try Self.parseShare(word) else { return .memory(try Self.parseBytes(word)) }
            // Memory of a machine is far below 2^63 / 100, but a control group's limit is any number.
            return .memory(.percentage(share, bytes: MachineResources.memoryBytes.share(share)))
        case .memoryOrShare:
            guard let share = try Self.parseShare(word) else { return .memory(try Self.parseBytes(word)) }
            return .memory(.share(share))
        case .permissions:
            guard let bits = Int64(word, radix: 8), !word.hasPrefix("+") else {
                throw Refusal("argument couldn't be parsed as an octal number")
            }
            guard 0...0o777 ~= bits else { throw Refusal("argument must be between 0 and 777 inclusive") }
            return .permissions(bits)
        case .choice(let words):
            let lowered = word.asciiLowercased
            guard words.contains(lowered) else {
                throw Refusal("argument(s) must be one of the following: \(words.joined(separator: ", "))")
            }
            return .text(lowered)
        case .text(let maximum):
            guard word.utf8.count <= maximum else { throw Refusal("argument must have at most \(maximum) bytes") }
            return .text(word)
        case .version:
            return .text(try Self.parseVersion(word))
        case .fact:
            guard word.sameBytes(as: current.shown) else { throw Refusal("can't set immutable config") }
            return current
        case .addresses, .percentiles, .outputLimits, .rules:
            preconditionFailure("kinds of several words are parsed above")
        }
    }

    private func parseSeveral(_ arguments: [String], current: ParameterValue) throws(Refusal) -> ParameterValue {
        // "" stands for an empty list.
        let words = arguments.count == 1 && arguments[0].isEmpty ? [] : arguments
        switch self {
        case .addresses:
            guard words.count <= 16 else { throw Refusal("Too many bind addresses specified.") }
            for word in words where !Self.isAddress(word.hasPrefix("-") ? String(word.dropFirst()) : word) {
                throw Refusal("Failed to bind to specified addresses.")
            }
            return .words(words)
        case .percentiles:
            for word in words {
                guard let number = Self.percentile(word) else {
                    throw Refusal("Invalid latency-tracking-info-percentiles parameters")
                }
                guard 0...100 ~= number else {
                    throw Refusal("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
                }
            }
            return .words(words)
        case .rules:
            guard case .rules(let rules) = current else { preconditionFailure("rules have a value of rules") }
            return .rules(words.isEmpty ? [] : try Self.adding(try Rule.parse(words), to: rules))
        default:
            guard case .outputLimits(var limits) = current else {
                preconditionFailure("output limits have a value of output limits")
            }
            try Self.merge(words, into: &limits)
            return .outputLimits(limits)
        }
    }

    /// `rules` with one more, or with another of that name in its place.
    static func adding(_ rule: Rule, to rules: [Rule]) throws(Refusal) -> [Rule] {
        var rules = rules
        if let index = rules.firstIndex(where: { $0.name == rule.name }) {
            rules[index] = rule
        } else {
            guard rules.count < Rule.maximumCount else {
                throw Refusal("rule \(rule.name): there are \(rules.count) rules already, which is the most allowed")
            }
            rules.append(rule)
        }
        return rules
    }

    private static func check(_ number: Int64, _ range: ClosedRange<Int64>) throws(Refusal) -> Int64 {
        guard range.contains(number) else {
            throw Refusal("argument must be between \(range.lowerBound) and \(range.upperBound) inclusive")
        }
        return number
    }

    /// The percentage that a word spells, 1 to 100; nil when it spells none.
    private static func parseShare(_ word: String) throws(Refusal) -> Int64? {
        guard word.hasSuffix("%") else { return nil }
        guard let share = wholeNumber(String(word.dropLast())), share > 0 else {
            throw Refusal("argument must be a memory or percent value")
        }
        guard share <= 100 else { throw Refusal("percentage argument must be less or equal to 100") }
        return share
    }

    private static func parseBytes(_ word: String) throws(Refusal) -> MemoryAmount {
        guard let bytes = MemorySize.bytes(word) else { throw Refusal("argument must be a memory or percent value") }
        return .bytes(bytes)
    }

    private static func parseVersion(_ word: String) throws(Refusal) -> String {
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts.allSatisfy({ 0...999 ~= wholeNumber(String($0)) ?? -1 }) else {
            throw Refusal("argument must be a version of three numbers")
        }
        return word
    }

    private static func isAddress(_ word: String) -> Bool {
        if word == "*" || word == "::*" { return true }
        var address = in6_addr()
        // A scope (fe80::1%eth0) is behind the address and is for getaddrinfo to judge.
        let parts = word.split(separator: "%", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 { return !parts[1].isEmpty && inet_pton(AF_INET6, String(parts[0]), &address) == 1 }
        return inet_pton(AF_INET, word, &address) == 1 || inet_pton(AF_INET6, word, &address) == 1
    }

    /// A decimal number without sign or exponent, or nil.
    static func percentile(_ word: String) -> Double? {
        guard !word.isEmpty, word.utf8.allSatisfy({ $0 == 0x2E || $0 &- 0x30 < 10 }) else { return nil }
        return Double(word)
    }

    private static func merge(_ words: [String], into limits: inout OutputLimits) throws(Refusal) {
        guard !words.isEmpty, words.count % 4 == 0 else {
            throw Refusal("Wrong number of arguments in buffer limit configuration.")
        }
        for start in stride(from: 0, to: words.count, by: 4) {
            guard let hard = MemorySize.bytes(words[start + 1]), let soft = MemorySize.bytes(words[start + 2]),
                let seconds = wholeNumber(words[start + 3]), 0...Int64(Int32.max) ~= seconds
            else { throw Refusal("Error in hard, soft or soft_seconds setting in buffer limit configuration.") }
            let limit = OutputLimit(hardBytes: hard, softBytes: soft, softSeconds: seconds)
            switch words[start].asciiLowercased {
            case "normal": limits.normal = limit
            case "replica", "slave": limits.replica = limit
            case "pubsub": limits.pubsub = limit
            default: throw Refusal("Invalid client class specified in buffer limit configuration.")
            }
        }
    }
}
