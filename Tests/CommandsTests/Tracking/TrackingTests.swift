import Store
import Testing

@testable import Commands

/// CLIENT TRACKING without sockets: replies, pushes to the connection itself and messages to others.
@Suite struct TrackingTests {
    private func tracking(_ options: String = "", parameters: [String] = []) throws -> ServerHarness {
        let server = try ServerHarness(parameters)
        _ = server.run("HELLO 3")
        #expect(server.run("CLIENT TRACKING ON \(options)") == "+OK")
        return server
    }

    private func push(_ keys: String...) -> String {
        ">2 $10 invalidate *\(keys.count)" + keys.map { " $\($0.utf8.count) \($0)" }.joined()
    }

    @Test(arguments: [
        ("MAYBE", "-ERR syntax error"),
        ("ON FOO", "-ERR syntax error"),
        ("ON REDIRECT", "-ERR syntax error"),
        ("ON PREFIX", "-ERR syntax error"),
        ("ON REDIRECT x", "-ERR value is not an integer or out of range"),
        ("ON REDIRECT 99", "-ERR The client ID you want redirect to does not exist"),
        ("ON REDIRECT -1", "-ERR The client ID you want redirect to does not exist"),
        ("ON REDIRECT 2 REDIRECT 3", "-ERR A client can only redirect to a single other client"),
        ("ON PREFIX a", "-ERR PREFIX option requires BCAST mode to be enabled"),
        ("ON BCAST OPTIN", "-ERR OPTIN and OPTOUT are not compatible with BCAST"),
        ("ON OPTIN OPTOUT", "-ERR You can't specify both OPTIN mode and OPTOUT mode"),
        (
            "ON BCAST PREFIX b PREFIX ab PREFIX a",
            "-ERR Prefix 'ab' overlaps with another provided prefix 'a'. Prefixes for a single client must not overlap."
        ),
    ])
    func contradictionsAreRefused(options: String, reply: String) throws {
        let server = try ServerHarness()
        #expect(server.run("CLIENT TRACKING \(options)") == reply)
        #expect(server.run("CLIENT GETREDIR") == ":-1")
        #expect(server.shared.tracking.clientCount == 0)
    }

