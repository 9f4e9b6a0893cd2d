/// The value of a parameter.
enum ParameterValue: Sendable {
    case boolean(Bool)
    case integer(Int64)
    case memory(MemoryAmount)
    case permissions(Int64)
    case text(String)
    case words([String])
    case outputLimits(OutputLimits)
    case rules([Rule])

    /// The value's words as CONFIG GET shows them: memory in bytes, a percentage resolved.
    var shown: String {
        switch self {
        case .memory(.share(let share)): "\(share)%"
        case .memory(let amount): "\(amount.bytes ?? 0)"
        case .outputLimits(let limits): limits.shown
        case .rules(let rules): rules.map(\.text).joined(separator: "\n")
        default: arguments.joined(separator: " ")
        }
    }

    /// The value's words as the file has them.
    var arguments: [String] {
        switch self {
        case .boolean(let on): [on ? "yes" : "no"]
        case .integer(let number): ["\(number)"]
        case .memory(let amount): [amount.written]
        case .permissions(let bits): [String(bits, radix: 8)]
        case .text(let text): [text]
        case .words(let words): words.isEmpty ? [""] : words
        case .outputLimits(let limits): limits.written
        case .rules(let rules): rules.isEmpty ? [""] : rules.map(\.text)
        }
    }

    /// Whether both would be written as the same bytes.
    func isSame(as other: ParameterValue) -> Bool {
        let (mine, others) = (arguments, other.arguments)
        return mine.count == others.count && zip(mine, others).allSatisfy { $0.sameBytes(as: $1) }
    }
}

/// An amount of memory, as bytes or as a share of what the machine has.
enum MemoryAmount: Sendable {
    case bytes(Int64)
    /// A percentage, 1 to 100, and the bytes that it was of this machine when it was read.
    case percentage(Int64, bytes: Int64)
    /// A percentage, 1 to 100, of `maxmemory`, whatever that is at the time.
    case share(Int64)

    /// Nil for what depends on another parameter.
    var bytes: Int64? {
        switch self {
        case .bytes(let bytes): bytes
        case .percentage(_, let bytes): bytes
        case .share: nil
        }
    }

    var written: String {
        switch self {
        case .bytes(let bytes): MemorySize.compact(bytes)
        case .percentage(let share, _), .share(let share): "\(share)%"
        }
    }
}

/// When a client is disconnected or no longer read from because of replies that it does not take.
public struct OutputLimit: Sendable, Equatable {
    /// Bytes of waiting output at which the client is closed at once; 0 for no limit.
    public var hardBytes: Int64
    /// Bytes of waiting output that a client may stay above for `softSeconds` at most; 0 for no limit.
    public var softBytes: Int64
    /// Seconds, 0 to 2^31 - 1.
    public var softSeconds: Int64

    public init(hardBytes: Int64, softBytes: Int64, softSeconds: Int64) {
        self.hardBytes = hardBytes
        self.softBytes = softBytes
        self.softSeconds = softSeconds
    }
}

/// The output limits of every class of clients.
public struct OutputLimits: Sendable, Equatable {
    public var normal: OutputLimit
    public var replica: OutputLimit
    public var pubsub: OutputLimit

    private var classes: [(name: String, limit: OutputLimit)] {
        [("normal", normal), ("slave", replica), ("pubsub", pubsub)]
    }

    /// As CONFIG GET shows it. Redis still says "slave" here, and redis_exporter reads it.
    var shown: String {
        var words: [String] = []
        for (name, limit) in classes {
            words += [name, "\(limit.hardBytes)", "\(limit.softBytes)", "\(limit.softSeconds)"]
        }
        return words.joined(separator: " ")
    }

    /// As the file has it.
    var written: [String] {
        var words: [String] = []
        for (name, limit) in classes {
            words += [name == "slave" ? "replica" : name]
            words += [MemorySize.compact(limit.hardBytes), MemorySize.compact(limit.softBytes), "\(limit.softSeconds)"]
        }
        return words
    }
}

/// An address to listen on.
public struct BindAddress: Sendable, Equatable {
    /// An IPv4 or IPv6 address as text, `*` for every IPv4 address or `::*` for every IPv6 address.
    public let address: String
    /// Whether it is no error when the machine has no such address (a `-` stood before it).
    public let isOptional: Bool
}
