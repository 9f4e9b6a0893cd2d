import Primitives

/// The options of SET, MSETEX and GETEX, in any order and any case. TAGS, KEEPTAGS, STALE and LEASE are our own.
///
/// As in Redis, an option said twice counts once (of two EX the last), and one that contradicts another is a
/// syntax error.
struct StringOptions {
    enum Command {
        case set
        case setMany
        case get
    }

    enum Existence {
        case any
        case missing
        case present
    }

    enum Lifetime {
        /// SET drops an old deadline, GETEX leaves it.
        case unsaid
        case keep
        case persist
        case expiry(ExpiryArgument)
    }

    private(set) var existence = Existence.any
    private(set) var condition: ValueCondition?
    private(set) var lifetime = Lifetime.unsaid
    private(set) var returnsOldValue = false
    private(set) var tags: UnsafeBufferPointer<ByteSlice>?
    private(set) var keepsTags = false
    private(set) var staleSeconds: UInt32 = 0
    private(set) var leaseToken: LeaseToken?

    /// Whether the value is to carry more than a deadline.
    var hasAttributes: Bool { tags?.isEmpty == false || keepsTags || staleSeconds > 0 }

    init() {}

    /// Parses `arguments`, the options alone.
    init(_ arguments: UnsafeBufferPointer<ByteSlice>, for command: Command) throws(ArgumentFailure) {
        var index = 0
        while index < arguments.count {
            let option = arguments[index]
            let operand = index + 1 < arguments.count ? arguments[index + 1] : nil
            if command == .set, option.equalsIgnoringCase("tags") {
                let names = try TagArguments.counted(arguments, at: index + 1)
                guard tags == nil, !keepsTags else { throw .syntax }
                tags = names
                index += 2 + names.count
                continue
            }
            if command == .set, let operand, try parseOwn(option, operand) {
                index += 2
                continue
            }
            index += try parse(option, operand, command) ? 2 : 1
        }
        // Null would say both that there was no value and that the lease is void.
        if leaseToken != nil, returnsOldValue { throw .syntax }
    }

    /// Takes in one option; whether it took its operand along.
    private mutating func parse(
        _ option: ByteSlice, _ operand: ByteSlice?, _ command: Command
    ) throws(ArgumentFailure) -> Bool {
        if let unit = ExpiryArgument.Unit(option: option) {
            guard let operand else { throw .syntax }
            try setExpiry(ExpiryArgument(text: operand, unit: unit))
            return true
        }
        if command == .get {
            guard option.equalsIgnoringCase("persist") else { throw .syntax }
            if case .expiry = lifetime { throw .syntax }
            lifetime = .persist
            return false
        }
        if command == .set, let comparison = ValueCondition.Comparison(option: option) {
            guard existence == .any, condition == nil, let operand else { throw .syntax }
            condition = ValueCondition(comparison: comparison, operand: operand)
            return true
        }
        if option.equalsIgnoringCase("nx") {
            try setExistence(.missing, unless: .present)
        } else if option.equalsIgnoringCase("xx") {
            try setExistence(.present, unless: .missing)
        } else if option.equalsIgnoringCase("keepttl") {
            if case .expiry = lifetime { throw .syntax }
            lifetime = .keep
        } else if command == .set, option.equalsIgnoringCase("get") {
            returnsOldValue = true
        } else if command == .set, option.equalsIgnoringCase("keeptags") {
            guard tags == nil else { throw .syntax }
            keepsTags = true
        } else {
            throw .syntax
        }
        return false
    }

    /// STALE and LEASE; false when it is neither.
    private mutating func parseOwn(_ option: ByteSlice, _ operand: ByteSlice) throws(ArgumentFailure) -> Bool {
        if option.equalsIgnoringCase("stale") {
            guard let seconds = operand.int64, let window = UInt32(exactly: seconds) else { throw .notInteger }
            staleSeconds = window
            return true
        }
        if option.equalsIgnoringCase("lease") {
            guard leaseToken == nil else { throw .syntax }
            leaseToken = try LeaseToken(operand)
            return true
        }
        return false
    }

    private mutating func setExistence(
        _ wanted: Existence, unless contrary: Existence
    ) throws(ArgumentFailure) {
        guard existence != contrary, condition == nil else { throw .syntax }
        existence = wanted
    }

    private mutating func setExpiry(_ expiry: ExpiryArgument) throws(ArgumentFailure) {
        switch lifetime {
        case .unsaid: break
        case .expiry(let earlier) where earlier.unit == expiry.unit: break
        default: throw .syntax
        }
        lifetime = .expiry(expiry)
    }
}
