import Primitives

/// How a command's arguments say until when a key lives.
struct ExpiryArgument {
    /// What the number counts, and from when.
    enum Unit {
        case seconds
        case milliseconds
        case unixSeconds
        case unixMilliseconds

        /// The unit that an option word of SET, GETEX and MSETEX names, or nil.
        init?(option: ByteSlice) {
            if option.equalsIgnoringCase("ex") {
                self = .seconds
            } else if option.equalsIgnoringCase("px") {
                self = .milliseconds
            } else if option.equalsIgnoringCase("exat") {
                self = .unixSeconds
            } else if option.equalsIgnoringCase("pxat") {
                self = .unixMilliseconds
            } else {
                return nil
            }
        }

        var isSeconds: Bool { self == .seconds || self == .unixSeconds }
        var isRelative: Bool { self == .seconds || self == .milliseconds }
    }

    let text: ByteSlice
    let unit: Unit

    /// The unix time in milliseconds at which the key expires, for commands that refuse zero and negative numbers.
    ///
    /// A time in the past is valid when it is absolute.
    func positiveDeadline(nowMilliseconds: Int64) throws(ArgumentFailure) -> Int64 {
        guard let value = text.int64 else { throw .notInteger }
        guard value > 0 else { throw .invalidExpiry }
        return try Self.deadline(value, unit, nowMilliseconds: nowMilliseconds)
    }

    /// The unix time in milliseconds at which the key expires; negative numbers are times long gone.
    static func deadline(
        _ value: Int64, _ unit: Unit, nowMilliseconds: Int64
    ) throws(ArgumentFailure) -> Int64 {
        var milliseconds = value
        if unit.isSeconds {
            let (product, overflow) = value.multipliedReportingOverflow(by: 1000)
            guard !overflow else { throw .invalidExpiry }
            milliseconds = product
        }
        if unit.isRelative {
            let (sum, overflow) = milliseconds.addingReportingOverflow(nowMilliseconds)
            guard !overflow else { throw .invalidExpiry }
            milliseconds = sum
        }
        return milliseconds
    }
}
