import Networking

/// The listeners of the loop that has them, and how it gets by when descriptors run out.
struct Acceptor: ~Copyable {
    /// Connections taken per turn and listener, so that a storm of them leaves time for those who are there.
    static let connectionsPerTurn = 64
    /// Pause after the process or the system ran out of descriptors or memory: a listener stays readable all that time, and to
    /// be told so would be a busy loop.
    static let pauseMilliseconds: Int64 = 50
    /// The least time between two warnings of it.
    static let warningMilliseconds: Int64 = 60_000

    var listeners: [Listener]
    var spare = SpareDescriptor()
    /// When accepting goes on; 0 while it does.
    var resumesAt: Int64 = 0
    /// From when on to warn again.
    var nextWarning: Int64 = 0
    /// The loop that gets the next connection.
    var nextLoop = 0

    init(listeners: [Listener]) { self.listeners = listeners }
}
