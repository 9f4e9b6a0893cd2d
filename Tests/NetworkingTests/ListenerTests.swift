import CLinux
import Testing

@testable import Networking

@Suite struct ListenerTests {
    @Test func acceptsOverTCP() throws {
        let listener = try Listener.tcp(address: "127.0.0.1", port: 0, backlog: 8)
        guard case .none = listener.accept() else { throw Failure("nobody has connected yet") }
        let port = try #require(SocketAddress(localOf: listener.descriptor)?.port)
        let client = try connect(try #require(SocketAddress("127.0.0.1", port: port)))
        defer { client.close() }
        guard case .accepted(let server) = listener.accept() else { throw Failure("a client waits") }
        defer { server.close() }
        Socket.configure(server, keepaliveSeconds: 60)
        // R4: a peer without power is gone within three minutes, whether or not bytes are on their way.
        #expect(option(server, SOL_SOCKET, SO_KEEPALIVE) == 1)
        let probing = option(server, TCP_KEEPIDLE) + 3 * option(server, TCP_KEEPINTVL)
        #expect(probing == 120)
        #expect(option(server, TCP_USER_TIMEOUT) == 90_000)
        #expect(option(server, TCP_NODELAY) == 1)
        #expect(SocketAddress(peerOf: server)?.text == SocketAddress(localOf: client)?.text)
        var byte: UInt8 = 7
        #expect(Socket.receive(server, into: &byte, count: 1) == .wouldBlock)
        #expect(Socket.send(client, &byte, count: 1) == .bytes(1))
        Socket.shutdownWriting(client)
        #expect(Socket.receive(server, into: &byte, count: 1) == .bytes(1))
        #expect(Socket.receive(server, into: &byte, count: 1) == .bytes(0))
    }

    @Test func tellsWhyItCannotListen() throws {
        let listener = try Listener.tcp(address: "127.0.0.1", port: 0, backlog: 8)
        let port = try #require(SocketAddress(localOf: listener.descriptor)?.port)
        let taken = #expect(throws: ListenError.self) {
            _ = try Listener.tcp(address: "127.0.0.1", port: port, backlog: 8)
        }
        #expect(taken?.description == "cannot listen on 127.0.0.1:\(port): Address already in use")
        #expect(taken?.isMissingAddress == false)
        // 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
        let missing = #expect(throws: ListenError.self) {
            _ = try Listener.tcp(address: "192.0.2.1", port: 0, backlog: 8)
        }
        #expect(missing?.isMissingAddress == true)
    }

    @Test func makesUnixSocketsWithTheirPermissions() throws {
        let directory = TestDirectory()
        let path = directory.file("s")
        var listener: Listener? = try Listener.unix(path: path, permissions: 0o600, backlog: 8)
        #expect(listener?.isUnix == true)
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        #expect(throws: ListenError.self) { _ = try Listener.unix(path: path, permissions: nil, backlog: 8) }
        listener = nil
        #expect(lstat(path, &status) == -1, "the file goes with its listener")
    }

    @Test func replacesOnlyStaleSockets() throws {
        let directory = TestDirectory()
        let path = directory.file("s")
        let stale = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        let address = try #require(SocketAddress(path: path))
        #expect(address.withPointer { bind(stale, .init(__sockaddr__: $0), $1) } == 0)
        stale.close()
        _ = try Listener.unix(path: path, permissions: nil, backlog: 8)
        let file = creat(path, 0o600)
        file.close()
        let refused = #expect(throws: ListenError.self) {
            _ = try Listener.unix(path: path, permissions: nil, backlog: 8)
        }
        #expect(refused?.reason == "File exists")
    }

    @Test func aSpareDescriptorDismissesClients() throws {
        let listener = try Listener.tcp(address: "127.0.0.1", port: 0, backlog: 8)
        let port = try #require(SocketAddress(localOf: listener.descriptor)?.port)
        let client = try connect(try #require(SocketAddress("127.0.0.1", port: port)))
        defer { client.close() }
        var spare = SpareDescriptor()
        spare.dismissOne(of: listener)
        var byte: UInt8 = 0
        #expect(recv(client, &byte, 1, 0) <= 0)
    }

    private func option(_ socket: Descriptor, _ option: Int32) -> Int32 {
        self.option(socket, Int32(IPPROTO_TCP), option)
    }

    private func option(_ socket: Descriptor, _ level: Int32, _ option: Int32) -> Int32 {
        var value: Int32 = -1
        var count = socklen_t(MemoryLayout<Int32>.size)
        _ = getsockopt(socket, level, option, &value, &count)
        return value
    }

    private func connect(_ address: SocketAddress) throws -> Descriptor {
        let client = socket(address.family, Int32(SOCK_STREAM.rawValue), 0)
        guard address.withPointer({ CLinux.connect(client, .init(__sockaddr__: $0), $1) }) == 0 else {
            throw Failure("connect: \(SystemError(errno))")
        }
        return client
    }
}

struct Failure: Error {
    let text: String

    init(_ text: String) { self.text = text }
}
