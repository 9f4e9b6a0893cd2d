import CLinux
import CPrimitives

/// The daemon's log, on stderr or in a file.
///
/// Thread-safe without a lock: one write(2) of a whole line, to a descriptor opened for appending whose number never
/// changes. A write that fails (a full disk, a closed pipe) loses its line and nothing else.
public final class Log: @unchecked Sendable {
    /// The most bytes of a message that are written; what is longer is cut off.
    static let maximumMessageBytes = 4096

    private let path: String?
    private let descriptor: Int32
    private let isJournal: Bool
    /// The raw value of the least level that is written; atomic.
    private let threshold: UnsafeMutablePointer<UInt64>

    /// - Parameters:
    ///   - threshold: the least level that is written.
    ///   - path: the file to append to, created with the umask's mode; nil for stderr.
    /// - Throws: what kept the file from being opened.
    public init(threshold: LogLevel, format: LogLineFormat = .auto, path: String? = nil) throws(LogError) {
        self.path = path
        descriptor = if let path { try Self.open(path) } else { STDERR_FILENO }
        switch format {
        case .plain: isJournal = false
        case .journald: isJournal = true
        case .auto: isJournal = path == nil && Self.isJournal(STDERR_FILENO, variable: getenv("JOURNAL_STREAM"))
        }
        self.threshold = .allocate(capacity: 1)
        self.threshold.initialize(to: threshold.rawValue)
    }

    deinit {
        threshold.deallocate()
        if path != nil { close(descriptor) }
    }

    /// Sets the least level that is written.
    public func setThreshold(_ level: LogLevel) { nc_atomic_store_relaxed(threshold, level.rawValue) }

    /// Whether messages of `level` are written.
    public func isWritten(_ level: LogLevel) -> Bool { level.rawValue >= nc_atomic_load_relaxed(threshold) }

    public func debug(_ text: @autoclosure () -> String) { write(.debug, text) }
    public func verbose(_ text: @autoclosure () -> String) { write(.verbose, text) }
    public func notice(_ text: @autoclosure () -> String) { write(.notice, text) }
    public func warning(_ text: @autoclosure () -> String) { write(.warning, text) }

    /// Opens the log file anew, after a rotation moved it away. On failure the old file stays in use.
    public func reopen() throws(LogError) {
        guard let path else { return }
        let new = try Self.open(path)
        defer { close(new) }
        // The number stays the same and the change is atomic, so that writers need no lock.
        guard dup3(new, descriptor, O_CLOEXEC) >= 0 else { throw LogError(path: path) }
    }

    private func write(_ level: LogLevel, _ text: () -> String) {
        guard isWritten(level) else { return }
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let line = LogLine.bytes(level, text(), isJournal: isJournal, process: getpid(), time: time)
        line.withUnsafeBytes { bytes in
            while CLinux.write(descriptor, bytes.baseAddress, bytes.count) < 0, __errno_location().pointee == EINTR {}
        }
    }

    private static func open(_ path: String) throws(LogError) -> Int32 {
        // Through stdio: open(2) is variadic and out of Swift's reach.
        guard let stream = fopen(path, "ae") else { throw LogError(path: path) }
        defer { fclose(stream) }
        // dup3 wants a number to replace; an eventfd has a fresh one.
        let descriptor = eventfd(0, Int32(EFD_CLOEXEC))
        guard descriptor >= 0, dup3(fileno(stream), descriptor, O_CLOEXEC) >= 0 else { throw LogError(path: path) }
        return descriptor
    }

    /// Whether `descriptor` is the stream that systemd connected to the journal: JOURNAL_STREAM has its device and inode.
    static func isJournal(_ descriptor: Int32, variable: UnsafePointer<CChar>?) -> Bool {
        var status = stat()
        guard let variable, fstat(descriptor, &status) == 0 else { return false }
        return String(cString: variable) == "\(status.st_dev):\(status.st_ino)"
    }
}

/// A log file that cannot be opened.
public struct LogError: Error, Sendable, CustomStringConvertible {
    public let path: String
    public let code: Int32

    init(path: String) {
        self.path = path
        code = __errno_location().pointee
    }

    public var description: String { "cannot open the log file \(path): \(String(cString: strerror(code)))" }
}
