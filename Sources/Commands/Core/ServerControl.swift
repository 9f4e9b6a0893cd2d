import Primitives

/// What commands need from the server above them. Called with all loops parked (from commands flagged `exclusive`) unless a
/// member says "any thread".
public protocol ServerControl: AnyObject, Sendable {
    /// Calls `body` with every connection that is not closing.
    func forEachSession(_ body: (UnsafeMutablePointer<Session>, ConnectionFacts) -> Void)
    /// Marks a connection to be closed; its own loop frees it later.
    func close(_ session: UnsafeMutablePointer<Session>)
    /// Any thread: sends a line to all connections in MONITOR mode.
    func feedMonitors(_ line: [UInt8])
    /// A connection has entered or left MONITOR mode.
    func monitorChanged(_ session: UnsafeMutablePointer<Session>)
    /// Any thread: leaves messages for a loop, which gives them to its executor (`Executor.pushes`).
    func deliver(_ messages: [TrackingMessage], toLoop index: Int)
    /// Any thread: has a loop step the jobs of those who wait for leases under these tickets (`Executor.forEachLeaseWait`).
    func wake(_ tickets: [UInt64], onLoop index: Int)
    /// Any thread: stops the daemon in good order; with `force` without waiting for clients.
    func requestShutdown(force: Bool)
    /// Any thread.
    var statistics: ServerStatistics { get }
    func resetStatistics()
}

/// What the server knows of a connection beyond its session.
public struct ConnectionFacts {
    public var inputByteCount = 0
    public var inputFreeByteCount = 0
    public var outputByteCount = 0
    public var outputReferenceCount = 0
    public var heapByteCount = 0
    public var loopIndex = 0
    public var watchesWriting = false
    public init() {}
}

/// Sums over all loops, for INFO.
public struct ServerStatistics: Sendable {
    public var connectedClients = 0
    public var maximumClients = 0
    public var blockedClients = 0
    public var receivedConnections: UInt64 = 0
    public var rejectedConnections: UInt64 = 0
    public var inputBytes: UInt64 = 0
    public var outputBytes: UInt64 = 0
    public var readEvents: UInt64 = 0
    public var writeEvents: UInt64 = 0
    public var outputLimitDisconnections: UInt64 = 0
    public var queryLimitDisconnections: UInt64 = 0
    /// Clients closed for `maxmemory-clients`.
    public var evictedClients: UInt64 = 0
    /// The largest buffers that a client had in the last eight seconds, in bytes.
    public var recentInputBytes = 0
    public var recentOutputBytes = 0
    public var connectionBufferBytes = 0
    public var loopCount = 1
    public var eventLoopCycles: UInt64 = 0
    public init() {}
}
