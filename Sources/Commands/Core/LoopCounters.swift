import CPrimitives

/// Counts of one loop. Only its thread writes them, everybody may read: see `nc_counter_add`.
public struct LoopCounters {
    public internal(set) var keyspaceHits: UInt64 = 0
    public internal(set) var keyspaceMisses: UInt64 = 0
    public internal(set) var commandsProcessed: UInt64 = 0
    public internal(set) var errorReplies: UInt64 = 0
    public internal(set) var refusedAuthentications: UInt64 = 0
    public internal(set) var sweepSlices: UInt64 = 0
    public internal(set) var expiredInTime: UInt64 = 0
    public internal(set) var evictionNanoseconds: UInt64 = 0
    public init() {}
}

/// Counts of one command on one loop, written by its thread.
public struct CommandCounters {
    public internal(set) var calls: UInt64 = 0
    public internal(set) var nanoseconds: UInt64 = 0
    /// Refused before it ran: arity, authentication, memory.
    public internal(set) var rejected: UInt64 = 0
    /// Ran and replied an error.
    public internal(set) var failed: UInt64 = 0
    public init() {}
}
