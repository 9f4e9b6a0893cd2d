import CLinux

/// Wakes a thread that waits in a `Poller`: an eventfd.
public struct Wakeup: ~Copyable, Sendable {
    /// To be added to the poller as readable.
    public let descriptor: Descriptor

    public init() throws(SystemError) {
        descriptor = try SystemCall.value { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) }
    }

    deinit { descriptor.close() }

    /// Makes the descriptor readable. From any thread.
    public func signal() {
        var one: UInt64 = 1
        // EAGAIN means that the counter is full: then the descriptor is readable already.
        _ = SystemCall.bytes { write(descriptor, &one, 8) }
    }

    /// Makes the descriptor unreadable again.
    public func clear() {
        var count: UInt64 = 0
        _ = SystemCall.bytes { read(descriptor, &count, 8) }
    }
}
