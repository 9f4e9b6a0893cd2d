import Commands
import Networking
import RESP

typealias ConnectionPointer = UnsafeMutablePointer<Connection>

/// One client on its loop: in one block with the session that commands see, so that each is found from the other.
///
///     block ──► [ Connection ][ padding ][ Session ]
///
/// Only its own loop touches it, or an exclusive command while all loops are parked. Idle it holds no buffers.
struct Connection: ~Copyable {
    let descriptor: Descriptor
    let loopIndex: Int32
    /// Place in the loop's list.
    var index = 0

    var machine = ConnectionMachine()
    var parser = RequestParser()
    var input = InputBuffer()
    var backlog = ReplyBuffer()

    /// Whether complete requests may be left in `input`: it was not parsed to its end.
    var hasWork = false
    /// Commands of the batch at the beginning of `input` that have been executed, 0 to 32.
    var executedCount = 0
    /// What the poller watches.
    var watched = Readiness.readable
    /// Bytes of block, buffers and session that are booked for this connection.
    var accountedByteCount = 0
    /// Bytes of values that its waiting replies refer to; the same value may be counted for several connections.
    var referencedByteCount = 0
    /// In the loop's list of those to be freed.
    var isDead = false
    /// Place among those whose jobs wait for a time; -1 when it is not there.
    var delayedIndex: Int32 = -1
    /// The peer sends nothing more, as was told while a job was under way: not to be told again.
    var isPeerFinished = false

    /// Times in milliseconds of the loop's clock; 0 for none.
    var times = ConnectionTimes()

    // Computed, so that they fold to constants: a `static let` would be asked whether it is set at every use.
    @inline(__always)
    private static var sessionOffset: Int {
        let alignment = MemoryLayout<Session>.alignment
        return (MemoryLayout<Connection>.size + alignment - 1) / alignment * alignment
    }

    /// What a connection takes besides its buffers, in bytes.
    @inline(__always)
    static var blockByteCount: Int { sessionOffset + MemoryLayout<Session>.size }

    private init(descriptor: Descriptor, loopIndex: Int) {
        self.descriptor = descriptor
        self.loopIndex = Int32(clamping: loopIndex)
    }

    /// Makes a block of connection and session.
    static func make(descriptor: Descriptor, loopIndex: Int, session: consuming Session) -> ConnectionPointer {
        let block = UnsafeMutableRawPointer.allocate(
            byteCount: sessionOffset + MemoryLayout<Session>.size,
            alignment: max(MemoryLayout<Connection>.alignment, MemoryLayout<Session>.alignment))
        (block + sessionOffset).bindMemory(to: Session.self, capacity: 1).initialize(to: session)
        let connection = block.bindMemory(to: Connection.self, capacity: 1)
        connection.initialize(to: Connection(descriptor: descriptor, loopIndex: loopIndex))
        return connection
    }

    /// The connection of a session.
    static func of(_ session: UnsafeMutablePointer<Session>) -> ConnectionPointer {
        (UnsafeMutableRawPointer(session) - sessionOffset).assumingMemoryBound(to: Connection.self)
    }

    /// The session of a connection.
    static func session(of connection: ConnectionPointer) -> UnsafeMutablePointer<Session> {
        (UnsafeMutableRawPointer(connection) + sessionOffset).assumingMemoryBound(to: Session.self)
    }

    /// Closes the socket and frees the block.
    static func destroy(_ connection: ConnectionPointer) {
        connection.pointee.descriptor.close()
        session(of: connection).deinitialize(count: 1)
        connection.deinitialize(count: 1)
        UnsafeMutableRawPointer(connection).deallocate()
    }
}
