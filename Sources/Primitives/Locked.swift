import CPrimitives

/// A value behind a lock, for what is seldom used and held briefly: settings, logs, statistics of errors.
///
/// In place of the standard library's `Mutex`, whose lock the thread sanitizer does not see on Linux (its futex calls lie in a
/// library that is not instrumented), so that it would report every value behind one as a race.
public struct Locked<Value>: ~Copyable, @unchecked Sendable {
    private let lockWord: UnsafeMutablePointer<UInt32>
    private let value: UnsafeMutablePointer<Value>

    public init(_ initial: Value) {
        lockWord = .allocate(capacity: 1)
        lockWord.initialize(to: 0)
        value = .allocate(capacity: 1)
        value.initialize(to: initial)
    }

    deinit {
        value.deinitialize(count: 1)
        value.deallocate()
        lockWord.deallocate()
    }

    /// Calls `body` with the value to itself. Not reentrant: a second call from within `body` never returns.
    public borrowing func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        nc_spin_lock(lockWord)
        defer { nc_spin_unlock(lockWord) }
        return try body(&value.pointee)
    }
}
