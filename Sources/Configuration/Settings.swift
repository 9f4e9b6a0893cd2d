/// What loops read on every turn: plain numbers, copied when the generation changes, so that a change by CONFIG SET
/// reaches every loop without a lock on the hot path.
public struct Settings: Sendable {
    /// The generation of the configuration that this copy is of.
    public internal(set) var generation: UInt64

    public let isProtected: Bool
    public let isPasswordRequired: Bool
    public let maxClients: Int
    /// 0 for never.
    public let timeoutSeconds: Int
    /// 0 for none.
    public let tcpKeepaliveSeconds: Int32
    public let protoMaxBulkBytes: Int
    public let clientQueryBufferLimitBytes: Int
    public let outputLimits: OutputLimits
    /// 0 for no bound.
    public let maxMemoryClientsBytes: Int
    /// 0 for no bound.
    public let trackingTableMaximumKeyCount: Int

    /// 0 for no bound.
    public let maxMemoryBytes: Int64
    /// 0 for no bound.
    public let maxEntries: Int64
    public let maxMemoryPolicy: MaxMemoryPolicy
    public let lfuLogFactor: Int
    /// 0 for never.
    public let lfuDecayMinutes: Int
    /// 1 to 10.
    public let activeExpireEffort: Int
    /// 0 for never.
    public let refreshAheadPercent: Int
    /// 0 for none.
    public let defaultStaleSeconds: UInt32
    public let tagKeysMaximumCount: Int

    /// -1 for none, 0 for every command.
    public let slowlogThresholdMicroseconds: Int64
    public let slowlogMaximumCount: Int
    /// 0 turns the monitor off.
    public let latencyMonitorThresholdMilliseconds: Int64
    public let isLatencyTracked: Bool
    public let logThreshold: LogThreshold

    init(_ values: ParameterValues, generation: UInt64) {
        self.generation = generation
        isProtected = values.isProtected
        isPasswordRequired = values.password != nil
        maxClients = Int(values.integer(.maxClients))
        timeoutSeconds = Int(values.integer(.timeout))
        tcpKeepaliveSeconds = Int32(clamping: values.integer(.tcpKeepalive))
        protoMaxBulkBytes = Int(values.integer(.protoMaxBulkLen))
        clientQueryBufferLimitBytes = Int(values.integer(.clientQueryBufferLimit))
        guard case .outputLimits(let limits) = values[.clientOutputBufferLimit] else {
            preconditionFailure("the table has output limits for client-output-buffer-limit")
        }
        outputLimits = limits
        maxMemoryClientsBytes = Int(values.maxMemoryClientsBytes)
        trackingTableMaximumKeyCount = Int(values.integer(.trackingTableMaxKeys))
        maxMemoryBytes = values.maxMemoryBytes
        maxEntries = values.maxEntries
        maxMemoryPolicy = values.maxMemoryPolicy
        lfuLogFactor = values.lfuLogFactor
        lfuDecayMinutes = values.lfuDecayMinutes
        activeExpireEffort = values.activeExpireEffort
        refreshAheadPercent = Int(values.integer(.refreshAhead))
        defaultStaleSeconds = UInt32(clamping: values.integer(.defaultStale))
        tagKeysMaximumCount = Int(values.integer(.tagKeysMax))
        slowlogThresholdMicroseconds = values.integer(.slowlogLogSlowerThan)
        slowlogMaximumCount = values.slowlogMaximumCount
        latencyMonitorThresholdMilliseconds = values.integer(.latencyMonitorThreshold)
        isLatencyTracked = values.boolean(.latencyTracking)
        logThreshold = values.logThreshold
    }
}
