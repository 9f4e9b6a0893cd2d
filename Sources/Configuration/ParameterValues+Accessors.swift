/// The values by what they mean to their readers.
extension ParameterValues {
    // MARK: Network

    /// Addresses to listen on, at most 16; none turns TCP off.
    public var bindAddresses: [BindAddress] {
        words(.bind).map { word in
            let isOptional = word.hasPrefix("-")
            return BindAddress(address: isOptional ? String(word.dropFirst()) : word, isOptional: isOptional)
        }
    }

    /// TCP port; nil turns TCP off.
    public var port: UInt16? { integer(.port) == 0 ? nil : UInt16(clamping: integer(.port)) }

    /// Path of the Unix socket, at most 107 bytes; nil for none.
    public var unixSocketPath: String? { path(.unixSocket) }

    /// Permission bits of the Unix socket, 1 to 0o777; nil leaves them to the umask.
    public var unixSocketPermissions: UInt32? {
        integer(.unixSocketPermissions) == 0 ? nil : UInt32(clamping: integer(.unixSocketPermissions))
    }

    public var isProtected: Bool { boolean(.protectedMode) }

    /// The password that clients must give, as bytes to compare in constant time; nil for none.
    public var password: [UInt8]? { text(.requirePass).isEmpty ? nil : Array(text(.requirePass).utf8) }

    /// The argument of listen(2), 0 to 2^31 - 1.
    public var tcpBacklog: Int32 { Int32(clamping: integer(.tcpBacklog)) }

    // MARK: Clients

    /// 1 to 2^32 - 1.
    public var maxClients: Int { Int(integer(.maxClients)) }

    /// Bytes that all clients together may take; 0 for no bound. As in Redis never below 128 KiB, or nobody could connect.
    public var maxMemoryClientsBytes: Int64 {
        let bytes = memory(.maxMemoryClients) { min(64 << 20, $0 / 2) }
        return bytes == 0 ? 0 : max(bytes, 128 << 10)
    }

    // MARK: Store

    /// 1 to 128.
    public var databaseCount: Int { Int(integer(.databases)) }

    /// Bytes, with a percentage resolved; 0 for no bound.
    public var maxMemoryBytes: Int64 { integer(.maxMemory) }

    /// 0 for no bound.
    public var maxEntries: Int64 { integer(.maxEntries) }

    /// Commands that the slow log keeps.
    public var slowlogMaximumCount: Int { Int(integer(.slowlogMaxLen)) }

    public var maxMemoryPolicy: MaxMemoryPolicy { choice(.maxMemoryPolicy) }

    /// 0 to 2^31 - 1.
    public var lfuLogFactor: Int { Int(integer(.lfuLogFactor)) }

    /// 0 (never) to 2^31 - 1.
    public var lfuDecayMinutes: Int { Int(integer(.lfuDecayTime)) }

    /// 1 to 10.
    public var activeExpireEffort: Int { Int(integer(.activeExpireEffort)) }

    // MARK: Rules

    /// The rules in the order of their definition, at most `Rule.maximumCount`, each name once.
    public var rules: [Rule] {
        guard case .rules(let rules) = self[.rules] else { preconditionFailure("rule is no rules in the table") }
        return rules
    }

    // MARK: Monitoring

    /// Percentiles in the order they were given, each with the words that it was given in.
    public var latencyPercentiles: [(text: String, value: Double)] {
        words(.latencyTrackingInfoPercentiles).compactMap { word in
            ParameterKind.percentile(word).map { (text: word, value: $0) }
        }
    }

    // MARK: Process

    /// Event loops to run, at least 1: 0 in the table is the number of cores that the process may use.
    public var loops: Int {
        let count = Int(integer(.loops))
        return count > 0 ? count : Self.coreCount
    }

    /// Read once: a CONFIG GET in ten years must tell the number of loops that were started.
    private static let coreCount = MachineResources.coreCount

    public var logThreshold: LogThreshold { choice(.logLevel) }

    /// Path of the log file; nil for stderr.
    public var logFilePath: String? { path(.logFile) }

    public var logFormat: LogFormat { choice(.logFormat) }

    public var supervision: Supervision { choice(.supervised) }

    /// Path of the file for the process id; nil for none.
    public var pidFilePath: String? { path(.pidFile) }

    /// Three numbers with dots.
    public var compatibilityVersion: String { text(.compatibilityVersion) }

    public var debugCommandAccess: DebugCommandAccess { choice(.enableDebugCommand) }

    private func path(_ name: ParameterName) -> String? { text(name).isEmpty ? nil : text(name) }
}
