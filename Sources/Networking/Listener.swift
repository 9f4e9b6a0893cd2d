import CLinux

/// Why nothing can be listened on: which address, and the kernel's reason.
public struct ListenError: Error, CustomStringConvertible, Sendable {
    public let place: String
    public let reason: String

    /// Whether the machine lacks the address or its family: no error for an optional address.
    public let isMissingAddress: Bool

    public var description: String { "cannot listen on \(place): \(reason)" }
}

/// What came of accepting.
public enum AcceptResult {
    case accepted(Descriptor)
    /// Nobody waits.
    case none
    /// That one is gone again, or its network failed: accept(2) asks to go on with the next.
    case transient
    /// No descriptor or memory is left.
    case exhausted(SystemError)
}

/// A listening socket. Closes its descriptor, and removes the file of a Unix socket, when it goes.
public final class Listener: Sendable {
    public let descriptor: Descriptor
    public let isUnix: Bool
    /// As in logs: `127.0.0.1:6379` or the path.
    public let place: String
    private let path: String?

    /// - Parameter path: the file to remove when the listener goes; nil for none.
    private init(descriptor: Descriptor, place: String, isUnix: Bool, path: String? = nil) {
        self.descriptor = descriptor
        self.place = place
        self.path = path
        self.isUnix = isUnix
    }

    deinit {
        descriptor.close()
        if let path { unlink(path) }
    }

    /// Listens on a TCP address.
    ///
    /// - Parameters:
    ///   - address: numeric, or `*`, or `::*`.
    ///   - port: 0 lets the kernel choose.
    ///   - backlog: connections that may wait; the kernel cuts it to net.core.somaxconn.
    public static func tcp(address: String, port: UInt16, backlog: Int32) throws(ListenError) -> Listener {
        guard let socketAddress = SocketAddress(address, port: port) else {
            throw ListenError(
                place: "\(address):\(port)", reason: "not a numeric IPv4 or IPv6 address", isMissingAddress: false)
        }
        do throws(SystemError) {
            let descriptor = try open(socketAddress) { descriptor in
                Socket.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
                // Else [::]:6379 would take 0.0.0.0:6379 with it, and the second bind would fail.
                if socketAddress.family == AF_INET6 { Socket.set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
            }
            try listen(descriptor, backlog)
            let place = SocketAddress(localOf: descriptor)?.text ?? socketAddress.text
            return Listener(descriptor: descriptor, place: place, isUnix: false)
        } catch {
            let missing = error.code == EADDRNOTAVAIL || error.code == EAFNOSUPPORT || error.code == EPROTONOSUPPORT
            throw ListenError(place: socketAddress.text, reason: error.description, isMissingAddress: missing)
        }
    }

    /// Listens on a Unix socket. A file left behind by a process that died is replaced; one that somebody answers on, or
    /// that is no socket, is not touched.
    ///
    /// - Parameter permissions: the file's permission bits; nil leaves them to the umask. The umask is narrowed before
    ///   the file appears, so that there is no moment at which others could connect (CVE-2023-45145); as the umask belongs to
    ///   the whole process, no other thread may make files meanwhile.
    public static func unix(path: String, permissions: UInt32?, backlog: Int32) throws(ListenError) -> Listener {
        guard let address = SocketAddress(path: path), !path.hasPrefix("@") else {
            throw ListenError(place: path, reason: "not a path of 1 to 107 bytes", isMissingAddress: false)
        }
        do throws(SystemError) {
            try removeStale(path, address)
            let oldMask = permissions.map { umask(~$0 & 0o777) }
            defer { if let oldMask { _ = umask(oldMask) } }
            let descriptor = try open(address) { _ in }
            if let permissions { _ = try SystemCall.value { chmod(path, permissions) } }
            try listen(descriptor, backlog)
            return Listener(descriptor: descriptor, place: path, isUnix: true, path: path)
        } catch {
            throw ListenError(place: path, reason: error.description, isMissingAddress: false)
        }
    }

    /// Takes over a socket that somebody else has made to listen, systemd above all. Its file, if it has one, is not ours to
    /// remove.
    public static func inherited(_ descriptor: Descriptor) throws(ListenError) -> Listener {
        let place = "the inherited descriptor \(descriptor)"
        var isListening: Int32 = 0
        var count = socklen_t(MemoryLayout<Int32>.size)
        // Not through SystemCall: that the descriptor is not there is a fault of whoever started us.
        guard nc_close_on_exec_without_blocking(descriptor) == 0 else {
            throw ListenError(place: place, reason: SystemError(errno).description, isMissingAddress: false)
        }
        guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &count) == 0, isListening != 0,
            let address = SocketAddress(localOf: descriptor),
            [AF_INET, AF_INET6, AF_UNIX].contains(address.family)
        else { throw ListenError(place: place, reason: "not a listening stream socket", isMissingAddress: false) }
        let isUnix = address.family == AF_UNIX
        // A Unix socket's address ends with a port of no meaning.
        let text = isUnix ? String(address.text.dropLast(2)) : address.text
        return Listener(descriptor: descriptor, place: text, isUnix: isUnix)
    }

    /// Takes the next connection: its descriptor does not block and is closed on exec.
    public func accept() -> AcceptResult {
        do throws(SystemError) {
            let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            return .accepted(try SystemCall.value { accept4(descriptor, .init(__sockaddr__: nil), nil, flags) })
        } catch {
            if error.code == EAGAIN { return .none }
            return error.isExhaustion ? .exhausted(error) : .transient
        }
    }

    private static func open(
        _ address: SocketAddress, _ prepare: (Descriptor) -> Void
    ) throws(SystemError) -> Descriptor {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let descriptor = try SystemCall.value { socket(address.family, kind, 0) }
        prepare(descriptor)
        do throws(SystemError) {
            _ = try SystemCall.value {
                address.withPointer { bind(descriptor, .init(__sockaddr__: $0), $1) }
            }
        } catch {
            descriptor.close()
            throw error
        }
        return descriptor
    }

    private static func listen(_ descriptor: Descriptor, _ backlog: Int32) throws(SystemError) {
        do throws(SystemError) {
            _ = try SystemCall.value { CLinux.listen(descriptor, backlog) }
        } catch {
            descriptor.close()
            throw error
        }
    }

    /// Removes the socket file at `path` when nobody listens on it.
    private static func removeStale(_ path: String, _ address: SocketAddress) throws(SystemError) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & mode_t(S_IFMT) == mode_t(S_IFSOCK) else { throw SystemError(EEXIST) }
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        let probe = try SystemCall.value { socket(AF_UNIX, kind, 0) }
        defer { probe.close() }
        do throws(SystemError) {
            _ = try SystemCall.value { address.withPointer { connect(probe, .init(__sockaddr__: $0), $1) } }
        } catch {
            guard error.code == ECONNREFUSED else { throw error.code == EAGAIN ? SystemError(EADDRINUSE) : error }
            unlink(path)
            return
        }
        throw SystemError(EADDRINUSE)
    }
}
