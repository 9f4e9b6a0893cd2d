import CLinux

/// Signals as values: blocked in every thread, taken by the one that asks.
public enum Signals {
    /// Blocks `signals` in this thread and those it will start, and ignores SIGPIPE: a peer that has gone is an error of
    /// send. Called before the first thread.
    public static func block(_ signals: [Int32]) {
        signal(SIGPIPE, unsafeBitCast(1, to: __sighandler_t?.self))  // SIG_IGN, a cast that does not import
        var set = makeSet(signals)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// The next of `signals`, which are blocked; nil when none comes in time.
    ///
    /// - Parameter timeoutMilliseconds: at least 0.
    public static func wait(for signals: [Int32], timeoutMilliseconds: Int) -> Int32? {
        var set = makeSet(signals)
        var timeout = timespec(
            tv_sec: timeoutMilliseconds / 1000, tv_nsec: timeoutMilliseconds % 1000 * 1_000_000)
        let signal = sigtimedwait(&set, nil, &timeout)
        return signal > 0 ? signal : nil
    }

    /// Sends `signal` to this process, for the thread that waits for it.
    public static func send(_ signal: Int32) { _ = kill(getpid(), signal) }

    private static func makeSet(_ signals: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in signals { sigaddset(&set, signal) }
        return set
    }
}
