import CLinux
import Primitives

/// What the machine, or the control group that this process is in, lets the process have.
public enum MachineResources {
    /// Bytes of memory: the smallest of the machine's and of every limit on the way up the control groups.
    ///
    /// The machine's memory comes from sysinfo(2): under systemd's `ProcSubset=pid` there is no /proc/meminfo.
    public static var memoryBytes: Int64 {
        var information = sysinfo()
        guard sysinfo(&information) == 0 else { return 1 << 30 }
        let (bytes, overflow) = Int64(clamping: information.totalram)
            .multipliedReportingOverflow(by: Int64(information.mem_unit))
        var smallest = overflow ? Int64.max : bytes
        for path in controlGroupFiles(unified: "memory.max", legacy: ("memory", "memory.limit_in_bytes")) {
            guard let text = SmallFile.firstLine(path), let limit = wholeNumber(text), limit > 0 else { continue }
            smallest = min(smallest, limit)
        }
        return smallest
    }

    /// The number of cores that the process may use, at least 1: those of its affinity mask, or as many as its control
    /// group's share of time fills, rounded up.
    public static var coreCount: Int {
        var mask = cpu_set_t()
        var cores = 1
        if sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &mask) == 0 {
            cores = withUnsafeBytes(of: mask) { $0.reduce(0) { $0 + $1.nonzeroBitCount } }
        }
        for path in controlGroupFiles(unified: "cpu.max", legacy: nil) {
            let words = SmallFile.firstLine(path)?.split(separator: " ") ?? []
            guard words.count == 2, let quota = wholeNumber(String(words[0])), quota > 0,
                let period = wholeNumber(String(words[1])), period > 0
            else { continue }
            cores = min(cores, Int(clamping: (quota - 1) / period + 1))
        }
        return max(cores, 1)
    }

    /// The control files that apply to this process, from its own group up to the root.
    private static func controlGroupFiles(unified: String, legacy: (controller: String, file: String)?) -> [String] {
        var paths: [String] = []
        for line in SmallFile.lines("/proc/self/cgroup") {
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            if fields[1].isEmpty {
                paths += walkUp(from: String(fields[2]), root: "/sys/fs/cgroup", file: unified)
            } else if let legacy, fields[1].split(separator: ",").contains(Substring(legacy.controller)) {
                paths += walkUp(
                    from: String(fields[2]), root: "/sys/fs/cgroup/\(legacy.controller)", file: legacy.file)
            }
        }
        return paths
    }

    private static func walkUp(from group: String, root: String, file: String) -> [String] {
        var components = group.split(separator: "/")
        var paths: [String] = []
        // A container sees its own group as the root while /proc names the path outside: then only the root exists.
        while true {
            paths.append(([Substring(root)] + components + [Substring(file)]).joined(separator: "/"))
            if components.popLast() == nil { return paths }
        }
    }
}
