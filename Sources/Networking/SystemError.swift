import CLinux

/// An errno of a system call.
@frozen
public struct SystemError: Error, Equatable, Sendable, CustomStringConvertible {
    public let code: Int32

    @inline(__always)
    public init(_ code: Int32) { self.code = code }

    /// The kernel's words for it. Allocates.
    public var description: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
            guard let base = buffer.baseAddress else { return "errno \(code)" }
            // The GNU strerror_r, which may answer with static text instead of filling the buffer.
            return String(cString: strerror_r(code, base, buffer.count))
        }
    }

    /// Whether the process or the system is out of descriptors or memory: to be tried again later.
    public var isExhaustion: Bool {
        code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM
    }
}

/// What came of reading or writing without blocking.
@frozen
public enum IOResult: Equatable, Sendable {
    /// Bytes moved; 0 from a read is the end of the stream.
    case bytes(Int)
    /// Nothing can be moved now.
    case wouldBlock
    /// The connection is broken.
    case failed(SystemError)
}
