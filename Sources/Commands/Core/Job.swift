/// A command that takes several turns (KEYS of a large database).
public protocol Job: AnyObject {
    /// Works for a millisecond at the most; true when it is done and has replied.
    func step(_ call: Call) -> Bool
    /// Bytes that it holds as long as it lasts, for the client's account.
    var heldByteCount: Int { get }
    /// Is to end with its next step, if it can: true when it will.
    func interrupt(_ interruption: JobInterruption) -> Bool
    /// The connection goes: what the job holds elsewhere is given back.
    func abandon(_ executor: Executor)
}

/// Why a job is to end early.
public enum JobInterruption: Sendable {
    /// The other side sends nothing more, and may be gone.
    case peerFinished
    case serverStopping
    /// CLIENT UNBLOCK.
    case unblocked
    case unblockedWithError
}

extension Job {
    public var heldByteCount: Int { 0 }
    public func interrupt(_ interruption: JobInterruption) -> Bool { false }
    public func abandon(_ executor: Executor) {}
}
