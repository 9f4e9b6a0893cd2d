import Primitives

/// The options of INCREX, in any order and any case; none may be said twice.
struct CounterOptions {
    enum Increment {
        case integer(ByteSlice)
        case float(ByteSlice)
    }

    /// The number to add; nil for the integer 1.
    private(set) var increment: Increment?
    private(set) var lowerBound: ByteSlice?
    private(set) var upperBound: ByteSlice?
    /// Whether a sum beyond a bound becomes the bound, rather than leaving all as it is.
    private(set) var saturates = false
    private(set) var expiry: ExpiryArgument?
    private(set) var persists = false
    /// ENX: the expiry counts only for a key that has none.
    private(set) var keepsExpiry = false
    /// NX and XX of Valkey.
    private(set) var existence = StringOptions.Existence.any

    /// Parses `arguments`, the options alone.
    init(_ arguments: UnsafeBufferPointer<ByteSlice>) throws(ArgumentFailure) {
        var index = 0
        while index < arguments.count {
            let operand = index + 1 < arguments.count ? arguments[index + 1] : nil
            if try parseFlag(arguments[index]) {
                index += 1
            } else {
                guard let operand else { throw .syntax }
                try parse(arguments[index], operand)
                index += 2
            }
        }
        if keepsExpiry, expiry == nil { throw .expiryMissing }
    }

    /// Takes in an option that stands alone; false when it is none.
    private mutating func parseFlag(_ option: ByteSlice) throws(ArgumentFailure) -> Bool {
        if option.equalsIgnoringCase("saturate") {
            guard !saturates else { throw .syntax }
            saturates = true
        } else if option.equalsIgnoringCase("enx") {
            guard !keepsExpiry, !persists else { throw .syntax }
            keepsExpiry = true
        } else if option.equalsIgnoringCase("persist") {
            guard !persists, !keepsExpiry, expiry == nil else { throw .syntax }
            persists = true
        } else if option.equalsIgnoringCase("nx") || option.equalsIgnoringCase("xx") {
            guard existence == .any else { throw .syntax }
            existence = option.equalsIgnoringCase("nx") ? .missing : .present
        } else {
            return false
        }
        return true
    }

    private mutating func parse(_ option: ByteSlice, _ operand: ByteSlice) throws(ArgumentFailure) {
        if let unit = ExpiryArgument.Unit(option: option) {
            guard expiry == nil, !persists else { throw .syntax }
            expiry = ExpiryArgument(text: operand, unit: unit)
        } else if option.equalsIgnoringCase("byint"), increment == nil {
            increment = .integer(operand)
        } else if option.equalsIgnoringCase("byfloat"), increment == nil {
            increment = .float(operand)
        } else if option.equalsIgnoringCase("lbound"), lowerBound == nil {
            lowerBound = operand
        } else if option.equalsIgnoringCase("ubound"), upperBound == nil {
            upperBound = operand
        } else {
            throw .syntax
        }
    }
}
