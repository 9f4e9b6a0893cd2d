import CLinux
import Primitives

/// What a connected socket can do. Sockets here never block and never raise SIGPIPE.
public enum Socket {
    /// Reads at most `count` bytes; 0 is the end of the stream.
    @inline(__always)
    public static func receive(
        _ socket: Descriptor, into buffer: UnsafeMutablePointer<UInt8>, count: Int
    ) -> IOResult {
        SystemCall.bytes { recv(socket, buffer, count, 0) }
    }

    /// Writes as many of `count` bytes as the socket takes.
    @inline(__always)
    public static func send(_ socket: Descriptor, _ bytes: UnsafePointer<UInt8>, count: Int) -> IOResult {
        SystemCall.bytes { CLinux.send(socket, bytes, count, Int32(MSG_NOSIGNAL)) }
    }

    /// Writes as many of the bytes of `vectors` as the socket takes.
    public static func send(_ socket: Descriptor, _ vectors: UnsafeMutablePointer<iovec>, vectorCount: Int) -> IOResult
    {
        var message = msghdr()
        message.msg_iov = vectors
        message.msg_iovlen = vectorCount
        return SystemCall.bytes { sendmsg(socket, &message, Int32(MSG_NOSIGNAL)) }
    }

    /// Tells the peer that nothing more will come; what is on its way still arrives.
    public static func shutdownWriting(_ socket: Descriptor) {
        // ENOTCONN: the peer was faster.
        _ = shutdown(socket, Int32(SHUT_WR))
    }

    /// Sets up an accepted TCP connection: no delay for small replies, and probes for peers that vanished.
    ///
    /// - Parameter keepaliveSeconds: silence before the first of three probes, a third of that apart, as Redis sets them; 0 for no
    ///   probes. Half as long again bounds how long sent bytes, and probes, may stay unacknowledged: TCP_USER_TIMEOUT goes
    ///   before the count of probes (tcp(7)). With 60 seconds a peer without power is gone after 90 to 100.
    public static func configure(_ socket: Descriptor, keepaliveSeconds: Int32) {
        set(socket, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        guard keepaliveSeconds > 0 else { return }
        let probeSeconds = max(1, keepaliveSeconds / 3)
        set(socket, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(socket, Int32(IPPROTO_TCP), TCP_KEEPIDLE, min(keepaliveSeconds, 32_767))  // the kernel's bound
        set(socket, Int32(IPPROTO_TCP), TCP_KEEPINTVL, min(probeSeconds, 32_767))
        set(socket, Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
        let timeoutMilliseconds = Int64(keepaliveSeconds) * 1500
        set(socket, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, Int32(clamping: timeoutMilliseconds))
    }

    /// Sets an option; that one is refused is no reason to refuse the client.
    static func set(_ socket: Descriptor, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
}
