import Primitives
import Store

/// What commands know and change of a connection. Lives inside the server's connection, at one address for its life, and is
/// touched by its own loop, or by any with all loops parked.
public struct Session: ~Copyable {
    /// What takes a request off the short way.
    public struct Conditions: OptionSet, Sendable {
        public let rawValue: UInt32
        public init(rawValue: UInt32) { self.rawValue = rawValue }
        public static let unauthenticated = Conditions(rawValue: 1 << 0)
        public static let inTransaction = Conditions(rawValue: 1 << 1)
        /// CLIENT REPLY OFF or SKIP.
        public static let mutesReplies = Conditions(rawValue: 1 << 2)
        /// CLIENT TRACKING in a mode that needs to know what the connection reads or writes.
        public static let tracked = Conditions(rawValue: 1 << 3)
    }

    public enum ReplyMode: Sendable { case on, off, skipNext }

    public var conditions: Conditions = []
    /// 2 or 3.
    public var protocolVersion: Int32 = 2
    public var database = 0
    /// Set by QUIT, CLIENT KILL and the like: replies are written, then the connection goes.
    public var shouldClose = false
    /// CLIENT NO-TOUCH: reads do not count as accesses for eviction.
    public var touchesEntries = true
    public var isProtectedFromEviction = false
    public var isMonitor = false
    public var replyMode = ReplyMode.on

    public let id: UInt64
    public var name: [UInt8] = []
    public var libraryName: [UInt8] = []
    public var libraryVersion: [UInt8] = []
    /// `host:port` of the other side, or the path of the unix socket with `:0`.
    public var peerAddress: String
    public var localAddress: String
    public var descriptor: Int32
    public var isUnixSocket: Bool
    /// Whether the peer is on this machine: loopback or the unix socket.
    public var isLocal: Bool
    /// Unix milliseconds.
    public var createdMilliseconds: Int64
    /// Store milliseconds of the last request.
    public var lastInteractionMilliseconds: Int64 = 0
    /// Index of the last command in the table, -1 before the first.
    public var lastCommandIndex: Int32 = -1
    public var commandCount: UInt64 = 0
    public var networkInputByteCount: UInt64 = 0
    public var networkOutputByteCount: UInt64 = 0
    public var transaction: Transaction?
    /// CLIENT TRACKING; nil while it is off.
    public internal(set) var tracking: ClientTracking?
    /// Pushes that wait for the job's reply: sent before it, they would tell of changes that the reply does not show yet, or
    /// cut it in two.
    public var deferredPushes: [UInt8] = []
    /// A command under way that takes several turns.
    public var job: (any Job)?
    /// Store milliseconds from which on the job is to be asked; 0 for at once.
    public var jobDueMilliseconds: Int64 = 0
    /// CLIENT REPLY: nobody wants to see what the job replies.
    var isJobMuted = false
    /// Milliseconds for which the reply to the command under way is held back: it guessed a password.
    var replyDelayMilliseconds: Int64 = 0
    /// Where the peer is, as far as guesses of passwords are counted together: an address, or a network of them.
    public let source: UInt64
    /// Bytes that names, queue, watched keys, prefixes and a job take. Kept up to date by those who change them, so that the server reads a number
    /// instead of asking around after every event.
    public private(set) var heldByteCount = 0

    public init(
        id: UInt64, peerAddress: String, localAddress: String, descriptor: Int32, isUnixSocket: Bool, isLocal: Bool,
        createdMilliseconds: Int64, isAuthenticated: Bool, source: UInt64 = 0
    ) {
        self.id = id
        self.peerAddress = peerAddress
        self.localAddress = localAddress
        self.descriptor = descriptor
        self.isUnixSocket = isUnixSocket
        self.isLocal = isLocal
        self.createdMilliseconds = createdMilliseconds
        self.source = source
        if !isAuthenticated { conditions.insert(.unauthenticated) }
    }

    public var isAuthenticated: Bool {
        get { !conditions.contains(.unauthenticated) }
        set { if newValue { conditions.remove(.unauthenticated) } else { conditions.insert(.unauthenticated) } }
    }

    public var isInTransaction: Bool { conditions.contains(.inTransaction) }

    /// To be called when names, queue, watched keys, prefixes or the job have changed.
    mutating func updateHeldByteCount() {
        heldByteCount =
            name.count + libraryName.count + libraryVersion.count + (transaction.map { $0.heapByteCount } ?? 0)
            + (tracking.map { $0.heapByteCount } ?? 0) + (job.map { $0.heldByteCount } ?? 0)
    }

    /// Sets CLIENT REPLY's mode.
    public mutating func setReplyMode(_ mode: ReplyMode) {
        replyMode = mode
        if mode == .on { conditions.remove(.mutesReplies) } else { conditions.insert(.mutesReplies) }
    }
}
