/// Counts of one command on one loop, written by its thread with `nc_counter_add`, read by any.
public struct CommandCounters: Sendable {
    public internal(set) var calls: UInt64 = 0
    public internal(set) var nanoseconds: UInt64 = 0
    /// Refused before it ran: arity, authentication, memory.
    public internal(set) var rejected: UInt64 = 0
    /// Ran and replied an error.
    public internal(set) var failed: UInt64 = 0
    public init() {}
}
