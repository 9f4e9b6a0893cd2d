import CLinux

/// A file with the process id in it, while the process runs.
struct PIDFile: ~Copyable {
    private let path: String?

    /// - Parameter path: nil for no file.
    init(path: String?) throws(StartError) {
        self.path = path
        guard let path else { return }
        guard let file = fopen(path, "we") else {
            let reason = String(cString: strerror(__errno_location().pointee))
            throw StartError("cannot write the pidfile \(path): \(reason)")
        }
        fputs("\(getpid())\n", file)
        fclose(file)
    }

    /// Removes it.
    func remove() {
        if let path { unlink(path) }
    }
}
