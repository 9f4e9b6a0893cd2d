import Primitives
import Testing

@testable import Store

/// The leases of a shard as a state machine: wins, waits, voids, deadlines, and the order of the line.
@Suite struct LeaseTableTests {
    /// A table with tokens 1, 2, 3 … and names by number.
    private final class Desk {
        var table = LeaseTable()
        var now: Int64 = 1000
        private var lastToken: UInt64 = 0

        static func name(_ number: UInt64, database: Int = 0) -> LeaseTable.Name {
            LeaseTable.Name(Key(bytes: ("" as StaticString).slice, hash: number, database: database))
        }

        func look(
            _ number: UInt64 = 7, database: Int = 0, ticket: UInt64 = 0, duration: Int64 = 100, sequence: UInt64 = 0,
            hasRoom: Bool = true
        ) -> LeaseAnswer {
            lastToken += 1
            let token = lastToken
            return table.look(
                Self.name(number, database: database), now: now,
                terms: LeaseTerms(durationMilliseconds: duration, sequence: sequence), ticket: ticket,
                hasRoom: hasRoom, token: { token })
        }

        func release(_ token: UInt64) -> Bool { table.release(Self.name(7), token: token, now: now) }

        func isHeld(_ token: UInt64, _ number: UInt64 = 7) -> Bool {
            table.held(Self.name(number), token: token, now: now) != nil
        }
    }

    @Test func oneTakesTheOthersWait() {
        let desk = Desk()
        #expect(desk.look() == .taken(token: 1))
        #expect(desk.look() == .held(until: 1100, isFirst: false))
        #expect(desk.look(ticket: 5) == .held(until: 1100, isFirst: true))
        #expect(desk.look(ticket: 9) == .held(until: 1100, isFirst: false))
        // Looking again changes nothing.
        #expect(desk.look(ticket: 5) == .held(until: 1100, isFirst: true))
        #expect(desk.table.waiterCount == 2)
        #expect(desk.table.takeWakes() == [])
        #expect(desk.isHeld(1))
        #expect(!desk.isHeld(2))
        #expect(!desk.isHeld(0))
    }

    @Test func aWrittenKeyWakesAllAndVoids() {
        let desk = Desk()
        _ = desk.look()
        for ticket: UInt64 in [8, 3, 5] { _ = desk.look(ticket: ticket) }
        desk.table.written(Desk.name(7))
        #expect(desk.table.takeWakes() == [3, 5, 8])
        #expect(!desk.isHeld(1))
        #expect(desk.table.isEmpty && desk.table.waiterCount == 0 && desk.table.byteCount == 0)
    }

