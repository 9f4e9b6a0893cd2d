import CPrimitives
import Commands
import Networking
import Primitives

/// What other threads ask of a loop. It is woken when the first message comes.
final class Inbox: @unchecked Sendable {
    enum Message {
        /// A connection to take over.
        case accepted(Descriptor, isUnixSocket: Bool)
        /// A line for the loop's clients in MONITOR mode.
        case monitored([UInt8])
        /// What CLIENT TRACKING has to tell the loop's clients.
        case tracking([TrackingMessage])
        /// Jobs of those who wait for leases are to be stepped.
        case woken([UInt64])
        /// A session of this loop was marked to be closed.
        case killed
        /// To accept no more, finish what is in flight and end.
        case drain
        /// To end now.
        case stop
    }

    let wakeup: Wakeup
    private let messages = Locked<[Message]>([])
    /// 1 while messages wait; read by the loop on every turn.
    private let isWaiting: UnsafeMutablePointer<UInt32>

    init() throws(SystemError) {
        wakeup = try Wakeup()
        isWaiting = .allocate(capacity: 1)
        isWaiting.initialize(to: 0)
    }

    deinit { isWaiting.deallocate() }

    /// Whether there may be messages. One load.
    @inline(__always)
    var hasMessages: Bool { nc_atomic_load32_acquire(isWaiting) != 0 }

    /// Leaves a message. From any thread.
    func post(_ message: Message) {
        messages.withLock { $0.append(message) }
        if nc_atomic_exchange32(isWaiting, 1) == 0 { wakeup.signal() }
    }

    /// Wakes the loop for nothing but a turn.
    func wake() { wakeup.signal() }

    /// Takes all messages. Only the loop.
    func take() -> [Message] {
        // The flag first: what is posted from here on wakes the loop once more.
        _ = nc_atomic_exchange32(isWaiting, 0)
        return messages.withLock { messages in
            defer { messages = [] }
            return messages
        }
    }
}
