import Primitives

/// The options of LEASE GET, in any order and any case, each once.
struct LeaseRequest: Equatable {
    static let defaultDurationMilliseconds: Int64 = 10_000
    /// The longest that a lease may be held, and that a client may wait for one: an hour.
    static let longestMilliseconds: Int64 = 3_600_000

    /// For how long the lease is held if it is won.
    private(set) var durationMilliseconds = LeaseRequest.defaultDurationMilliseconds
    /// How long to wait while somebody else holds it; 0 for not at all.
    private(set) var waitMilliseconds: Int64 = 0

    /// Parses `arguments`, the options alone.
    init(_ arguments: UnsafeBufferPointer<ByteSlice>) throws(ArgumentFailure) {
        var (hasDuration, hasWait) = (false, false)
        guard arguments.count.isMultiple(of: 2) else { throw .syntax }
        for index in stride(from: 0, to: arguments.count, by: 2) {
            let (option, operand) = (arguments[index], arguments[index + 1])
            if option.equalsIgnoringCase("ttl"), !hasDuration {
                durationMilliseconds = try Self.milliseconds(operand, from: 1, or: .leaseDuration)
                hasDuration = true
            } else if option.equalsIgnoringCase("wait"), !hasWait {
                waitMilliseconds = try Self.milliseconds(operand, from: 0, or: .leaseWait)
                hasWait = true
            } else {
                throw .syntax
            }
        }
    }

    private static func milliseconds(
        _ text: ByteSlice, from lowest: Int64, or failure: ArgumentFailure
    ) throws(ArgumentFailure) -> Int64 {
        guard let number = text.int64 else { throw .notInteger }
        guard number >= lowest, number <= longestMilliseconds else { throw failure }
        return number
    }
}
