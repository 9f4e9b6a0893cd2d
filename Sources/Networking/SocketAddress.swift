import CLinux

/// The address of one end of a connection: IPv4, IPv6 or a Unix socket.
public struct SocketAddress: @unchecked Sendable {
    private var storage = sockaddr_storage()
    private var count: socklen_t

    /// A numeric IPv4 or IPv6 address; `*` is every IPv4 address, `::*` every IPv6 address. Nil when it is none.
    public init?(_ address: String, port: UInt16) {
        var four = sockaddr_in()
        var six = sockaddr_in6()
        let isAnyFour = address == "*"
        if isAnyFour || inet_pton(AF_INET, address, &four.sin_addr) == 1 {
            if isAnyFour { four.sin_addr.s_addr = 0 }
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            count = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: four, as: sockaddr_in.self) }
            return
        }
        guard inet_pton(AF_INET6, address == "::*" ? "::" : address, &six.sin6_addr) == 1 else { return nil }
        six.sin6_family = sa_family_t(AF_INET6)
        six.sin6_port = port.bigEndian
        count = socklen_t(MemoryLayout<sockaddr_in6>.size)
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: six, as: sockaddr_in6.self) }
    }

    /// A Unix socket's path, or an abstract name when it begins with `@`. Nil when it is empty or longer than 107 bytes.
    public init?(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            return nil
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let isAbstract = bytes[0] == UInt8(ascii: "@")
        if isAbstract { address.sun_path.0 = 0 }
        // An abstract name is as long as the length says; a path ends with its NUL.
        count = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count + (isAbstract ? 0 : 1))
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: address, as: sockaddr_un.self) }
    }

    /// The address that `call` (getpeername, getsockname) fills in; nil when the socket has none any more.
    private init?(_ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32) {
        var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let result = withUnsafeMutableBytes(of: &storage) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { address in
                address.baseAddress.map { call($0, &count) } ?? -1
            }
        }
        guard result == 0 else { return nil }
        self.count = count
    }

    /// The other end of `socket`.
    public init?(peerOf socket: Descriptor) {
        self.init { getpeername(socket, .init(__sockaddr__: $0), $1) }
    }

    /// The near end of `socket`.
    public init?(localOf socket: Descriptor) {
        self.init { getsockname(socket, .init(__sockaddr__: $0), $1) }
    }

    public var family: Int32 { Int32(storage.ss_family) }

    /// As CLIENT LIST has it: `127.0.0.1:6379`, `[::1]:6379`, `path:0`.
    public var text: String {
        switch family {
        case AF_INET:
            let address = load(sockaddr_in.self)
            return "\(numeric(AF_INET, address.sin_addr)):\(UInt16(bigEndian: address.sin_port))"
        case AF_INET6:
            let address = load(sockaddr_in6.self)
            return "[\(numeric(AF_INET6, address.sin6_addr))]:\(UInt16(bigEndian: address.sin6_port))"
        default:
            return "\(path):0"
        }
    }

    /// Where the peer is, as one number: an IPv4 address, also one mapped into IPv6; the first half of an IPv6 address, which
    /// is the network that one host may choose its addresses from; one number for all Unix sockets.
    public var source: UInt64 {
        switch family {
        case AF_INET: return UInt64(UInt32(bigEndian: load(sockaddr_in.self).sin_addr.s_addr))
        case AF_INET6:
            let address = load(sockaddr_in6.self).sin6_addr
            return withUnsafeBytes(of: address) { bytes in
                let isMapped = bytes.prefix(10).allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
                let significant = isMapped ? bytes[12..<16] : bytes[0..<8]
                return significant.reduce(0) { $0 << 8 | UInt64($1) }
            }
        default: return .max
        }
    }

    /// The port; 0 for a Unix socket.
    public var port: UInt16 {
        switch family {
        case AF_INET: UInt16(bigEndian: load(sockaddr_in.self).sin_port)
        case AF_INET6: UInt16(bigEndian: load(sockaddr_in6.self).sin6_port)
        default: 0
        }
    }

    /// Whether the address belongs to the machine's loopback: 127.0.0.0/8, ::1, the former mapped into IPv6, or a Unix socket.
    public var isLoopback: Bool {
        switch family {
        case AF_INET:
            return UInt32(bigEndian: load(sockaddr_in.self).sin_addr.s_addr) >> 24 == 127
        case AF_INET6:
            let address = load(sockaddr_in6.self).sin6_addr
            return withUnsafeBytes(of: address) { bytes in
                let zeros = bytes.prefix(10).allSatisfy { $0 == 0 }
                let isOne = zeros && bytes[10..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
                return isOne || zeros && bytes[10] == 0xFF && bytes[11] == 0xFF && bytes[12] == 127
            }
        default: return true
        }
    }

    private var path: String {
        withUnsafeBytes(of: storage) { bytes in
            let end = min(Int(count), bytes.count)
            let start = MemoryLayout<sa_family_t>.size
            guard end > start else { return "" }
            let name = bytes[start..<end]
            let isAbstract = name.first == 0
            let text = String(decoding: (isAbstract ? name.dropFirst() : name).prefix { $0 != 0 }, as: UTF8.self)
            return isAbstract && !text.isEmpty ? "@" + text : text
        }
    }

    private func load<Address>(_: Address.Type) -> Address {
        withUnsafeBytes(of: storage) { $0.load(as: Address.self) }
    }

    private func numeric<Address>(_ family: Int32, _ address: Address) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            guard let base = buffer.baseAddress else { return "?" }
            let text = withUnsafePointer(to: address) { inet_ntop(family, $0, base, socklen_t(buffer.count)) }
            return text.map { String(cString: $0) } ?? "?"
        }
    }

    /// Calls `body` with what bind, connect and sendto take.
    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, count) }
        }
    }
}
