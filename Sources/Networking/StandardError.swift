import CLinux

/// Where a program says why it cannot start.
public enum StandardError {
    /// Writes one line.
    public static func print(_ line: String) {
        var line = line + "\n"
        line.withUTF8 { text in
            var written = 0
            while written < text.count, let base = text.baseAddress {
                guard case .bytes(let count) = SystemCall.bytes({ write(2, base + written, text.count - written) })
                else {
                    return
                }
                written += count
            }
        }
    }
}
