import CLinux

/// Limits of the process.
public enum ResourceLimits {
    /// Raises the limit of open files to `wanted` or as near to it as the hard limit allows, never lowers it.
    ///
    /// - Returns: the limit now.
    public static func raiseOpenFiles(to wanted: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(RLIMIT_NOFILE, &limit) == 0 else { return 1024 }
        guard limit.rlim_cur < rlim_t(wanted) else { return Int(clamping: limit.rlim_cur) }
        var raised = limit
        raised.rlim_cur = rlim_t(wanted)
        raised.rlim_max = max(limit.rlim_max, raised.rlim_cur)  // allowed to root only
        if setrlimit(RLIMIT_NOFILE, &raised) == 0 { return wanted }
        raised.rlim_cur = min(rlim_t(wanted), limit.rlim_max)
        raised.rlim_max = limit.rlim_max
        if setrlimit(RLIMIT_NOFILE, &raised) == 0 { return Int(clamping: raised.rlim_cur) }
        return Int(clamping: limit.rlim_cur)
    }
}
