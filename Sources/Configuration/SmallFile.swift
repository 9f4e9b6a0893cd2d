import CLinux

/// Whole files of text. Through stdio, since open(2) is variadic and so out of Swift's reach.
enum SmallFile {
    /// The bytes of the file at `path`, or what failed (EFBIG above `limit` bytes, EISDIR for a directory).
    static func read(_ path: String, limit: Int = 1 << 20) -> Result<[UInt8], SystemError> {
        guard let stream = fopen(path, "re") else { return .failure(.last) }
        defer { fclose(stream) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = fread(&chunk, 1, chunk.count, stream)
            guard bytes.count + count <= limit else { return .failure(SystemError(code: EFBIG)) }
            bytes += chunk[..<count]
            guard count < chunk.count else { continue }
            return ferror(stream) == 0 ? .success(bytes) : .failure(.last)
        }
    }

    /// The lines of a file that may be missing.
    static func lines(_ path: String) -> [String] {
        guard case .success(let bytes) = read(path) else { return [] }
        return bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The first line of a file that may be missing.
    static func firstLine(_ path: String) -> String? { lines(path).first }

    /// Puts `bytes` in the place of the file at `path`, with the mode and owner it had: a new file beside it, flushed to
    /// the disk and renamed over it.
    ///
    /// - Returns: what failed; the old file is untouched then.
    static func replace(_ path: String, with bytes: [UInt8]) -> SystemError? {
        var status = stat()
        guard stat(path, &status) == 0 else { return .last }
        let placeholders = String(repeating: "X", count: 6)  // mkostemp puts six letters of its own there
        var template = Array("\(path).\(placeholders)".utf8CString)
        let descriptor = mkostemp(&template, O_CLOEXEC)
        guard descriptor >= 0 else { return .last }
        // Not permitted unless root, and no reason to fail: the daemon's own files belong to the daemon.
        _ = fchown(descriptor, status.st_uid, status.st_gid)
        let isWritten =
            fchmod(descriptor, status.st_mode & 0o777) == 0 && write(bytes, to: descriptor) && fsync(descriptor) == 0
        var failure: SystemError? = isWritten ? nil : .last
        close(descriptor)
        if failure == nil, rename(template, path) != 0 { failure = .last }
        if failure != nil { unlink(template) } else { flushFolder(of: path) }
        return failure
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { CLinux.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, SystemError.last.code == EINTR { continue }
            guard count > 0 else { return false }
            rest.removeFirst(count)
        }
        return true
    }

    /// Makes the rename itself last through a power cut.
    private static func flushFolder(of path: String) {
        guard let slash = path.lastIndex(of: "/"), let folder = fopen(String(path[...slash]), "re") else { return }
        fsync(fileno(folder))
        fclose(folder)
    }
}

/// An error number of the system.
struct SystemError: Error {
    let code: Int32

    /// This thread's errno.
    static var last: SystemError { SystemError(code: __errno_location().pointee) }

    /// The system's words for it.
    var text: String { String(cString: strerror(code)) }
}
