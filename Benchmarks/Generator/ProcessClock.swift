import CLinux
import CPrimitives
import Glibc
import Primitives

/// The CPU time of another process as the kernel's scheduler counts it: user and system time of all its threads, those that
/// have ended included, in nanoseconds. `/proc/PID/stat` counts the same in ticks of 10 ms.
struct ProcessClock {
    private let clock: clockid_t

    init(process: Int32) {
        var clock = clockid_t()
        guard clock_getcpuclockid(process, &clock) == 0 else { fail("no process \(process)") }
        self.clock = clock
    }

    /// The clock of this process.
    init() { clock = CLOCK_PROCESS_CPUTIME_ID }

    func nanoseconds() -> UInt64 {
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { fail("the server is gone") }
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// How long a process's threads have stood in a run queue while something else ran: the second number of
/// `/proc/PID/task/TID/schedstat`. With it a pause that another program on the machine caused is told from the server's own.
struct RunQueueDelay {
    private let descriptors: [Int32]

    /// Opens the accounts of all threads that `process` has now.
    init(process: Int32) {
        let path = "/proc/\(process)/task"
        guard let directory = opendir(path) else { fail("cannot read \(path)") }
        defer { closedir(directory) }
        var descriptors: [Int32] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard Int32(name) != nil else { continue }
            let descriptor = open("\(path)/\(name)/schedstat", O_RDONLY | O_CLOEXEC)
            if descriptor >= 0 { descriptors.append(descriptor) }
        }
        self.descriptors = descriptors
    }

    /// The sum over the threads, in nanoseconds.
    func nanoseconds() -> UInt64 {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 128) { text in
            var sum: UInt64 = 0
            for descriptor in descriptors {
                let count = pread(descriptor, text.baseAddress, text.count, 0)
                var fields = 0
                var number: UInt64 = 0
                for byte in text.prefix(max(0, count)) where fields < 2 {
                    if byte.isASCIIDigit {
                        number = number &* 10 &+ UInt64(byte &- 0x30)  // the kernel's own number: fits 64 bits
                    } else {
                        fields += 1
                        if fields == 2 { sum &+= number }
                        number = 0
                    }
                }
            }
            return sum
        }
    }
}
