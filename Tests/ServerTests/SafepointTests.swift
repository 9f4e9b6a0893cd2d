import Primitives
import Synchronization
import Testing

@testable import Server

@Suite struct SafepointTests {
    /// Turns on several threads change numbers that nobody guards; parked, these hold still.
    @Test func parksAllLoops() throws {
        let turns = Turns(loopCount: 3)
        let threads = try (0..<turns.loopCount).map { index in
            try JoinableThread(name: "test-\(index)") { turns.run(index) }
        }
        var changes = 0
        for _ in 0..<200 {
            turns.safepoint.pointee.whileParked {
                let before = turns.snapshot
                for _ in 0..<100 where turns.snapshot != before { changes += 1 }
            }
        }
        turns.stop()
        for thread in threads { thread.join() }
        #expect(changes == 0)
    }
}

/// Numbers that loops count up in their turns.
private final class Turns: @unchecked Sendable {
    let loopCount: Int
    let safepoint: UnsafeMutablePointer<Safepoint>
    private let counts: UnsafeMutablePointer<Int>
    private let isStopped = Atomic<Bool>(false)

    init(loopCount: Int) {
        self.loopCount = loopCount
        safepoint = .allocate(capacity: 1)
        safepoint.initialize(to: Safepoint(loopCount: loopCount))
        counts = .allocate(capacity: loopCount)
        counts.initialize(repeating: 0, count: loopCount)
    }

    deinit {
        safepoint.deinitialize(count: 1)
        safepoint.deallocate()
        counts.deallocate()
    }

    var snapshot: [Int] { (0..<loopCount).map { counts[$0] } }

    func run(_ index: Int) {
        while !isStopped.load(ordering: .relaxed) {
            safepoint.pointee.beginTurn(index)
            counts[index] += 1
            safepoint.pointee.endTurn(index)
        }
    }

    func stop() { isStopped.store(true, ordering: .relaxed) }
}
