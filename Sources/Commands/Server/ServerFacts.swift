import Store

/// Everything that INFO and MEMORY STATS report, gathered at one moment. Plain values: the reports are made of it
/// without a store or a server.
struct ServerFacts {
    struct Process {
        var redisVersion = ""
        var nearcachedVersion = ""
        var operatingSystem = ""
        var processID: Int32 = 0
        var isSupervised = false
        var runID = ""
        var tcpPort = 0
        var wallMicroseconds: Int64 = 0
        var uptimeSeconds: Int64 = 0
        var executablePath = ""
        var configurationPath = ""
        var loopCount = 0
    }

    struct Clients {
        var connectedCount = 0
        var maximumCount = 0
        var blockedCount = 0
        var watchingCount = 0
        var watchedKeyCount = 0
        /// Clients under CLIENT TRACKING.
        var trackingCount = 0
        var recentInputByteCount = 0
        var recentOutputByteCount = 0
        var bufferByteCount = 0
    }

    struct Memory {
        var usedBytes = 0
        var peakBytes = 0
        var startupBytes = 0
        var datasetBytes = 0
        var tableBytes = 0
        var tagBytes = 0
        var detachedBytes = 0
        var compaction = Store.Compaction()
        var residentBytes = 0
        var systemBytes = 0
        var maximumBytes = 0
        var maximumEntryCount = 0
        var policyName = ""
        var allocatorName = ""
        var allocatedBytes = 0
        var activeBytes = 0
        var allocatorResidentBytes = 0
        /// Entries flushed and not yet freed.
        var pendingEntryCount = 0
        var overheadBytes: Int { max(0, usedBytes - datasetBytes) }
    }

    struct Statistics {
        var connectionCount: UInt64 = 0
        var rejectedConnectionCount: UInt64 = 0
        var commandCount: UInt64 = 0
        var commandsPerSecond: Int = 0
        var inputByteCount: UInt64 = 0
        var outputByteCount: UInt64 = 0
        var inputKilobytesPerSecond = 0.0
        var outputKilobytesPerSecond = 0.0
        var expiredCount: UInt64 = 0
        var evictedCount: UInt64 = 0
        var invalidatedCount: UInt64 = 0
        var evictedClientCount: UInt64 = 0
        var hitCount: UInt64 = 0
        var missCount: UInt64 = 0
        var errorCount: UInt64 = 0
        var readCount: UInt64 = 0
        var writeCount: UInt64 = 0
        var queryBufferDisconnectionCount: UInt64 = 0
        var outputBufferDisconnectionCount: UInt64 = 0
        var deniedAuthenticationCount: UInt64 = 0
        /// Of those, the ones whose replies were held back.
        var delayedAuthenticationCount: UInt64 = 0
        var trackedKeyCount = 0
        /// Clients that have read those keys, each counted for every one.
        var trackedReaderCount = 0
        var trackedPrefixCount = 0
        var tagCount = 0
        var tagInvalidationCount = 0
        var tagPendingCount = 0
        var staleCount = 0
        var leaseCount = 0
        var leaseWaiterCount = 0
        var leaseWinCount: UInt64 = 0
        var leaseWaitCount: UInt64 = 0
        /// Values that came when their leases were void.
        var leaseRefusalCount: UInt64 = 0
        var turnCount: UInt64 = 0
        var changeCount: UInt64 = 0
        var lastSaveSeconds: Int64 = 0
    }

    /// Times in microseconds.
    struct Processor {
        var systemMicroseconds: Int64 = 0
        var userMicroseconds: Int64 = 0
        var childSystemMicroseconds: Int64 = 0
        var childUserMicroseconds: Int64 = 0
    }

    struct Command {
        /// With its container: `config|get`.
        var name = ""
        var callCount: UInt64 = 0
        var microseconds: UInt64 = 0
        var rejectedCount: UInt64 = 0
        var failedCount: UInt64 = 0
        /// The percentiles asked for, as text and in microseconds; empty when latency tracking has nothing.
        var percentiles: [(name: String, microseconds: Double)] = []
    }

    struct Database {
        var index = 0
        var keyCount = 0
        var expiringCount = 0
        var averageTTLMilliseconds: Int64 = 0
    }

    var process = Process()
    var clients = Clients()
    var memory = Memory()
    var statistics = Statistics()
    var processor = Processor()
    var shardCount = 0
    var entryCount = 0
    var replicationID = ""
    var commands: [Command] = []
    var errors: [(code: String, count: UInt64)] = []
    var databases: [Database] = []
    var rules: [RuleFacts] = []
}