    @Test func modesAreNotSwitchedWhileOn() throws {
        let server = try tracking("BCAST PREFIX a")
        #expect(server.run("CLIENT TRACKING ON").hasPrefix("-ERR You can't switch BCAST mode on/off before disabling"))
        #expect(server.run("CLIENT TRACKING ON BCAST PREFIX ab").contains("overlaps with an existing prefix 'a'"))
        #expect(server.run("CLIENT TRACKING ON BCAST PREFIX b NOLOOP") == "+OK")
        #expect(
            server.run("CLIENT TRACKINGINFO")
                == "%3 $5 flags ~3 $2 on $5 bcast $6 noloop $8 redirect :0 $8 prefixes *2 $1 a $1 b")
        #expect(server.run("CLIENT TRACKING OFF") == "+OK")
        #expect(server.run("CLIENT TRACKING ON OPTIN") == "+OK")
        #expect(server.run("CLIENT TRACKING ON OPTOUT").hasPrefix("-ERR You can't switch OPTIN/OPTOUT mode before"))
        #expect(server.shared.tracking.clientCount == 1 && server.shared.tracking.prefixCount == 0)
    }

    @Test func prefixesHaveABound() throws {
        let server = try ServerHarness()
        let prefixes = { (range: Range<Int>) in range.map { "PREFIX <\($0)>" }.joined(separator: " ") }
        #expect(server.run("CLIENT TRACKING ON BCAST \(prefixes(0..<256))") == "+OK")
        let reply = server.run("CLIENT TRACKING ON BCAST \(prefixes(256..<257))")
        #expect(reply == "-ERR a connection may have 256 prefixes at most")
    }

    @Test func ownChangesFollowTheReply() throws {
        let server = try tracking()
        #expect(server.run("GET k") == "_")
        #expect(server.run("SET k v") == "+OK \(push("k"))")
        #expect(server.run("SET k v") == "+OK")
        #expect(server.run("MGET k l") == "*2 $1 v _")
        #expect(server.run("DEL k l") == ":1 \(push("k"))")
        // A transaction is one reply.
        for line in ["MULTI", "GET k", "SET k v", "SET l v"] { _ = server.run(line) }
        #expect(server.run("EXEC") == "*3 _ +OK +OK \(push("k")) \(push("l"))")
        _ = server.run("GET k")
        #expect(server.run("FLUSHDB") == "+OK >2 $10 invalidate _")
        #expect(server.run("SWAPDB 0 1") == "+OK >2 $10 invalidate _")
        #expect(server.pushes() == [:])
    }

    @Test func noLoopSparesTheWriterAlone() throws {
        let server = try tracking("NOLOOP")
        _ = server.run("MGET k l")
        #expect(server.run("SET k v") == "+OK")
        #expect(server.run("SET k w") == "+OK")
        #expect(server.run("SET l v", on: 2) == "+OK")
        #expect(server.pushes() == [1: push("l")])
        #expect(server.shared.store.trackedKeyCount == 0)
    }

    @Test func optInTakesOneCommandOrTransaction() throws {
        let server = try tracking("OPTIN")
        #expect(server.run("CLIENT CACHING NO").hasPrefix("-ERR CLIENT CACHING NO is only valid when tracking"))
        _ = server.run("GET a")
        #expect(server.run("CLIENT CACHING YES") == "+OK")
        _ = server.run("GET b")
        _ = server.run("GET c")
        _ = server.run("CLIENT CACHING YES")
        for line in ["MULTI", "PTTL d", "GET e", "EXEC", "GET f"] { _ = server.run(line) }
        for key in ["a", "b", "c", "d", "e", "f"] { _ = server.run("SET \(key) v", on: 2) }
        #expect(server.pushes() == [1: [push("b"), push("d"), push("e")].joined(separator: " ")])
    }

    @Test func optOutSparesOneCommand() throws {
        let server = try tracking("OPTOUT")
        _ = server.run("CLIENT CACHING NO")
        _ = server.run("GET a")
        _ = server.run("GET b")
        for key in ["a", "b"] { _ = server.run("SET \(key) v", on: 2) }
        #expect(server.pushes() == [1: push("b")])
    }

    @Test func broadcastsGoOnceATurnInOrderOfTheirPrefixes() throws {
        let server = try tracking("BCAST PREFIX b PREFIX a: NOLOOP")
        _ = server.run("HELLO 3", on: 2)
        _ = server.run("CLIENT TRACKING ON BCAST", on: 2)
        for key in ["b2", "a:1", "c", "b1", "b2", "a"] { _ = server.run("SET \(key) v", on: 3) }
        server.endTurn()
        #expect(
            server.pushes() == [
                1: [push("a:1"), push("b1", "b2")].joined(separator: " "),
                2: push("a", "a:1", "b1", "b2", "c"),
            ])
        _ = server.run("SET b1 v")
        server.endTurn()
        #expect(server.pushes() == [2: push("b1")])
    }

    @Test func messagesAreRedirectedUntilTheTargetIsGone() throws {
        let server = try tracking("REDIRECT 2")
        _ = server.run("HELLO 3", on: 2)
        #expect(server.run("CLIENT GETREDIR") == ":2")
        _ = server.run("GET k")
        _ = server.run("SET k v", on: 3)
        #expect(server.pushes() == [2: push("k")])
        server.close(2)
        _ = server.run("GET k")
        #expect(server.run("SET k v") == "+OK")
        #expect(server.pushes() == [1: ">2 $21 tracking-redir-broken :2"])
        #expect(server.run("CLIENT TRACKINGINFO").contains("~2 $2 on $15 broken_redirect"))
    }

    @Test func resetEndsTracking() throws {
        let server = try tracking("BCAST PREFIX a")
        #expect(server.run("RESET") == "+RESET")
        #expect(server.run("CLIENT GETREDIR") == ":-1")
        #expect(server.shared.tracking.clientCount == 0)
        _ = server.run("SET a v")
        #expect(!server.shared.store.hasNotes)
    }

    @Test func theTableKeepsToItsBound() throws {
        let server = try tracking(parameters: ["--tracking-table-max-keys", "10"])
        for number in 0..<10 { #expect(server.run("GET \(number)") == "_") }
        let reply = server.run("GET next")
        #expect(reply.hasPrefix("_ >2 $10 invalidate *1 $"))
        #expect(server.shared.store.trackedKeyCount == 10)
    }
}
