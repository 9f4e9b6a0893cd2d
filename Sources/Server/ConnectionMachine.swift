import Commands

/// What to do with a connection: a state machine without a socket. It is told what happened and says what is to be done.
///
///     open ──► finishing ──► lingering ──► closed        a broken protocol: the error is written, input discarded
///       │          └────────────────────────►│           QUIT, end of input: the replies are written
///       └───────────────────────────────────►│           reset, killed, over a limit
///
/// While open a connection may be on hold: then nothing more of its input is executed.
struct ConnectionMachine: ~Copyable {
    enum Phase: UInt8 {
        /// Reads, executes, writes.
        case open
        /// Only writes what is left, and then closes or lingers.
        case finishing
        /// Has shut its writing side; discards input so that closing does not reset the connection, which would destroy
        /// the reply on its way (RFC 1122, 4.2.2.13).
        case lingering
        /// To be freed at the end of the turn.
        case closed
    }

    /// Why nothing more is executed for now.
    enum Hold: UInt8 {
        case none
        /// Has had its share of the turn, or has to wait for memory: goes on in the next turn.
        case turn
        /// Its next command runs when all loops are parked.
        case exclusive
        /// A job is under way.
        case blocked
        /// CLIENT PAUSE.
        case paused
    }

    enum Action: Equatable {
        case none
        case shutDownWriting
        case close
    }

    /// Bytes that a lingering connection discards at the most.
    static let maximumDiscardedByteCount: Int32 = 65_536

    private(set) var phase = Phase.open
    private(set) var hold = Hold.none
    /// The peer has finished its side, or the server is stopping: no more input comes.
    private(set) var isInputEnded = false
    /// Over its soft output limit: neither read nor executed until the peer takes what waits.
    private(set) var isThrottled = false
    private var lingersAfterWriting = false
    private var discardedByteCount: Int32 = 0

    /// Whether the next command may be executed.
    var executes: Bool { phase == .open && hold == .none && !isThrottled }

    /// Whether a readable socket is to be read now.
    var reads: Bool { executes && !isInputEnded || phase == .lingering }

    /// Whether to be told that the socket is readable. A hold that ends within turns keeps being told: two system calls to
    /// stop and go on would cost more than to be told once too often.
    var watchesInput: Bool {
        switch phase {
        case .open: !isInputEnded && !isThrottled && hold != .blocked && hold != .paused
        case .lingering: true
        case .finishing, .closed: false
        }
    }

    /// Whether to be told that the peer sends nothing more: what a job waits for nobody may want then.
    var watchesPeer: Bool { phase == .open && hold == .blocked }

    // MARK: What happened

    /// Commands were executed and this is why they stopped.
    mutating func executed(_ outcome: Outcome) {
        guard phase == .open else { return }
        switch outcome {
        case .done: hold = .none
        case .close: phase = .finishing
        case .hostile: phase = .closed
        case .exclusive: hold = .exclusive
        case .blocked: hold = .blocked
        case .paused: hold = .paused
        case .retry: hold = .turn
        }
    }

    /// It has had its share of this turn.
    mutating func usedItsTurn() {
        if hold == .none { hold = .turn }
    }

    /// The reason of the hold may be over: commands may be tried again.
    mutating func resume() { hold = .none }

    /// The peer closed its side, or the server is stopping: what has arrived is still executed.
    mutating func inputEnded() {
        isInputEnded = true
        if phase == .lingering { phase = .closed }
    }

    /// The protocol was broken; the error is among what is to be written.
    mutating func protocolFailed() {
        guard phase == .open else { return }
        phase = .finishing
        lingersAfterWriting = true
    }

    /// The connection is of no more use: broken, killed, over a limit, hostile.
    mutating func fail() { phase = .closed }

    /// To be closed by someone else's command; a connection that is killing itself still gets its reply.
    mutating func kill(isOwnCommand: Bool) {
        guard phase != .closed else { return }
        phase = isOwnCommand ? .finishing : .closed
    }

    /// How much waits to be taken by the peer now.
    ///
    /// - Parameter softLimit: in bytes; 0 for none.
    mutating func backlogChanged(byteCount: Int, softLimit: Int) {
        isThrottled = softLimit > 0 && byteCount > softLimit
    }

    /// `byteCount` bytes of input were discarded while lingering.
    mutating func discarded(_ byteCount: Int) {
        let (sum, overflow) = discardedByteCount.addingReportingOverflow(Int32(clamping: byteCount))
        discardedByteCount = sum
        if phase == .lingering, overflow || sum > Self.maximumDiscardedByteCount { phase = .closed }
    }

    /// All that could be done for now has been done: what is left to do?
    ///
    /// - Parameters:
    ///   - hasBacklog: whether replies wait for the socket.
    ///   - hasWork: whether complete requests may be left in the input.
    mutating func settle(hasBacklog: Bool, hasWork: Bool) -> Action {
        switch phase {
        case .open:
            // Half-closed: pending replies first (reliability catalogue, R5).
            guard isInputEnded, !hasBacklog, !hasWork, hold == .none else { return .none }
            phase = .closed
            return .close
        case .finishing:
            guard !hasBacklog else { return .none }
            phase = lingersAfterWriting && !isInputEnded ? .lingering : .closed
            return phase == .lingering ? .shutDownWriting : .close
        case .lingering: return .none
        case .closed: return .close
        }
    }
}
