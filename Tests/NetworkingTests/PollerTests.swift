import CLinux
import Testing

@testable import Networking

@Suite struct PollerTests {
    @Test func wakesAndTellsTheToken() throws {
        let poller = try Poller()
        let wakeup = try Wakeup()
        try poller.add(wakeup.descriptor, .readable, token: .max)
        #expect(poller.wait(timeoutMilliseconds: 0) == 0)
        wakeup.signal()
        wakeup.signal()
        #expect(poller.wait(timeoutMilliseconds: 0) == 1)
        #expect(poller[0].token == .max)
        #expect(poller[0].readiness == .readable)
        wakeup.clear()
        #expect(poller.wait(timeoutMilliseconds: 0) == 0)
        wakeup.signal()
        try poller.modify(wakeup.descriptor, .writable, token: 1)
        #expect(poller.wait(timeoutMilliseconds: 0) == 1)
        #expect(poller[0].readiness == .writable)
        try poller.remove(wakeup.descriptor)
        #expect(poller.wait(timeoutMilliseconds: 0) == 0)
        #expect(throws: SystemError(ENOENT)) { try poller.remove(wakeup.descriptor) }
    }

    @Test(arguments: [false, true])
    func notifiesTheServiceManager(isAbstract: Bool) throws {
        let directory = TestDirectory()
        let path = isAbstract ? "@nearcached-test-\(getpid())" : directory.file("notify")
        let receiver = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { receiver.close() }
        let address = try #require(SocketAddress(path: path))
        #expect(address.withPointer { bind(receiver, .init(__sockaddr__: $0), $1) } == 0)
        guard let notification = NotificationSocket(path: path) else { throw Failure("\(path) is a good path") }
        notification.send("READY=1\nSTATUS=ready")
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = recv(receiver, &bytes, bytes.count, 0)
        #expect(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == "READY=1\nSTATUS=ready")
    }

    @Test func refusesARelativeNotificationPath() {
        if NotificationSocket(path: "relative") != nil { Issue.record("sd_notify(3) allows none") }
    }

    @Test func namesErrors() {
        #expect(SystemError(ECONNRESET).description == "Connection reset by peer")
        #expect(SystemError(EMFILE).isExhaustion)
        #expect(!SystemError(ECONNABORTED).isExhaustion)
    }
}
