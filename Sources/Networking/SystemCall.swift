import CLinux

/// The one way to the kernel: EINTR is retried, EAGAIN is a value, and EBADF or EFAULT, which only a fault of this program
/// can cause, trap before they do harm to a descriptor that belongs to someone else.
enum SystemCall {
    /// Runs `call`, which returns -1 and sets errno when it fails, until it is not interrupted.
    @inline(__always)
    static func value(_ call: () -> Int32) throws(SystemError) -> Int32 {
        while true {
            let result = call()
            if result >= 0 { return result }
            let code = errno
            if code == EINTR { continue }
            trapIfImpossible(code)
            throw SystemError(code)
        }
    }

    /// The same for calls that move bytes.
    @inline(__always)
    static func bytes(_ call: () -> Int) -> IOResult {
        while true {
            let result = call()
            if result >= 0 { return .bytes(result) }
            let code = errno
            if code == EAGAIN { return .wouldBlock }
            if code == EINTR { continue }
            trapIfImpossible(code)
            return .failed(SystemError(code))
        }
    }

    @inline(__always)
    private static func trapIfImpossible(_ code: Int32) {
        precondition(code != EBADF && code != EFAULT, "a descriptor or a buffer was used after its end")
    }
}

/// This thread's errno. Not from Glibc's module: together with CLinux, which is built with _GNU_SOURCE, it does not compile
/// in every configuration (their `fd_set` differ).
@inline(__always)
var errno: Int32 { __errno_location().pointee }

/// A file descriptor of a socket, an epoll or an eventfd.
public typealias Descriptor = Int32

extension Descriptor {
    /// Gives the descriptor back. An error tells about data that nobody waits for; the descriptor is gone all the same, also
    /// after EINTR, so it is not tried again.
    public func close() { _ = CLinux.close(self) }
}
