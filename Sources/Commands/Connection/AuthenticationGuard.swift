import Primitives
import RESP

/// Slows down those who guess passwords: from the sixth failure of one source on, the reply to each is held back, twice as long
/// every time. Nobody else waits for it; a right password is answered at once, from there as well.
///
/// Thread-safe. Bounded: of more sources than it can hold it forgets the one that was quiet for longest.
final class AuthenticationGuard: Sendable {
    /// Failures that cost nothing: a client with an old password tries on a few connections.
    static let freeFailureCount = 5
    static let firstDelayMilliseconds: Int64 = 250
    /// Below the time-outs of client libraries, so that they say what is wrong and not that nobody answers.
    static let longestDelayMilliseconds: Int64 = 2000
    /// Quiet for so long a source is forgotten.
    static let memoryMilliseconds: Int64 = 300_000
    static let maximumSourceCount = 1024

    private struct Record {
        var failureCount = 0
        var lastMilliseconds: Int64 = 0
    }

    private let records = Locked<[UInt64: Record]>([:])

    /// Notes a failure at `now`, in milliseconds. O(1), but O(sources) for a new one when all places are taken.
    ///
    /// - Returns: milliseconds to hold the reply back; 0 for not at all.
    func noteFailure(of source: UInt64, now: Int64) -> Int64 {
        records.withLock { records in
            var record = records[source] ?? Record()
            if now - record.lastMilliseconds >= Self.memoryMilliseconds { record.failureCount = 0 }
            // Far above what the delay grows to; the count must not overflow in a siege of years.
            record.failureCount = min(record.failureCount + 1, 1_000_000)
            record.lastMilliseconds = now
            if records[source] == nil, records.count >= Self.maximumSourceCount { Self.forgetOne(&records) }
            records[source] = record
            let excess = record.failureCount - Self.freeFailureCount
            guard excess > 0 else { return 0 }
            return min(Self.firstDelayMilliseconds << Int64(min(excess - 1, 16)), Self.longestDelayMilliseconds)
        }
    }

    /// Sources remembered now.
    var sourceCount: Int { records.withLock { $0.count } }

    private static func forgetOne(_ records: inout [UInt64: Record]) {
        guard let oldest = records.min(by: { $0.value.lastMilliseconds < $1.value.lastMilliseconds }) else { return }
        records[oldest.key] = nil
    }
}

/// A reply that is given when its time has come. The server asks it then.
final class DelayedReply: Job {
    private let text: [UInt8]

    init(_ text: [UInt8]) { self.text = text }

    func step(_ call: Call) -> Bool {
        text.withUnsafeBufferPointer { bytes in
            if let base = bytes.baseAddress { call.reply.raw(ByteSlice(base: base, count: bytes.count)) }
        }
        return true
    }
}
