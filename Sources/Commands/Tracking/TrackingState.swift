import Store

/// One loop's part of CLIENT TRACKING.
struct TrackingState {
    /// The connections that track.
    var trackers: [UInt64: UnsafeMutablePointer<Session>] = [:]
    /// The connections that messages of others go to, by their numbers.
    var addressees: [UInt64: UnsafeMutablePointer<Session>] = [:]
    var prefixes = PrefixTable()
    /// Messages for each loop, this one among them.
    var outbox: [[TrackingMessage]]
    var hasMessages = false
    /// Keys that have changed in this turn, and by whom last: for clients in broadcasting mode.
    var changes: [[UInt8]: UInt64] = [:]
    /// The command under way has emptied or exchanged databases.
    var isFlushed = false
    /// On the first loop: trackings whose keys are being forgotten, and the next shard to be looked at.
    var forgotten: Set<UInt64> = []
    var nextForgetful: Int?

    init(loopCount: Int) { outbox = Array(repeating: [], count: loopCount) }

    mutating func post(_ message: TrackingMessage, to loop: Int) {
        guard loop < outbox.count else { return }
        outbox[loop].append(message)
        hasMessages = true
    }
}

/// Bytes for one connection.
public struct TrackingPush {
    public let session: UnsafeMutablePointer<Session>
    public internal(set) var bytes: [UInt8]
}
