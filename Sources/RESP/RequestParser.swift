import Primitives

/// Reads requests off one connection's bytes: RESP arrays of bulk strings, and inline lines.
///
/// A state machine without input or output of its own. A request that is not complete is remembered by offsets from its
/// first byte, so the bytes may move between calls and none is looked at twice after the call that first saw it. An idle
/// parser holds no memory besides itself.
///
///         ┌────────────────────────── request complete, or empty ──────────────────────────┐
///         ▼                                                                                 │
///       idle ── '*' ──► argumentCount ──► bulkCount ──► bulk ──► (all arguments?) ── yes ───┤
///         │                                   ▲──────────────────────── no                  │
///         └── other ──► inline ─────────────────────────────────────────────────────────────┘
public struct RequestParser: ~Copyable {
    /// What a request may be at most. Before AUTH Redis allows less; the bytes a connection buffers are its own to bound.
    public struct Limits: Sendable {
        /// Longest inline request or header line in bytes, Redis's PROTO_INLINE_MAX_SIZE.
        public static let maximumLineCount = 65_536
        /// The most arguments of a request, before any configuration: Redis's old bound, which a cache has no use above.
        public static let maximumArgumentCount = 1_048_576

        /// Longest argument of anyone, in bytes.
        let maximumBulkCount: Int
        /// What counts for this client.
        let argumentLimit: Int
        let bulkLimit: Int
        /// Requests read at a time.
        let commandLimit: Int

        /// - Parameters:
        ///   - maximumBulkCount: `proto-max-bulk-len` in bytes; more than 2^40 counts as 2^40, so that sums of offsets
        ///     cannot overflow.
        ///   - isAuthenticated: whether the client has passed AUTH, or need not. One that has not gets 10 arguments of
        ///     16,384 bytes each, and one request at a time: the next may be the first one after AUTH.
        public init(maximumBulkCount: Int, isAuthenticated: Bool = true) {
            self.maximumBulkCount = min(max(maximumBulkCount, 0), 1 << 40)
            argumentLimit = isAuthenticated ? Self.maximumArgumentCount : 10
            bulkLimit = isAuthenticated ? self.maximumBulkCount : min(16_384, self.maximumBulkCount)
            commandLimit = isAuthenticated ? RequestBatch.maximumCommandCount : 1
        }

        /// The limits before AUTH, with Redis's default `proto-max-bulk-len`.
        public static var unauthenticated: Limits { Limits(maximumBulkCount: 512 << 20, isAuthenticated: false) }
    }

    /// What came of the bytes.
    public enum Result: Equatable, Sendable {
        /// The batch holds what was complete. `consumed` bytes belong to it (or to empty requests) and are done with
        /// once its commands have run. Nothing consumed and nothing in the batch: more bytes are needed.
        case parsed(consumed: Int)
        /// As `parsed`; but then the protocol was broken: run the batch, answer the failure, close.
        case failed(ProtocolFailure, consumed: Int)
        /// As `parsed`; but then came a web browser's request: close without a reply (CVE-2016-10517).
        case hostile(consumed: Int)
        /// As `parsed`; but then began a TLS handshake: close, its sender waits for an answer that never comes.
        case handshake(consumed: Int)
    }

    enum Phase: UInt8 {
        case idle
        case inline
        case argumentCount
        case bulkCount
        case bulk
    }

    var phase = Phase.idle
    /// Arguments that the request has in all.
    var argumentCount: Int32 = 0
    /// Offset of the line or argument under way.
    var position = 0
    /// Offset behind the last byte that was searched for a line end.
    var scanned = 0
    /// Bytes of the argument under way.
    var bulkCount = 0
    /// The arguments that are complete.
    var ranges = ArgumentRanges()

    public init() {}

    /// Whether no request is under way: the state is then the initial one.
    @inline(__always)
    public var isIdle: Bool { phase == .idle }

    /// Bytes that the request under way is known to need, counted from its first byte; 0 while that is not known. A hint
    /// for the size of the next read, never a reason to allocate: it is what the client says.
    public var expectedByteCount: Int {
        phase == .bulk ? position + bulkCount + 2 : 0  // below 2^41 plus what has arrived
    }

    /// Bytes of heap that the request under way takes here, besides the bytes received.
    public var heapByteCount: Int { ranges.byteCount }

    /// Forgets the request under way.
    public mutating func reset() {
        phase = .idle
        argumentCount = 0
        position = 0
        scanned = 0
        bulkCount = 0
        ranges.removeAll()
    }

    /// Reads complete requests and adds them to `batch`, until it holds 32 or the input ends.
    ///
    /// - Parameters:
    ///   - input: the bytes not yet consumed, from the first byte of the request under way.
    ///   - count: the number of those bytes: at least as many as in the last call minus what that consumed.
    ///   - batch: its slices point into `input`, or into its own scratch: void once either changes.
    /// - Returns: what was consumed. With a full batch there may be more requests behind it; a batch that was not empty
    ///   before may also end early when its scratch is full.
    /// - Complexity: O(bytes that no earlier call saw).
    public mutating func parse(
        _ input: UnsafePointer<UInt8>, count: Int, limits: Limits, into batch: inout RequestBatch
    ) -> Result {
        var start = 0
        while start < count, batch.commandCount < limits.commandLimit {
            if phase == .idle, input[start] == UInt8(ascii: "*") {
                start += Self.parsePlainRequests(input + start, count: count - start, limits: limits, into: &batch)
                if start == count || batch.commandCount >= limits.commandLimit { break }
            }
            switch advance(input + start, count: count - start, limits: limits, into: &batch) {
            case .done(let byteCount):
                reset()
                start += byteCount
            case .incomplete:
                return .parsed(consumed: start)
            case .failed(let failure):
                reset()
                return .failed(failure, consumed: start)
            case .hostile:
                reset()
                return .hostile(consumed: start)
            case .handshake:
                reset()
                return .handshake(consumed: start)
            }
        }
        return .parsed(consumed: start)
    }
}
