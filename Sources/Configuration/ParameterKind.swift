/// What values a parameter takes.
enum ParameterKind: Sendable {
    /// `yes` or `no`.
    case boolean
    /// A whole number in a range, of a unit that documentation names ("seconds"), or of none ("").
    case integer(ClosedRange<Int64>, unit: String)
    /// Bytes, with or without a unit.
    case memory(ClosedRange<Int64>)
    /// Bytes, or a percentage of the memory that the machine or the control group has.
    case memoryOrPercentage
    /// Bytes, or a percentage of what `maxmemory` is at the time.
    case memoryOrShare
    /// Permission bits in octal, 0 to 777.
    case permissions
    /// One of a few words.
    case choice([String])
    /// Text without control characters, up to so many bytes.
    case text(maximumBytes: Int)
    /// A version of three numbers.
    case version
    /// Addresses to listen on.
    case addresses
    /// Percentiles, 0 to 100.
    case percentiles
    /// Output limits per class of clients.
    case outputLimits
    /// A rule; each line adds one.
    case rules
    /// One value that cannot be changed: a fact that tools ask for.
    case fact

    /// Whether the value is made of several words.
    var takesSeveral: Bool {
        switch self {
        case .addresses, .percentiles, .outputLimits, .rules: true
        default: false
        }
    }

    /// What is allowed, for error messages, `--help` and the conf file.
    var allowed: String {
        switch self {
        case .boolean: "yes or no"
        case .integer(let range, let unit): Self.describe(range, unit: unit)
        case .memory(let range): Self.describe(range)
        case .memoryOrPercentage:
            "bytes, plain or with a unit (b, k=1000, kb=1024, m, mb, g, gb), or a percentage such as 25%; 0 for none"
        case .memoryOrShare:
            "bytes, plain or with a unit (b, k=1000, kb=1024, m, mb, g, gb), or a percentage of maxmemory; 0 for none"
        case .permissions: "octal permission bits from 0 to 777"
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        case .text(let maximum): "text of up to \(maximum) bytes without control characters"
        case .version: "a version such as 7.4.0"
        case .addresses: "up to 16 IPv4 or IPv6 addresses or * or ::*, each with - before it if it may be missing"
        case .percentiles: "numbers from 0 to 100, or nothing"
        case .outputLimits:
            "groups of: normal, replica or pubsub, a hard limit, a soft limit (bytes, with or without a unit) and seconds"
        case .rules:
            """
            a name, a pattern and any of: ttl seconds or ttl adaptive minimum maximum, max-ttl seconds, min-ttl seconds, \
            jitter percent, stale seconds, tags tag ..., tag-template template ..., invalidates pattern ..., no-store, \
            max-value bytes; or "" for no rules
            """
        case .fact: "only the fixed value"
        }
    }

    private static func describe(_ range: ClosedRange<Int64>, unit: String) -> String {
        let noun = unit.isEmpty ? "a whole number" : "\(unit),"
        return range.upperBound == .max
            ? "\(noun) from \(range.lowerBound) up" : "\(noun) from \(range.lowerBound) to \(range.upperBound)"
    }

    private static func describe(_ range: ClosedRange<Int64>) -> String {
        let units = "bytes, plain or with a unit (b, k=1000, kb=1024, m, mb, g, gb)"
        let lower = MemorySize.compact(range.lowerBound)
        return range.upperBound == .max
            ? "\(units), from \(lower) up" : "\(units), from \(lower) to \(MemorySize.compact(range.upperBound))"
    }
}
