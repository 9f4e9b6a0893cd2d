import CLinux
import Testing

@testable import Networking

/// Sockets that somebody else has opened, as systemd does.
@Suite struct InheritedListenerTests {
    @Test func takesOverAListeningSocket() throws {
        let address = try #require(SocketAddress("127.0.0.1", port: 0))
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #expect(address.withPointer { bind(descriptor, .init(__sockaddr__: $0), $1) } == 0)
        #expect(CLinux.listen(descriptor, 8) == 0)
        let listener = try Listener.inherited(descriptor)
        #expect(!listener.isUnix)
        #expect(listener.place == SocketAddress(localOf: descriptor)?.text)
        guard case .none = listener.accept() else { throw Failure("it would have to wait") }
    }

    @Test func leavesTheFileOfAUnixSocket() throws {
        let directory = TestDirectory()
        let path = directory.file("s")
        let address = try #require(SocketAddress(path: path))
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        #expect(address.withPointer { bind(descriptor, .init(__sockaddr__: $0), $1) } == 0)
        #expect(CLinux.listen(descriptor, 8) == 0)
        var listener: Listener? = try Listener.inherited(descriptor)
        #expect(listener?.isUnix == true)
        #expect(listener?.place == path)
        listener = nil
        var status = stat()
        #expect(lstat(path, &status) == 0, "whoever made it removes it")
    }

    @Test func refusesWhatDoesNotListen() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { descriptor.close() }
        let unbound = #expect(throws: ListenError.self) { _ = try Listener.inherited(descriptor) }
        #expect(unbound?.reason == "not a listening stream socket")
        let missing = #expect(throws: ListenError.self) { _ = try Listener.inherited(1_000_000) }
        #expect(missing?.reason == "Bad file descriptor")
    }
}
