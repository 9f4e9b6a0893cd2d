import CLinux
import Commands
import Primitives
import Testing

@testable import Server

@Suite struct ServerTests {
    @Test func answersInOrder() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send("PING\r\nWORK 3\r\nCOUNT\r\nPING\r\n*1\r\n$4\r\nPING\r\n")
        #expect(client.receive(30) == "+PONG\r\n+OK\r\n:1\r\n+PONG\r\n+PONG\r\n".prefix(30))
    }

    @Test func takesRequestsInPieces() throws {
        let server = try TestServer()
        let client = try server.connect()
        for byte in Array("*1\r\n$4\r\nPING\r\nPING\r\n".utf8) { client.send([byte]) }
        #expect(client.receive(14) == "+PONG\r\n+PONG\r\n")
    }

    @Test func answersAnErrorOfTheProtocolAndCloses() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send("PING\r\n*1\r\n$x\r\nPING\r\n")
        client.send([UInt8](repeating: 0x41, count: 30_000))
        client.finish()
        #expect(client.receiveAll() == "+PONG\r\n-ERR Protocol error: invalid bulk length\r\n")
    }

    @Test func dropsBrowsersWithoutAReply() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(client.receiveAll() == "")
    }

    @Test func executesNothingBehindQuit() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send("PING\r\nQUIT\r\nPING\r\n")
        #expect(client.receiveAll() == "+PONG\r\n+OK\r\n")
    }

    @Test func finishesRepliesAfterAHalfClose() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send(String(repeating: "PING\r\n", count: 5000) + "WORK 2\r\nCOUNT\r\n")
        client.finish()
        #expect(client.receiveAll() == String(repeating: "+PONG\r\n", count: 5000) + "+OK\r\n:1\r\n")
    }

    @Test func keepsWhatASlowReaderDoesNotTake() throws {
        let server = try TestServer(loopCount: 1)
        let slow = try server.connect()
        slow.send("FILL 3000000\r\nPING\r\n")
        let other = try server.connect()
        for _ in 0..<100 {
            other.send("PING\r\n")
            #expect(other.receive(7) == "+PONG\r\n")
        }
        let reply = slow.receive(10 + 3_000_000 + 2 + 7)
        #expect(reply.utf8.count == 3_000_019)
        #expect(reply.hasSuffix("xx\r\n+PONG\r\n"))
    }

    @Test func closesAClientOverItsHardLimit() throws {
        let server = try TestServer(loopCount: 1, ["--client-output-buffer-limit", "normal 1mb 0 0"])
        let client = try server.connect()
        client.send("PING\r\nFILL 3000000\r\n")
        _ = client.receiveAll()
        #expect(server.server.statistics.outputLimitDisconnections == 1)
    }

    @Test func doesNotReadFromAClientOverItsSoftLimit() throws {
        let server = try TestServer(loopCount: 1, ["--client-output-buffer-limit", "normal 0 100kb 60"])
        let client = try server.connect()
        client.send(String(repeating: "FILL 100000\r\n", count: 50))
        let size = 9 + 100_000 + 2
        let reply = client.receive(50 * size)
        #expect(reply.utf8.count == 50 * size)
        client.send("PING\r\n")
        #expect(client.receive(7) == "+PONG\r\n")
    }

    @Test func refusesMoreClientsThanAllowed() throws {
        let server = try TestServer(["--maxclients", "2"])
        let first = try server.connect()
        let second = try server.connect()
        for client in [first, second] {
            client.send("PING\r\n")
            #expect(client.receive(7) == "+PONG\r\n")
        }
        let third = try server.connect()
        #expect(third.receiveAll() == "-ERR max number of clients reached\r\n")
        #expect(server.server.statistics.rejectedConnections == 1)
        #expect(server.server.statistics.connectedClients == 2)
    }

    @Test func killsOthersWhileTheyTalk() throws {
        let server = try TestServer()
        for round in 0..<20 {
            let clients = try (0..<8).map { _ in try server.connect() }
            for client in clients { client.send("PING\r\nWORK 1000000\r\nPING\r\nPING\r\n") }
            for client in clients { #expect(client.receive(7) == "+PONG\r\n", "round \(round)") }
            let killer = try server.connect()
            killer.send("KILLOTHERS\r\nPING\r\n")
            #expect(killer.receive(11) == ":8\r\n+PONG\r\n", "round \(round)")
            for client in clients { #expect(client.receiveAll() == "", "round \(round)") }
            killer.send("KILLME\r\nPING\r\n")
            #expect(killer.receiveAll() == "+OK\r\n", "round \(round)")
        }
        let last = try server.connect()
        last.send("COUNT\r\n")
        #expect(last.receive(4) == ":1\r\n")
    }

    @Test func feedsMonitors() throws {
        let server = try TestServer()
        let monitor = try server.connect()
        monitor.send("MONITOR\r\n")
        #expect(monitor.receive(5) == "+OK\r\n")
        let client = try server.connect()
        client.send("PING\r\n")
        #expect(client.receive(7) == "+PONG\r\n")
        #expect(monitor.receive(1) == "+")
    }

    @Test func drainsWhatIsInFlight() throws {
        let server = try TestServer()
        let clients = try (0..<8).map { _ in try server.connect() }
        for client in clients {
            client.send("PING\r\n")
            #expect(client.receive(7) == "+PONG\r\n")
        }
        for client in clients { client.send("PING\r\nWORK 100\r\nPING\r\n") }
        server.server.drain()
        for client in clients { #expect(client.receiveAll() == "+PONG\r\n+OK\r\n+PONG\r\n") }
        server.server.join()
        #expect(server.server.hasEnded)
    }

    @Test func everyLoopTurnsForTheWatchdog() throws {
        let server = try TestServer()
        _ = server.server.haveAllLoopsTurned()
        var turned = false
        // The loops are woken by the question: they answer as soon as they are scheduled.
        for _ in 0..<10_000 where !turned {
            turned = server.server.haveAllLoopsTurned()
            usleep(1000)
        }
        #expect(turned)
    }
}