    @Test(arguments: ["release", "removal"])
    func aFreedLeaseGoesDownTheLine(how: String) {
        let desk = Desk()
        _ = desk.look()
        for ticket: UInt64 in [3, 5, 8] { _ = desk.look(ticket: ticket) }
        if how == "release" {
            #expect(desk.release(1))
            #expect(!desk.release(1))
        } else {
            desk.table.removed(Desk.name(7))
            desk.table.removed(Desk.name(7))
        }
        #expect(desk.table.takeWakes() == [3])
        #expect(!desk.isHeld(1))
        // The woken one takes it, and the next one is told of the new deadline.
        guard case .taken(let token) = desk.look(ticket: 3, duration: 50) else { return #expect(Bool(false)) }
        #expect(desk.isHeld(token))
        #expect(desk.table.takeWakes() == [5])
        #expect(desk.look(ticket: 5) == .held(until: 1050, isFirst: true))
        #expect(desk.table.waiterCount == 2)
    }

    @Test func nobodyTakesAFreedLeaseTwice() {
        let desk = Desk()
        _ = desk.look()
        for ticket: UInt64 in [3, 5] { _ = desk.look(ticket: ticket) }
        desk.table.removed(Desk.name(7))
        // A newcomer is quicker than the one who was woken.
        guard case .taken = desk.look() else { return #expect(Bool(false)) }
        #expect(desk.look(ticket: 3) == .held(until: 1100, isFirst: true))
        #expect(desk.look(ticket: 5) == .held(until: 1100, isFirst: false))
        #expect(desk.table.waiterCount == 2)
    }

    @Test func aLeaseThatRanOutIsTakenByTheNextToLook() {
        let desk = Desk()
        _ = desk.look()
        _ = desk.look(ticket: 3)
        _ = desk.look(ticket: 5)
        desk.now = 1099
        #expect(desk.isHeld(1))
        desk.now = 1100
        #expect(!desk.isHeld(1))
        #expect(!desk.release(1))
        guard case .taken(let token) = desk.look(ticket: 3) else { return #expect(Bool(false)) }
        #expect(desk.look(ticket: 5) == .held(until: 1200, isFirst: true))
        #expect(desk.isHeld(token))
        #expect(!desk.isHeld(1))
    }

    @Test func whoLeavesPassesOnWhatItWasTold() {
        let desk = Desk()
        _ = desk.look()
        for ticket: UInt64 in [3, 5, 8] { _ = desk.look(ticket: ticket) }
        desk.table.leave(Desk.name(7), ticket: 5)
        #expect(desk.table.takeWakes() == [])
        // The first one kept an eye on the deadline: now the next one does.
        desk.table.leave(Desk.name(7), ticket: 3)
        #expect(desk.table.takeWakes() == [8])
        // Woken since the lease was given back, and gone before it could look.
        desk.table.removed(Desk.name(7))
        _ = desk.look(ticket: 9)
        desk.table.removed(Desk.name(7))
        _ = desk.table.takeWakes()
        _ = desk.look(ticket: 8)
        desk.table.leave(Desk.name(7), ticket: 8)
        #expect(desk.table.waiterCount == 0)
        desk.table.leave(Desk.name(7), ticket: 8)
        desk.table.leave(Desk.name(1), ticket: 8)
    }

    @Test func aFreeLeaseGoesWithItsLastWaiter() {
        let desk = Desk()
        _ = desk.look()
        _ = desk.look(ticket: 3)
        desk.table.removed(Desk.name(7))
        #expect(desk.table.count == 1)
        desk.table.leave(Desk.name(7), ticket: 3)
        #expect(desk.table.count == 0)
        _ = desk.look()
        desk.table.removed(Desk.name(7))
        #expect(desk.table.count == 0)
    }

    @Test func databasesAreApart() {
        let desk = Desk()
        #expect(desk.look(database: 0) == .taken(token: 1))
        #expect(desk.look(database: 1) == .taken(token: 2))
        _ = desk.look(database: 1, ticket: 4)
        desk.table.flushed(database: 0)
        #expect(!desk.isHeld(1))
        #expect(desk.table.takeWakes() == [])
        desk.table.flushed(database: nil)
        #expect(desk.table.takeWakes() == [4])
        #expect(desk.table.isEmpty)
    }

    @Test func sequenceAndAgeAreThoseOfTheTaking() {
        let desk = Desk()
        _ = desk.look(sequence: 41)
        _ = desk.look(sequence: 42)
        desk.now += 30
        let held = desk.table.held(Desk.name(7), token: 1, now: desk.now)
        #expect(held == HeldLease(sequence: 41, ageMilliseconds: 30))
    }

    @Test func aFullTableRefuses() {
        let desk = Desk()
        _ = desk.look(1)
        #expect(desk.look(2, hasRoom: false) == .refused)
        // Standing in line and taking over need no new record.
        #expect(desk.look(1, ticket: 3, hasRoom: false) == .held(until: 1100, isFirst: true))
        desk.now = 1100
        guard case .taken = desk.look(1, ticket: 3, hasRoom: false) else { return #expect(Bool(false)) }
    }

    @Test func overdueRecordsGo() {
        let desk = Desk()
        for number: UInt64 in 1...100 { _ = desk.look(number, duration: Int64(number)) }
        _ = desk.look(10, ticket: 3)
        desk.now += 50
        desk.table.removeOverdue(now: desk.now)
        // 51 to 100, and the one that somebody stands in line for.
        #expect(desk.table.count == 51)
        desk.table.leave(Desk.name(10), ticket: 3)
        desk.now += 50
        desk.table.removeOverdue(now: desk.now)
        #expect(desk.table.isEmpty && desk.table.byteCount == 0)
    }

    /// Whatever happens, at most one token is good, the line is in order, and a free lease has somebody who was told.
    @Test func randomRunsKeepTheOrder() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = RandomGenerator(seed: seed)
        let desk = Desk()
        var tokens: [UInt64] = []
        var waiting: Set<UInt64> = []
        for step in 0..<5_000 {
            let ticket = UInt64(generator.below(12)) + 1
            switch generator.below(8) {
            case 0...2:
                let wanted = generator.below(4) == 0 ? 0 : ticket
                switch desk.look(ticket: wanted, duration: Int64(generator.below(30)) + 1) {
                case .taken(let token):
                    tokens.append(token)
                    waiting.remove(wanted)
                case .held: if wanted != 0 { waiting.insert(wanted) }
                case .refused: Issue.record("refused at \(step), seed \(seed)")
                }
            case 3:
                desk.table.leave(Desk.name(7), ticket: ticket)
                waiting.remove(ticket)
            case 4:
                if let token = tokens.last { _ = desk.release(token) }
            case 5: desk.table.removed(Desk.name(7))
            case 6 where generator.below(4) == 0:
                desk.table.written(Desk.name(7))
                #expect(Set(desk.table.takeWakes()).isSuperset(of: waiting), "seed \(seed)")
                waiting = []
            default: desk.now += Int64(generator.below(20))
            }
            #expect(tokens.suffix(10).filter { desk.isHeld($0) }.count <= 1, "step \(step), seed \(seed)")
            let line = desk.table.records[Desk.name(7)]?.waiters ?? []
            #expect(line == waiting.sorted(), "step \(step), seed \(seed)")
            #expect(desk.table.waiterCount == waiting.count, "step \(step), seed \(seed)")
            if let record = desk.table.records[Desk.name(7)], record.token == 0 {
                #expect(record.waiters.first.map(desk.table.wakes.contains) == true, "step \(step), seed \(seed)")
            }
        }
    }
}
