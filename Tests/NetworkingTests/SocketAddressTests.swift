import Testing

@testable import Networking

@Suite struct SocketAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:6379", true), ("127.9.9.9", "127.9.9.9:6379", true), ("*", "0.0.0.0:6379", false),
        ("::1", "[::1]:6379", true), ("::*", "[::]:6379", false), ("::ffff:127.0.0.1", "[::ffff:127.0.0.1]:6379", true),
        ("10.0.0.1", "10.0.0.1:6379", false), ("fe80::1", "[fe80::1]:6379", false),
    ])
    func readsNumericAddresses(address: String, text: String, isLoopback: Bool) throws {
        let parsed = try #require(SocketAddress(address, port: 6379))
        #expect(parsed.text == text)
        #expect(parsed.isLoopback == isLoopback)
        #expect(parsed.port == 6379)
    }

    @Test func sourcesAreHostsOrTheirNetworks() {
        #expect(source("10.0.0.1") != source("10.0.0.2"))
        #expect(source("10.0.0.1") == source("::ffff:10.0.0.1"))
        #expect(source("2001:db8::1") == source("2001:db8::ffff:1"))
        #expect(source("2001:db8::1") != source("2001:db8:0:1::1"))
        #expect(SocketAddress(path: "/run/a.sock")?.source == .max)
    }

    private func source(_ address: String) -> UInt64? { SocketAddress(address, port: 1)?.source }

    @Test(arguments: ["", "localhost", "1.2.3", "1.2.3.4.5", "::g", "127.0.0.1 "])
    func refusesWhatIsNoAddress(address: String) {
        #expect(SocketAddress(address, port: 1) == nil)
    }

    @Test func readsPaths() throws {
        #expect(SocketAddress(path: "/run/a.sock")?.text == "/run/a.sock:0")
        #expect(SocketAddress(path: "@name")?.text == "@name:0")
        #expect(SocketAddress(path: "") == nil)
        #expect(SocketAddress(path: String(repeating: "a", count: 107)) != nil)
        #expect(SocketAddress(path: String(repeating: "a", count: 108)) == nil)
        #expect(SocketAddress(path: "/a\0b") == nil)
    }
}
