import CLinux
import Glibc

/// Whole files of text, read with system calls.
enum SmallFile {
    /// The bytes of the file at `path`, or the errno of what failed (EFBIG above `limit` bytes, EISDIR for a directory).
    static func read(_ path: String, limit: Int = 1 << 20) -> Result<[UInt8], SystemError> {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return .failure(SystemError(code: errno)) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = CLinux.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return .failure(SystemError(code: errno)) }
            if count == 0 { return .success(bytes) }
            guard bytes.count + count <= limit else { return .failure(SystemError(code: EFBIG)) }
            bytes += chunk[..<count]
        }
    }

    /// The lines of a file that may be missing.
    static func lines(_ path: String) -> [String] {
        guard case .success(let bytes) = read(path) else { return [] }
        return bytes.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The first line of a file that may be missing.
    static func firstLine(_ path: String) -> String? { lines(path).first }
}

/// An error number of the system.
struct SystemError: Error {
    let code: Int32

    /// The system's words for it.
    var text: String { String(cString: strerror(code)) }
}
