import CLinux

/// Tells the service manager about the state of the service: sd_notify(3)'s datagrams, without its library.
public struct NotificationSocket: ~Copyable {
    private let descriptor: Descriptor
    private let address: SocketAddress

    /// - Parameter path: what NOTIFY_SOCKET says: a path, or `@` and an abstract name. Nil is returned for anything else.
    public init?(path: String) {
        guard path.hasPrefix("/") || path.hasPrefix("@"), let address = SocketAddress(path: path) else { return nil }
        let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard let descriptor = try? SystemCall.value({ socket(AF_UNIX, kind, 0) }) else { return nil }
        self.descriptor = descriptor
        self.address = address
    }

    deinit { descriptor.close() }

    /// Sends lines such as `READY=1`. That nobody listens is no error of the service.
    public func send(_ lines: String) {
        var lines = lines
        lines.withUTF8 { text in
            _ = SystemCall.bytes {
                address.withPointer {
                    sendto(
                        descriptor, text.baseAddress, text.count, Int32(MSG_NOSIGNAL),
                        .init(__sockaddr__: $0), $1)
                }
            }
        }
    }
}
