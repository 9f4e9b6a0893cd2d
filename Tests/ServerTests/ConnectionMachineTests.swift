import Commands
import Testing

@testable import Server

@Suite struct ConnectionMachineTests {
    @Test func readsAndExecutesWhileOpen() {
        var machine = ConnectionMachine()
        expect(machine.reads && machine.executes && machine.watchesInput)
        machine.executed(.done)
        expect(machine.reads)
        #expect(machine.settle(hasBacklog: false, hasWork: false) == .none)
    }

    @Test func closesAfterTheLastReplyIsWritten() {
        var machine = ConnectionMachine()
        machine.executed(.close)
        expect(!machine.reads && !machine.executes && !machine.watchesInput)
        #expect(machine.settle(hasBacklog: true, hasWork: false) == .none)
        #expect(machine.settle(hasBacklog: false, hasWork: false) == .close)
        #expect(machine.settle(hasBacklog: false, hasWork: false) == .close, "closed stays closed")
    }

    @Test func lingersAfterABrokenProtocol() {
        var machine = ConnectionMachine()
        machine.protocolFailed()
        expect(!machine.executes && !machine.reads)
        #expect(machine.settle(hasBacklog: true, hasWork: true) == .none)
        #expect(machine.settle(hasBacklog: false, hasWork: true) == .shutDownWriting)
        expect(machine.reads && machine.watchesInput && !machine.executes)
        machine.discarded(Int(ConnectionMachine.maximumDiscardedByteCount))
        #expect(machine.settle(hasBacklog: false, hasWork: false) == .none)
        machine.discarded(1)
        #expect(machine.settle(hasBacklog: false, hasWork: false) == .close)
    }

    @Test func lingersOnlyUntilThePeerIsDone() {
        var machine = ConnectionMachine()
        machine.protocolFailed()
        #expect(machine.settle(hasBacklog: false, hasWork: false) == .shutDownWriting)
        machine.inputEnded()
        #expect(machine.settle(hasBacklog: false, hasWork: false) == .close)

        var finished = ConnectionMachine()
        finished.inputEnded()
        finished.protocolFailed()
        #expect(finished.settle(hasBacklog: false, hasWork: false) == .close, "nobody would send more")
    }

    @Test func discardsHugeInputWithoutOverflow() {
        var machine = ConnectionMachine()
        machine.protocolFailed()
        _ = machine.settle(hasBacklog: false, hasWork: false)
        machine.discarded(.max)
        machine.discarded(.max)
        #expect(machine.settle(hasBacklog: false, hasWork: false) == .close)
    }

    @Test func finishesWhatArrivedBeforeTheEndOfInput() {
        var machine = ConnectionMachine()
        machine.inputEnded()
        expect(machine.executes && !machine.reads && !machine.watchesInput)
        #expect(machine.settle(hasBacklog: false, hasWork: true) == .none)
        #expect(machine.settle(hasBacklog: true, hasWork: false) == .none)
        #expect(machine.settle(hasBacklog: false, hasWork: false) == .close)
    }

    @Test(arguments: [Outcome.exclusive, .blocked, .paused, .retry])
    func executesNothingWhileOnHold(outcome: Outcome) {
        var machine = ConnectionMachine()
        machine.executed(outcome)
        expect(!machine.executes && !machine.reads)
        machine.inputEnded()
        #expect(machine.settle(hasBacklog: false, hasWork: false) == .none, "the command on hold is still to reply")
        machine.resume()
        expect(machine.executes)
        #expect(machine.settle(hasBacklog: false, hasWork: false) == .close)
    }

    @Test func stopsWatchingInputOnlyForLongHolds() {
        for (outcome, watches) in [(Outcome.exclusive, true), (.retry, true), (.blocked, false), (.paused, false)] {
            var machine = ConnectionMachine()
            machine.executed(outcome)
            expect(machine.watchesInput == watches)
        }
    }

    @Test func aShareOfTheTurnIsAHoldThatGivesWayToOthers() {
        var machine = ConnectionMachine()
        machine.usedItsTurn()
        expect(machine.hold == .turn && !machine.executes)
        machine.resume()
        machine.executed(.blocked)
        machine.usedItsTurn()
        expect(machine.hold == .blocked)
    }

    @Test func isNotReadWhileOverItsSoftLimit() {
        var machine = ConnectionMachine()
        machine.backlogChanged(byteCount: 101, softLimit: 100)
        expect(machine.isThrottled && !machine.reads && !machine.executes && !machine.watchesInput)
        machine.backlogChanged(byteCount: 100, softLimit: 100)
        expect(machine.reads && machine.executes)
        machine.backlogChanged(byteCount: .max, softLimit: 0)
        expect(!machine.isThrottled, "0 is no limit")
    }

    @Test func aKilledConnectionClosesUnlessTheCommandIsItsOwn() {
        var other = ConnectionMachine()
        other.kill(isOwnCommand: false)
        #expect(other.settle(hasBacklog: true, hasWork: true) == .close)
        var own = ConnectionMachine()
        own.executed(.exclusive)
        own.kill(isOwnCommand: true)
        own.resume()
        own.executed(.done)
        #expect(own.settle(hasBacklog: true, hasWork: true) == .none)
        #expect(own.settle(hasBacklog: false, hasWork: true) == .close)
        own.kill(isOwnCommand: true)
        expect(own.phase == .closed, "nothing opens a closed connection")
    }

    @Test func aBrowserGetsNothing() {
        var machine = ConnectionMachine()
        machine.executed(.hostile)
        expect(!machine.reads && !machine.executes)
        #expect(machine.settle(hasBacklog: true, hasWork: true) == .close)
    }

    @Test func nothingReopensAFailedConnection() {
        var machine = ConnectionMachine()
        machine.fail()
        machine.executed(.done)
        machine.protocolFailed()
        machine.resume()
        machine.inputEnded()
        expect(machine.phase == .closed && !machine.reads && !machine.executes)
    }

    /// The macro takes its operands apart, which a noncopyable one does not allow.
    private func expect(_ condition: Bool, _ comment: Comment? = nil, at place: SourceLocation = #_sourceLocation) {
        #expect(condition, comment, sourceLocation: place)
    }
}
