import Store
import Testing

@testable import Commands

/// LEASE without sockets: who is woken, and what a step of a waiting job replies.
@Suite struct LeaseCommandsTests {
    private let server: ServerHarness

    init() throws { server = try ServerHarness() }

    /// Takes the lease on connection 1 and has 2 and 3 wait; returns the token.
    private func wait() -> String {
        let token = String(server.run("LEASE GET k").split(separator: " ").dropLast().last ?? "")
        for id in [2, 3] {
            #expect(server.run("LEASE GET k WAIT 3600000", on: id) == "")
            #expect(server.step(id) == nil)
        }
        #expect(server.shared.isLeased)
        return token
    }

    @Test func aSetWakesAllBeforeItIsAnswered() {
        let token = wait()
        #expect(server.run("SET k v LEASE \(token)") == "+OK")
        #expect(server.connections.woken.count == 2)
        for id in [2, 3] { #expect(server.step(id) == "*4 $3 hit $1 v $-1 :-1") }
        #expect(!server.shared.isLeased)
        #expect(server.shared.store.leaseCount == 0)
    }

    @Test func aReleaseWakesTheFirstAlone() {
        let token = wait()
        #expect(server.run("LEASE RELEASE k \(token)") == ":1")
        #expect(server.connections.woken.count == 1)
        #expect(server.step(2)?.hasPrefix("*4 $3 win $-1 $16 ") == true)
        // The next one is told to keep an eye on the new holder's time.
        server.endTurn()
        #expect(server.connections.woken.count == 2)
        #expect(server.step(3) == nil)
    }

    @Test func changesOutsideOfABatchAreFoundAtTheEndOfTheTurn() {
        _ = wait()
        server.shared.store.flush(database: nil, now: 0)
        #expect(server.connections.woken.isEmpty)
        server.endTurn()
        #expect(server.connections.woken.count == 2)
        #expect(server.step(2)?.contains("win") == true)
        #expect(server.step(3) == nil)
    }

    @Test func whoGoesPassesItOn() {
        let token = wait()
        #expect(server.run("LEASE RELEASE k \(token)") == ":1")
        server.close(2)
        server.endTurn()
        #expect(server.connections.woken.count == 2)
        #expect(server.step(3)?.contains("win") == true)
        #expect(!server.shared.isLeased)
    }

    @Test func unblockEndsTheWait() {
        _ = wait()
        #expect(server.run("CLIENT UNBLOCK 2 ERROR") == ":1")
        #expect(server.run("CLIENT UNBLOCK 3") == ":1")
        #expect(server.run("CLIENT UNBLOCK 1") == ":0")
        #expect(server.run("CLIENT UNBLOCK -1") == ":0")
        #expect(server.step(2) == "-UNBLOCKED client unblocked via CLIENT UNBLOCK")
        #expect(server.step(3) == "*4 $4 wait $-1 $-1 :-2")
    }

    @Test func aWaitIsOfTheClientsAccount() {
        let before = server.of(2) { $0.heldByteCount }
        let token = wait()
        #expect(server.of(2) { $0.heldByteCount } > before)
        _ = server.run("SET k v LEASE \(token)")
        _ = server.step(2)
        #expect(server.of(2) { $0.heldByteCount } == before)
    }

    @Test func infoCounts() {
        let token = wait()
        _ = server.run("SET other v LEASE \(token)")
        let lines = server.text("INFO stats").split(separator: "\r\n").filter { $0.hasPrefix("lease") }
        #expect(
            lines == ["leases:1", "lease_waiters:2", "lease_wins:1", "lease_waits:2", "lease_refused_sets:1"])
    }
}
