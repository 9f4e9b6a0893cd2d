import CLinux
import Glibc

/// The system calls of the generator; all sockets go to the loopback address.
enum Socket {
    /// A connected, non-blocking socket with Nagle's delay off.
    static func connect(port: UInt16) -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { fail("socket: errno \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                CLinux.connect(
                    descriptor, __CONST_SOCKADDR_ARG(__sockaddr__: $0), socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { fail("connect to port \(port): errno \(errno)") }
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        guard fcntl(descriptor, F_SETFL, O_NONBLOCK) == 0 else { fail("fcntl: errno \(errno)") }
        return descriptor
    }

    /// Sends what the socket takes of `count` bytes; 0 when it takes none now.
    static func send(_ descriptor: Int32, _ base: UnsafePointer<UInt8>, _ count: Int) -> Int {
        while true {
            let sent = CLinux.send(descriptor, base, count, Int32(MSG_NOSIGNAL))
            if sent >= 0 { return sent }
            if errno == EAGAIN { return 0 }
            if errno != EINTR { fail("send: errno \(errno)") }
        }
    }

    /// Receives up to `count` bytes; 0 when there are none now.
    static func receive(_ descriptor: Int32, _ base: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
        while true {
            let received = recv(descriptor, base, count, 0)
            if received > 0 { return received }
            if received == 0 { fail("the server closed the connection") }
            if errno == EAGAIN { return 0 }
            if errno != EINTR { fail("recv: errno \(errno)") }
        }
    }
}

/// An epoll descriptor with room for the events of one turn.
struct Poller {
    private static let capacity = 64
    private let descriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>

    init() {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { fail("epoll_create1: errno \(errno)") }
        events = .allocate(capacity: Self.capacity)
    }

    /// Watches `socket` for input, and for room to send when `writable`; events carry `token`.
    func watch(_ socket: Int32, token: Int, writable: Bool = false, again: Bool = false) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | (writable ? EPOLLOUT.rawValue : 0)
        event.data.u64 = UInt64(token)
        guard epoll_ctl(descriptor, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) == 0 else {
            fail("epoll_ctl: errno \(errno)")
        }
    }

    /// Waits for events and returns their number.
    ///
    /// - Parameter timeoutNanoseconds: how long at most, or nil for ever. epoll_wait knows milliseconds only.
    func wait(timeoutNanoseconds: UInt64? = nil) -> Int {
        let count: Int32
        if let timeoutNanoseconds {
            var time = timespec(
                tv_sec: Int(timeoutNanoseconds / 1_000_000_000), tv_nsec: Int(timeoutNanoseconds % 1_000_000_000))
            count = epoll_pwait2(descriptor, events, Int32(Self.capacity), &time, nil)
        } else {
            count = epoll_wait(descriptor, events, Int32(Self.capacity), -1)
        }
        guard count >= 0 || errno == EINTR else { fail("epoll_wait: errno \(errno)") }
        return Int(max(0, count))
    }

    /// The token of event `index`, which lies below what `wait` returned.
    @inline(__always)
    func token(_ index: Int) -> Int { Int(truncatingIfNeeded: events[index].data.u64) }
}
