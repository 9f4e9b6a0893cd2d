import Testing

@testable import Commands

@Suite struct ConnectionCommandsTests {
    private let wrongPassword = "-WRONGPASS invalid username-password pair or user is disabled."

    @Test func helloAnswersInTheProtocolItChose() throws {
        let server = try ServerHarness()
        #expect(server.wire("HELLO").hasPrefix("*16\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$5\r\n7.4."))
        #expect(server.wire("HELLO 3 SETNAME bob").hasPrefix("%8\r\n"))
        #expect(server.run("CLIENT GETNAME") == "$3 bob")
        #expect(server.run("HELLO 4") == "-NOPROTO unsupported protocol version")
        #expect(server.run("HELLO 2 SETNAME") == "-ERR Syntax error in HELLO option 'SETNAME'")
        #expect(server.of(1) { $0.protocolVersion } == 3)
    }

    @Test func aHelloThatFailsChangesNothing() throws {
        let server = try ServerHarness(["--requirepass", "secret"])
        #expect(server.run("HELLO 3 AUTH default wrong SETNAME bob") == wrongPassword)
        #expect(server.of(1) { $0.protocolVersion } == 2)
        #expect(server.of(1) { $0.name.isEmpty })
        #expect(!server.of(1) { $0.isAuthenticated })
        #expect(server.run("HELLO 3").hasPrefix("-NOAUTH HELLO must be called with the client already authenticated"))
        #expect(server.wire("HELLO 3 SETNAME bob AUTH default secret").hasPrefix("%8\r\n"))
        #expect(server.run("PING") == "+PONG")
    }

    @Test func authComparesTheWholePassword() throws {
        let server = try ServerHarness(["--requirepass", "secret"])
        #expect(server.run("PING") == "-NOAUTH Authentication required.")
        for wrong in ["AUTH secre", "AUTH secrets", "AUTH secretsecret", "AUTH default Secret", "AUTH bob secret"] {
            #expect(server.run(wrong) == wrongPassword)
        }
        #expect(server.run("AUTH default secret") == "+OK")
        #expect(server.run("AUTH a b c") == "-ERR syntax error")
        #expect(server.run("RESET") == "+RESET")
        #expect(server.run("PING") == "-NOAUTH Authentication required.")
    }

    @Test func authWithoutAPasswordSaysSo() throws {
        let server = try ServerHarness()
        #expect(server.run("AUTH x").hasPrefix("-ERR AUTH <password> called without any password configured"))
        #expect(server.run("AUTH default x") == "+OK")
        #expect(server.run("AUTH bob x") == wrongPassword)
    }

    @Test func resetGivesBackANewConnection() throws {
        let server = try ServerHarness()
        for line in ["HELLO 3 SETNAME bob", "SELECT 3", "CLIENT NO-TOUCH ON", "CLIENT NO-EVICT ON", "MULTI"] {
            _ = server.run(line)
        }
        #expect(server.run("RESET") == "+RESET")
        #expect(server.of(1) { $0.protocolVersion == 2 && $0.database == 0 && $0.name.isEmpty })
        #expect(server.of(1) { $0.touchesEntries && !$0.isProtectedFromEviction && !$0.isInTransaction })
    }

    @Test func repliesAreSwitchedOffAndOn() throws {
        let server = try ServerHarness()
        #expect(server.wire("CLIENT REPLY SKIP").isEmpty)
        #expect(server.wire("PING").isEmpty)
        #expect(server.run("PING") == "+PONG")
        #expect(server.wire("CLIENT REPLY OFF").isEmpty)
        #expect(server.wire("CLIENT REPLY SKIP").isEmpty)
        #expect(server.wire("PING").isEmpty)
        #expect(server.wire("PING").isEmpty)
        #expect(server.run("CLIENT REPLY ON") == "+OK")
        #expect(server.run("PING") == "+PONG")
    }

    @Test func killHitsWhomItNames() throws {
        let server = try ServerHarness()
        #expect(server.run("CLIENT KILL 10.0.0.2:1000") == "+OK")
        #expect(server.run("CLIENT KILL 10.0.0.7:1000") == "-ERR No such client")
        #expect(server.run("CLIENT KILL TYPE normal") == ":2")
        #expect(server.connections.closed == [2, 2, 3])
        #expect(!server.of(1) { $0.shouldClose })
        #expect(server.run("CLIENT KILL ID 1 SKIPME no") == ":1")
        #expect(server.of(1) { $0.shouldClose })
    }

    @Test func listShowsAllOrSome() throws {
        let server = try ServerHarness()
        _ = server.run("MULTI", on: 2)
        _ = server.run("GET a", on: 2)
        let lines = server.text("CLIENT LIST").split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[1].hasPrefix("id=2 addr=10.0.0.2:1000 laddr=10.0.0.9:6379 fd=2 "))
        #expect(lines[1].contains(" flags=x ") && lines[1].contains(" multi=1 "))
        #expect(lines[0].contains(" cmd=client|list "))
        #expect(server.text("CLIENT LIST ID 3 99 1").split(separator: "\n").map { $0.prefix(4) } == ["id=3", "id=1"])
        #expect(server.text("CLIENT LIST TYPE master").isEmpty)
        #expect(server.text("CLIENT INFO", on: 2).isEmpty)  // queued
        #expect(server.text("CLIENT INFO", on: 3).hasPrefix("id=3 "))
    }

    @Test(arguments: [
        ("CLIENT", "-ERR wrong number of arguments for 'client' command"),
        ("CLIENT foo", "-ERR unknown subcommand 'foo'. Try CLIENT HELP."),
        ("CLIENT TRACKED", "-ERR unknown subcommand 'TRACKED'. Try CLIENT HELP."),
        ("CLIENT ID x", "-ERR wrong number of arguments for 'client|id' command"),
        ("CLIENT SETINFO lib-name redis-py(x_v1,2)", "+OK"),
        ("CLIENT SETINFO foo x", "-ERR Unrecognized option 'foo'"),
        ("CLIENT PAUSE x", "-ERR timeout is not an integer or out of range"),
        ("CLIENT PAUSE -1", "-ERR timeout is negative"),
        ("CLIENT PAUSE 9223372036854775807", "-ERR timeout is out of range"),
        ("CLIENT PAUSE 1 foo", "-ERR CLIENT PAUSE mode must be WRITE or ALL"),
        ("CLIENT UNBLOCK 99 foo", "-ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR"),
        ("CLIENT UNBLOCK 99", ":0"),
        ("CLIENT NO-EVICT foo", "-ERR syntax error"),
        ("CLIENT GETREDIR", ":-1"),
        ("CLIENT TRACKINGINFO", "*6 $5 flags *1 $3 off $8 redirect :-1 $8 prefixes *0"),
        ("PING a b", "-ERR wrong number of arguments for 'ping' command"),
        ("PING a", "$1 a"),
        ("ECHO a", "$1 a"),
    ])
    func replies(line: String, expected: String) throws {
        #expect(try ServerHarness().run(line) == expected)
    }
}
