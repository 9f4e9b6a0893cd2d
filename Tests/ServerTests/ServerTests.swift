import CLinux
import Commands
import Primitives
import Store
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

    /// A connection that is throttled in the middle of what it has sent, and whose backlog the last flush of the same turn then
    /// sends to its end: no event will come, so it has to go on by itself. A reply of more pieces than one system call takes
    /// (128) makes it happen every time: the first call leaves the rest, which is over the soft limit, the last sends it. All of
    /// it fits the socket's buffer, so that nobody has to read meanwhile.
    @Test func goesOnWhenTheLastFlushEndsItsThrottling() throws {
        let server = try TestServer(loopCount: 1, ["--client-output-buffer-limit", "normal 0 10kb 60"])
        let client = try server.connect()
        // More than one batch of 32 commands; the first is over the share of output after which replies are sent.
        client.send("REFER 100 1320\r\n" + String(repeating: "PING\r\n", count: 49))
        let size = 100 * (7 + 1320 + 2) + 49 * 7
        let reply = client.receive(size)
        #expect(reply.utf8.count == size)
        #expect(reply.hasSuffix("+PONG\r\n+PONG\r\n"))
    }

    @Test func dropsBrowsersThatSpeakInArrays() throws {
        let server = try TestServer()
        for name in ["POST", "host:"] {
            let client = try server.connect()
            client.send("*2\r\n$\(name.utf8.count)\r\n\(name)\r\n$1\r\n/\r\nPING\r\n")
            #expect(client.receiveAll() == "")
        }
    }

    @Test func closesWhoeverBeginsATLSHandshake() throws {
        let server = try TestServer()
        let client = try server.connect()
        client.send([22])
        client.send([3, 1, 2, 0, 1, 0])
        #expect(client.receiveAll() == "")
    }

    @Test func evictsTheLargestClientsFirst() throws {
        let server = try TestServer(["--maxmemory", "100mb", "--maxmemory-clients", "1mb"])
        let clients = try (0..<4).map { _ in try server.connect() }
        // Buffers are up to twice of it: the second passes the limit, the others keep to it.
        for (client, kilobytes) in zip(clients, [40, 600, 200, 100]) {
            client.send("*2\r\n$4\r\nPING\r\n$1000000\r\n")
            client.send([UInt8](repeating: 0x78, count: kilobytes << 10))
        }
        #expect(clients[1].receiveAll() == "")
        for client in [clients[0], clients[2], clients[3]] {
            client.send("\r\n")
            client.finish()
        }
        #expect(server.server.statistics.evictedClients == 1)
    }

    @Test func bookedBytesGoWithTheirClients() throws {
        let server = try TestServer()
        do {
            let clients = try (0..<10).map { _ in try server.connect() }
            for client in clients {
                client.send("PING\r\n*100000\r\n" + String(repeating: "$0\r\n\r\n", count: 20_000))
                #expect(client.receive(7) == "+PONG\r\n")
            }
            for client in clients { client.finish() }
            for client in clients { #expect(client.receiveAll() == "") }
        }
        server.server.drain()
        server.server.join()
        #expect(server.server.statistics.connectionBufferBytes == 0)
        #expect(server.server.clientByteCount == 0)
        #expect(server.shared.store.statistics().foreignBytes == 0)
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
