import CLinux

/// One descriptor kept back for the day when all are used: given up for a moment it lets a waiting client be accepted and
/// closed, so that the client is told instead of hanging and the listener does not stay readable for ever.
public struct SpareDescriptor: ~Copyable {
    private var descriptor: Descriptor = -1

    public init() { take() }

    deinit { if descriptor >= 0 { descriptor.close() } }

    /// Accepts one waiting client of `listener` and closes it.
    public mutating func dismissOne(of listener: Listener) {
        if descriptor >= 0 { descriptor.close() }
        descriptor = -1
        if case .accepted(let client) = listener.accept() { client.close() }
        take()
    }

    private mutating func take() {
        descriptor = (try? SystemCall.value { eventfd(0, Int32(EFD_CLOEXEC)) }) ?? -1
    }
}
