import CLinux
import CPrimitives
import Commands
import Configuration
import Networking
import RESP
import Store

/// One event loop: a thread's whole world. Reached through a pointer only, so that the hot path has no reference counting
/// and no exclusivity checks; classes are held unmanaged, their owner is the server, which outlives its loops.
///
/// A turn: wait · lock · messages · events · connections on hold · deadlines · background work · burials · unlock · exclusive
/// commands. Nothing is freed before the end of a turn, so an event that was fetched for a connection closed meanwhile
/// finds it, marked as closed.
struct Loop: ~Copyable {
    /// Room in front of what is read for the unfinished request of the connection, in bytes: longer ones are continued
    /// in the connection's own buffer.
    static let carriedByteCount = 32_768
    /// Bytes read at a time.
    static let readByteCount = 65_536
    /// Values sent by reference and the bytes between them, per call: the kernel takes 1,024.
    static let vectorCount = 128

    let index: Int
    let server: Unmanaged<Server>
    let inbox: Unmanaged<Inbox>
    let executor: Unmanaged<Executor>
    let configuration: Unmanaged<Configuration>
    let store: Unmanaged<Store>
    let safepoint: UnsafeMutablePointer<Safepoint>
    let counters: UnsafeMutablePointer<LoopCounters>
    let poller: Poller

    /// What every connection's input is read into and parsed in.
    let readBuffer: UnsafeMutablePointer<UInt8>
    /// What every connection's replies are written to.
    ///
    /// Methods that change it, or `batch`, do so through a local copy of the pointer: see `Shard`.
    let output: UnsafeMutablePointer<ReplyBuffer>
    let batch: UnsafeMutablePointer<RequestBatch>
    let vectors: UnsafeMutablePointer<iovec>

    var settings: Settings
    var normalLimits: RequestParser.Limits
    var unauthenticatedLimits: RequestParser.Limits

    /// Milliseconds of the monotonic clock, at the beginning of the turn.
    var now: Int64 = 0

    var connections = ConnectionList()
    var waitingForTurn = ConnectionList()
    var exclusive = ConnectionList()
    var blocked = ConnectionList()
    var paused = ConnectionList()
    /// Clients whose jobs wait for a time in store milliseconds.
    var delayed = DelayedConnections()
    var dead = ConnectionList()
    /// Clients with a job under way, as they were counted last.
    var countedBlocked = 0

    /// Bytes by which this loop's clients have grown since their sum was looked at.
    var clientGrowth = 0
    var nextClientEviction: Int64 = 0
    var recentInput = RecentMaximum()
    var recentOutput = RecentMaximum()

    var nextTick: Int64 = 0
    var nextBackground: Int64 = 0
    var nextPauseCheck: Int64 = 0
    /// Where the hand that looks for passed deadlines goes on.
    var hand = 0

    var acceptor: Acceptor
    /// When those who have not finished are cut off; 0 while not stopping.
    var drainDeadline: Int64 = 0
    var isStopped = false
    /// Clients are to be evicted after this turn.
    var evictsClients = false

    init(
        index: Int, server: Server, inbox: Inbox, executor: Executor, shared: SharedState,
        safepoint: UnsafeMutablePointer<Safepoint>, counters: UnsafeMutablePointer<LoopCounters>, listeners: [Listener]
    ) throws(SystemError) {
        let poller = try Poller()
        try poller.add(inbox.wakeup.descriptor, .readable, token: Token.wakeup)
        for index in 0..<listeners.count {
            try poller.add(listeners[index].descriptor, .readable, token: Token.firstListener + UInt64(index))
        }
        self.index = index
        self.server = .passUnretained(server)
        self.inbox = .passUnretained(inbox)
        self.executor = .passUnretained(executor)
        configuration = .passUnretained(shared.configuration)
        store = .passUnretained(shared.store)
        self.safepoint = safepoint
        self.counters = counters
        self.poller = poller
        readBuffer = .allocate(capacity: Self.carriedByteCount + Self.readByteCount)
        output = .allocate(capacity: 1)
        output.initialize(to: ReplyBuffer())
        batch = .allocate(capacity: 1)
        batch.initialize(to: RequestBatch())
        vectors = .allocate(capacity: Self.vectorCount)
        settings = shared.configuration.settings
        normalLimits = .unauthenticated
        unauthenticatedLimits = .unauthenticated
        acceptor = Acceptor(listeners: listeners)
        take(shared.configuration.settings)
    }

    deinit {
        readBuffer.deallocate()
        output.deinitialize(count: 1)
        output.deallocate()
        batch.deinitialize(count: 1)
        batch.deallocate()
        vectors.deallocate()
    }

    /// Takes new settings over.
    mutating func take(_ settings: Settings) {
        self.settings = settings
        normalLimits = RequestParser.Limits(maximumBulkCount: settings.protoMaxBulkBytes)
        unauthenticatedLimits = RequestParser.Limits(
            maximumBulkCount: settings.protoMaxBulkBytes, isAuthenticated: false)
    }
}

/// What the poller's events carry: a connection's address, or one of these, which no address is.
enum Token {
    static let wakeup: UInt64 = 0
    static let firstListener: UInt64 = 1
    /// Below the first page of memory; addresses begin here.
    static let firstAddress: UInt64 = 4096
}
