import CLongDouble
import Primitives

/// A sum that has to stay within bounds: INCREX's arithmetic on integers.
struct BoundedSum {
    var increment: Int64 = 1
    var lowerBound = Int64.min
    var upperBound = Int64.max
    var saturates = false

    init() {}

    /// Reads the numbers that the options spell.
    init(_ options: CounterOptions, _ increment: ByteSlice?) throws(CounterFailure) {
        self.increment = try Self.number(increment, .increment) ?? 1
        lowerBound = try Self.number(options.lowerBound, .lowerBound) ?? .min
        upperBound = try Self.number(options.upperBound, .upperBound) ?? .max
        guard lowerBound <= upperBound else { throw .crossedBounds }
        saturates = options.saturates
    }

    private static func number(_ text: ByteSlice?, _ role: CounterFailure.Role) throws(CounterFailure) -> Int64? {
        guard let text else { return nil }
        guard let number = text.int64 else { throw .notInteger(role) }
        return number
    }

    /// What `old` becomes and by how much it grew; nil when that is out of bounds and nothing is to change.
    ///
    /// An old value may be out of bounds itself: saturating then moves it to the bound, whatever the increment's sign.
    func apply(to old: Int64) throws(CounterFailure) -> (new: Int64, applied: Int64)? {
        let (sum, overflow) = old.addingReportingOverflow(increment)
        let isAbove = overflow ? increment > 0 : sum > upperBound
        let isBelow = overflow ? increment < 0 : sum < lowerBound
        guard isAbove || isBelow else { return (sum, increment) }
        guard saturates else { return nil }
        let bound = isAbove ? upperBound : lowerBound
        let (applied, tooLarge) = bound.subtractingReportingOverflow(old)
        guard !tooLarge else { throw .overflowingStep }
        return (bound, applied)
    }
}

/// INCREX's arithmetic on decimal texts, in C's long double as INCRBYFLOAT's.
enum BoundedFloatSum {
    /// Calls `body` with the new value and with what was added to the old one; with the old value and 0, `isApplied` false,
    /// when nothing is to change.
    ///
    /// - Parameters:
    ///   - current: the value as it stands; nil counts as zero.
    ///   - isAllowed: whether the key may change at all.
    static func with<Result>(
        _ current: ByteSlice?, _ increment: ByteSlice, _ options: CounterOptions, isAllowed: Bool,
        _ body: (_ new: ByteSlice, _ applied: ByteSlice, _ isApplied: Bool) -> Result
    ) throws(CounterFailure) -> Result {
        let outcome: Swift.Result<Result, CounterFailure> = withUnsafeTemporaryAllocation(
            of: nc_bounded_sum.self, capacity: 1
        ) { buffer in
            // A temporary allocation of a structure has an address.
            let sum = buffer.baseAddress.unsafelyUnwrapped
            let status = nc_add_bounded_float_texts(
                text(current), text(increment), text(options.lowerBound), text(options.upperBound),
                !isAllowed ? NC_DECLINE_ALWAYS : options.saturates ? NC_DECLINE_NEVER : NC_DECLINE_BEYOND_BOUNDS, sum)
            if let failure = failure(status) { return .failure(failure) }
            let isApplied = status == NC_SUM_APPLIED
            return withUnsafeBytes(of: &sum.pointee.new_text) { new in
                withUnsafeBytes(of: &sum.pointee.applied_text) { applied in
                    .success(
                        body(slice(new, sum.pointee.new_count), slice(applied, sum.pointee.applied_count), isApplied))
                }
            }
        }
        return try outcome.get()
    }

    private static func text(_ slice: ByteSlice?) -> nc_text {
        nc_text(bytes: slice?.base, count: slice?.count ?? 0)
    }

    /// The first `count` of `bytes`, which C says it has written.
    private static func slice(_ bytes: UnsafeRawBufferPointer, _ count: Int32) -> ByteSlice {
        let bytes = bytes.bindMemory(to: UInt8.self)
        return ByteSlice(base: bytes.baseAddress.unsafelyUnwrapped, count: Int(count))
    }

    private static func failure(_ status: nc_sum_status) -> CounterFailure? {
        switch status {
        case NC_SUM_BAD_INCREMENT: .notFloat(.increment)
        case NC_SUM_INFINITE_INCREMENT: .infiniteIncrement
        case NC_SUM_BAD_LOWER_BOUND: .notFloat(.lowerBound)
        case NC_SUM_BAD_UPPER_BOUND: .notFloat(.upperBound)
        case NC_SUM_CROSSED_BOUNDS: .crossedBounds
        case NC_SUM_BAD_VALUE: .notFloat(.value)
        case NC_SUM_INFINITE_VALUE: .infiniteValue
        case NC_SUM_INFINITE_STEP: .infiniteStep
        default: nil
        }
    }
}

/// Why INCREX cannot count.
enum CounterFailure: Error, Equatable {
    /// Which number is meant.
    enum Role: Equatable {
        case increment
        case lowerBound
        case upperBound
        case value
    }

    case notInteger(Role)
    case notFloat(Role)
    case infiniteIncrement
    case infiniteValue
    case crossedBounds
    /// The step from the value to the bound does not fit in 64 bits.
    case overflowingStep
    case infiniteStep

    /// Whether the arguments alone are to blame, not the value.
    var isOfArguments: Bool {
        switch self {
        case .notInteger(let role), .notFloat(let role): role != .value
        case .infiniteIncrement, .crossedBounds: true
        case .infiniteValue, .overflowingStep, .infiniteStep: false
        }
    }
}
