import Primitives
import Synchronization

/// What all loops share of CLIENT TRACKING: who there is, for INFO and for deciding what the store has to note.
final class TrackingRegistry: Sendable {
    private struct Contents {
        var clientCount = 0
        var lastSerial: UInt64 = 0
        /// Clients that have each prefix.
        var prefixes: [[UInt8]: Int] = [:]
        /// Clients in broadcasting mode, by loop.
        var broadcasters: [Int: Int] = [:]
        /// Trackings that have ended and whose keys are still in the store's tables.
        var ended: Set<UInt64> = []
    }

    private let contents = Locked(Contents())
    /// Asked many times a second: one load.
    private let haveEnded = Atomic<Bool>(false)

    var clientCount: Int { contents.withLock { $0.clientCount } }
    var prefixCount: Int { contents.withLock { $0.prefixes.count } }
    var broadcastingLoops: [Int] { contents.withLock { Array($0.broadcasters.keys) } }

    func makeToken(loopIndex: Int) -> ReaderToken {
        contents.withLock { contents in
            contents.lastSerial += 1
            return ReaderToken(loopIndex: loopIndex, serial: contents.lastSerial)
        }
    }

    /// Counts a client in. Who sets the store's switches by the result does so with all loops parked.
    ///
    /// - Returns: whether it is the first one, and the first one in broadcasting mode.
    func begin(_ tracking: ClientTracking) -> (isFirst: Bool, isFirstBroadcaster: Bool) {
        let (loop, isBroadcast) = (tracking.token.loopIndex, tracking.mode == .broadcast)
        return contents.withLock { contents in
            contents.clientCount += 1
            let isFirstBroadcaster = isBroadcast && contents.broadcasters.isEmpty
            if isBroadcast { contents.broadcasters[loop, default: 0] += 1 }
            return (contents.clientCount == 1, isFirstBroadcaster)
        }
    }

    func add(_ prefix: [UInt8]) { contents.withLock { $0.prefixes[prefix, default: 0] += 1 } }

    /// Counts a client out.
    ///
    /// - Returns: whether it was the last one, and the last one in broadcasting mode.
    func end(_ tracking: ClientTracking) -> (isLast: Bool, isLastBroadcaster: Bool) {
        let (token, isBroadcast, prefixes) = (tracking.token, tracking.mode == .broadcast, tracking.prefixes)
        return contents.withLock { contents in
            contents.clientCount -= 1
            for prefix in prefixes {
                let count = (contents.prefixes[prefix] ?? 1) - 1
                contents.prefixes[prefix] = count > 0 ? count : nil
            }
            guard isBroadcast else {
                contents.ended.insert(token.rawValue)
                haveEnded.store(true, ordering: .relaxed)
                return (contents.clientCount == 0, false)
            }
            let count = (contents.broadcasters[token.loopIndex] ?? 1) - 1
            contents.broadcasters[token.loopIndex] = count > 0 ? count : nil
            return (contents.clientCount == 0, contents.broadcasters.isEmpty)
        }
    }

    /// Takes the trackings that have ended since the last time; nil when there are none.
    func takeEnded() -> Set<UInt64>? {
        guard haveEnded.load(ordering: .relaxed) else { return nil }
        return contents.withLock { contents in
            defer { contents.ended = [] }
            haveEnded.store(false, ordering: .relaxed)
            return contents.ended
        }
    }
}
