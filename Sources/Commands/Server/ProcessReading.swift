import CLinux

/// What the system says of this process.
enum ProcessReading {
    /// The resident size in bytes; 0 when it cannot be read.
    static var residentBytes: Int {
        // Through stdio: open(2) is variadic and so out of Swift's reach.
        guard let stream = fopen("/proc/self/statm", "re") else { return 0 }
        defer { fclose(stream) }
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = fread(&buffer, 1, buffer.count, stream)
        // The second of the numbers is resident pages.
        let fields = buffer[..<count].split(separator: UInt8(ascii: " "))
        guard fields.count > 1, let pages = Int(String(decoding: fields[1], as: UTF8.self)) else { return 0 }
        return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Memory of the machine in bytes.
    static var systemBytes: Int {
        Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// "Linux 6.1.0 x86_64".
    static let operatingSystem = text(capacity: 256) { buffer in
        nc_system_name(buffer, 256)
        return strlen(buffer)
    }

    static let executablePath = text(capacity: 4096) { readlink("/proc/self/exe", $0, 4096) }

    static var processor: ServerFacts.Processor {
        var times: [Int64] = [0, 0, 0, 0]
        nc_process_times(&times)
        return ServerFacts.Processor(
            systemMicroseconds: times[1], userMicroseconds: times[0], childSystemMicroseconds: times[3],
            childUserMicroseconds: times[2])
    }

    /// What `fill` writes, as text; it returns the number of bytes, or a negative number when it failed.
    private static func text<Count: BinaryInteger>(
        capacity: Int, _ fill: (UnsafeMutablePointer<CChar>) -> Count
    ) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
            guard let base = buffer.baseAddress else { return "" }
            let count = max(0, min(capacity, Int(clamping: fill(base))))
            return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
