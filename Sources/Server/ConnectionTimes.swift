import Commands

/// When a connection did what, and when patience with it ends. Milliseconds of the loop's clock; 0 for never.
struct ConnectionTimes {
    /// Seconds that a client has to pass AUTH, where a password is needed.
    static let authenticationSeconds: Int64 = 10
    /// Seconds that a request may take to arrive, and the bytes that earn it one more.
    static let requestSeconds: Int64 = 60
    static let requestBytesPerSecond = 16_384
    /// Seconds that a connection lingers after a broken protocol.
    static let lingerSeconds: Int64 = 1

    var connected: Int64 = 0
    var lastInput: Int64 = 0
    /// The unfinished request's first byte came.
    var requestBegan: Int64 = 0
    /// The backlog rose above the soft limit.
    var exceededSoftLimit: Int64 = 0
    var lingers: Int64 = 0

    /// Why a connection is closed that did nothing wrong but wait.
    enum Expiry: Equatable {
        case authentication, request, idle, softLimit, linger
    }

    /// What decides besides the times.
    struct Situation {
        var isAuthenticated: Bool
        /// On hold or not read from: its silence is ours.
        var isHeld: Bool
        var inputByteCount: Int
        var idleSeconds: Int
        var softLimitSeconds: Int64
    }

    /// The deadline that has passed at `now`, if any.
    func expiry(at now: Int64, _ situation: Situation) -> Expiry? {
        if lingers > 0, now - lingers >= Self.lingerSeconds * 1000 { return .linger }
        if exceededSoftLimit > 0, now - exceededSoftLimit >= situation.softLimitSeconds * 1000 { return .softLimit }
        guard !situation.isHeld else { return nil }
        if !situation.isAuthenticated, now - connected >= Self.authenticationSeconds * 1000 { return .authentication }
        let earned = Int64(situation.inputByteCount / Self.requestBytesPerSecond)
        if requestBegan > 0, now - requestBegan >= (Self.requestSeconds + earned) * 1000 { return .request }
        if situation.idleSeconds > 0, now - lastInput > Int64(situation.idleSeconds) * 1000 { return .idle }
        return nil
    }
}
