/// The parameters, by the names they have in the file, on the command line and in CONFIG.
///
/// The order is the order of the conf file and of `--help`.
public enum ParameterName: String, CaseIterable, Sendable {
    // Network
    case bind
    case port
    case unixSocket = "unixsocket"
    case unixSocketPermissions = "unixsocketperm"
    case protectedMode = "protected-mode"
    case requirePass = "requirepass"
    case tcpBacklog = "tcp-backlog"
    case tcpKeepalive = "tcp-keepalive"
    case timeout
    // Clients
    case maxClients = "maxclients"
    case protoMaxBulkLen = "proto-max-bulk-len"
    case clientQueryBufferLimit = "client-query-buffer-limit"
    case clientOutputBufferLimit = "client-output-buffer-limit"
    case maxMemoryClients = "maxmemory-clients"
    case trackingTableMaxKeys = "tracking-table-max-keys"
    // Store
    case databases
    case maxMemory = "maxmemory"
    case maxEntries = "max-entries"
    case maxMemoryPolicy = "maxmemory-policy"
    case lfuLogFactor = "lfu-log-factor"
    case lfuDecayTime = "lfu-decay-time"
    case activeExpireEffort = "active-expire-effort"
    case refreshAhead = "refresh-ahead"
    case defaultStale = "default-stale"
    case tagKeysMax = "tag-keys-max"
    // Rules
    case rules = "rule"
    // Monitoring
    case slowlogLogSlowerThan = "slowlog-log-slower-than"
    case slowlogMaxLen = "slowlog-max-len"
    case latencyMonitorThreshold = "latency-monitor-threshold"
    case latencyTracking = "latency-tracking"
    case latencyTrackingInfoPercentiles = "latency-tracking-info-percentiles"
    // Process
    case loops
    case logLevel = "loglevel"
    case logFile = "logfile"
    case logFormat = "log-format"
    case supervised
    case pidFile = "pidfile"
    case compatibilityVersion = "compatibility-version"
    case enableDebugCommand = "enable-debug-command"
    // Facts
    case save
    case appendOnly = "appendonly"
    case appendFsync = "appendfsync"
    case rdbCompression = "rdbcompression"
    case replicaReadOnly = "replica-read-only"
    case replicaOf = "replicaof"
    case clusterEnabled = "cluster-enabled"
    case ioThreads = "io-threads"
    case daemonize
    case notifyKeyspaceEvents = "notify-keyspace-events"
}
