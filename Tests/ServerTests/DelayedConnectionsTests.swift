import CLinux
import Commands
import Networking
import Primitives
import Testing

@testable import Server

@Suite struct DelayedConnectionsTests {
    private func makeConnections(_ count: Int) -> [ConnectionPointer] {
        (0..<count).map { index in
            let session = Session(
                id: UInt64(index), peerAddress: "", localAddress: "", descriptor: -1, isUnixSocket: false,
                isLocal: true, createdMilliseconds: 0, isAuthenticated: true)
            return Connection.make(descriptor: dup(0), loopIndex: 0, session: session)
        }
    }

    @Test func theSoonestComeFirst() {
        let seed = UInt64.random(in: 0...UInt64.max)
        var generator = RandomGenerator(seed: seed)
        var delayed = DelayedConnections()
        let connections = makeConnections(300)
        var dues: [Int: Int64] = [:]
        for step in 0..<20_000 {
            let index = generator.below(connections.count)
            if dues[index] == nil {
                let due = Int64(generator.below(1000)) + 1
                delayed.insert(connections[index], due: due)
                dues[index] = due
            } else if generator.below(2) == 0 {
                let isRemoved = delayed.remove(connections[index])
                #expect(isRemoved)
                dues[index] = nil
            }
            #expect(!delayed.remove(connections[index]) || dues.removeValue(forKey: index) != nil)
            if generator.below(20) == 0 {
                let now = Int64(generator.below(100))
                while let first = delayed.removeFirst(dueAt: now) {
                    let place = Int(Connection.session(of: first).pointee.id)
                    let due = dues.removeValue(forKey: place)
                    #expect(due.map { $0 <= now } == true, "step \(step), seed \(seed)")
                    #expect(dues.values.allSatisfy { $0 >= due ?? 0 }, "step \(step), seed \(seed)")
                }
            }
            let (count, first) = (delayed.count, delayed.firstDue)
            #expect(count == dues.count, "step \(step), seed \(seed)")
            #expect(first == dues.values.min() ?? .max, "step \(step), seed \(seed)")
        }
        for connection in connections {
            delayed.remove(connection)
            Connection.destroy(connection)
        }
        let isEmpty = delayed.isEmpty
        #expect(isEmpty)
    }
}
