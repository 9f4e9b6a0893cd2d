/// What applies to the keys that match a glob pattern, so that clients need not be changed: lifetimes, tags, what is not
/// to be stored, what is invalidated along with them.
///
/// Written `<name> <pattern> [option ...]`, in the conf file as a line `rule ...`, at run time as RULE SET.
public struct Rule: Sendable {
    /// Entries bear their rule's number in one byte; 0 is for none.
    public static let maximumCount = 255
    public static let maximumNameBytes = 64
    public static let maximumPatternBytes = 4096
    /// Of `tags` and `tag-template` together, as many as an entry may have.
    public static let maximumTagCount = 64
    public static let maximumTagBytes = 512
    public static let maximumInvalidationCount = 16
    /// Seconds, for every lifetime: up to 68 years.
    public static let secondsRange: ClosedRange<Int64> = 1...Int64(Int32.max)
    public static let jitterRange: ClosedRange<Int64> = 1...99
    public static let valueBytesRange: ClosedRange<Int64> = 1...Int64.max

    /// The lifetime of a value whose writer gives none.
    public enum DefaultTTL: Sendable, Equatable {
        case seconds(Int64)
        /// Moves between the two, in seconds, by what is observed of the rule's keys.
        case adaptive(minimum: Int64, maximum: Int64)
    }

    public let name: String
    /// Redis's glob, of at most `maximumPatternBytes`.
    public let pattern: String
    public internal(set) var ttl: DefaultTTL?
    /// Seconds that no value outlives.
    public internal(set) var maximumTTLSeconds: Int64?
    /// Seconds that every value with a deadline lives at the least.
    public internal(set) var minimumTTLSeconds: Int64?
    /// By how many percent, drawn anew for every value, a lifetime is shortened at the most.
    public internal(set) var jitterPercent: Int64?
    /// Seconds for which a value is held past its deadline.
    public internal(set) var staleSeconds: Int64?
    public internal(set) var tags: [String] = []
    /// Tags made from the key.
    public internal(set) var tagTemplates: [RuleTemplate] = []
    /// What is invalidated when a key is written or deleted: `tag:NAME`, or a glob pattern of keys.
    public internal(set) var invalidations: [RuleTemplate] = []
    public internal(set) var isStored = true
    /// Bytes; larger values are not stored.
    public internal(set) var maximumValueBytes: Int64?

    init(name: String, pattern: String) {
        self.name = name
        self.pattern = pattern
    }

    /// An option's word in the text of a rule, in the order in which the text has them.
    enum Option: String, CaseIterable {
        case ttl
        case maximumTTL = "max-ttl"
        case minimumTTL = "min-ttl"
        case jitter
        case stale
        case tags
        case tagTemplate = "tag-template"
        case invalidates
        case noStore = "no-store"
        case maximumValue = "max-value"

        static let allowed = allCases.map(\.rawValue).joined(separator: ", ")
    }
}

// MARK: - Text

extension Rule {
    /// The rule's words: what `parse` reads back as the same rule.
    public var words: [String] { [name, pattern] + optionWords }

    /// The rule as a line of the conf file has it, without the directive's name.
    public var text: String { words.map(DirectiveSyntax.quoted).joined(separator: " ") }

    private var optionWords: [String] {
        var words: [String] = []
        func add(_ option: Option, _ operands: [String]) {
            if !operands.isEmpty { words += [option.rawValue] + operands }
        }
        switch ttl {
        case .seconds(let seconds)?: add(.ttl, ["\(seconds)"])
        case .adaptive(let minimum, let maximum)?: add(.ttl, [Rule.adaptiveWord, "\(minimum)", "\(maximum)"])
        case nil: break
        }
        add(.maximumTTL, maximumTTLSeconds.map { ["\($0)"] } ?? [])
        add(.minimumTTL, minimumTTLSeconds.map { ["\($0)"] } ?? [])
        add(.jitter, jitterPercent.map { ["\($0)"] } ?? [])
        add(.stale, staleSeconds.map { ["\($0)"] } ?? [])
        add(.tags, tags)
        add(.tagTemplate, tagTemplates.map(\.text))
        add(.invalidates, invalidations.map(\.text))
        if !isStored { words.append(Option.noStore.rawValue) }
        add(.maximumValue, maximumValueBytes.map { [MemorySize.compact($0)] } ?? [])
        return words
    }

    static let adaptiveWord = "adaptive"

    /// Whether both have the same text, byte for byte.
    public func isSame(as other: Rule) -> Bool { text.sameBytes(as: other.text) }
}
