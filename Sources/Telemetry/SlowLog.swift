import Primitives

/// The commands that took long: what SLOWLOG keeps. Thread-safe by a lock, which only slow commands take.
public final class SlowLog: Sendable {
    /// Arguments that are kept of a command; the last of them says how many more there were.
    public static let maximumArguments = 32
    /// Bytes that are kept of an argument.
    public static let maximumArgumentBytes = 128

    public struct Entry: Sendable {
        /// Unique for the life of the process, from 0.
        public let id: Int64
        public let unixSeconds: Int64
        public let durationMicroseconds: Int64
        public let arguments: [[UInt8]]
        public let clientAddress: [UInt8]
        public let clientName: [UInt8]
    }

    private struct State: Sendable {
        var ring: Ring<Entry>
        var nextID: Int64 = 0
    }

    private let state: Locked<State>

    /// - Parameter maximumCount: commands that are kept (`slowlog-max-len`).
    public init(maximumCount: Int) { state = Locked(State(ring: Ring(limit: maximumCount))) }

    /// Changes how many commands are kept; the oldest go at once when there are more.
    public func setMaximumCount(_ count: Int) { state.withLock { $0.ring.setLimit(count) } }

    /// Keeps a command, cut to size. The threshold is the caller's to check. O(1) but for the copy of up to 4 KiB.
    public func record(
        arguments: UnsafeBufferPointer<ByteSlice>, durationMicroseconds: Int64, unixSeconds: Int64,
        clientAddress: ByteSlice, clientName: ByteSlice
    ) {
        let kept = Self.trimmed(arguments)
        let (address, name) = (clientAddress.array, clientName.array)
        state.withLock { state in
            state.ring.append(
                Entry(
                    id: state.nextID, unixSeconds: unixSeconds, durationMicroseconds: durationMicroseconds,
                    arguments: kept, clientAddress: address, clientName: name))
            state.nextID += 1
        }
    }

    /// The newest entries first, at most `limit`. O(entries).
    public func entries(limit: Int) -> [Entry] {
        state.withLock { Array($0.ring.elements.reversed().prefix(max(0, limit))) }
    }

    public var count: Int { state.withLock { $0.ring.count } }

    /// Forgets all entries; ids go on.
    public func reset() { state.withLock { $0.ring.removeAll() } }

    private static func trimmed(_ arguments: UnsafeBufferPointer<ByteSlice>) -> [[UInt8]] {
        let isCut = arguments.count > maximumArguments
        var kept: [[UInt8]] = []
        for argument in arguments.prefix(isCut ? maximumArguments - 1 : maximumArguments) {
            guard argument.count > maximumArgumentBytes else {
                kept.append(argument.array)
                continue
            }
            let head = argument.slice(from: 0, to: maximumArgumentBytes).array
            kept.append(head + Array("... (\(argument.count - maximumArgumentBytes) more bytes)".utf8))
        }
        if isCut { kept.append(Array("... (\(arguments.count - maximumArguments + 1) more arguments)".utf8)) }
        return kept
    }
}
