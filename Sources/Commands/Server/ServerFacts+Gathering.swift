import CAllocator
import CLinux
import CPrimitives
import Configuration
import Store
import Telemetry

/// Gathering the facts from a running daemon. O(shards + loops × commands), each shard locked for a moment.
extension ServerFacts {
    /// - Parameters:
    ///   - withCommands: whether statistics of commands are wanted too.
    ///   - locking: false when the caller holds all shards.
    init(_ shared: SharedState, withCommands: Bool, locking: Bool) {
        let values = shared.configuration.values
        let server = shared.control?.statistics ?? ServerStatistics()
        let store = shared.store.statistics(locking: locking)
        gatherProcess(shared, values)
        gatherMemory(shared, store)
        clients.connectedCount = server.connectedClients
        clients.maximumCount = shared.configuration.settings.maxClients
        clients.blockedCount = server.blockedClients
        clients.bufferByteCount = server.connectionBufferBytes
        clients.recentInputByteCount = server.recentInputBytes
        clients.recentOutputByteCount = server.recentOutputBytes
        clients.watchingCount = shared.watchingClientCount
        clients.watchedKeyCount = store.watchedKeyCount
        clients.trackingCount = shared.tracking.clientCount
        gatherStatistics(shared, server, store)
        processor = ProcessReading.processor
        shardCount = shared.store.shardCount
        entryCount = store.entryCount
        replicationID = shared.runID
        errors = shared.errorCounts
        gatherDatabases(shared, locking: locking)
        rules = RuleFacts.all(shared, locking: locking)
        if withCommands { gatherCommands(shared, values) }
        shared.diagnostics.complete(&self)
    }

    private mutating func gatherProcess(_ shared: SharedState, _ values: ParameterValues) {
        process.redisVersion = values.compatibilityVersion
        process.nearcachedVersion = SharedState.version
        process.operatingSystem = ProcessReading.operatingSystem
        process.processID = getpid()
        process.isSupervised = getenv("NOTIFY_SOCKET") != nil && values.supervision != .no
        process.runID = shared.runID
        process.tcpPort = Int(values.port ?? 0)
        process.wallMicroseconds = Int64(nc_wall_nanoseconds() / 1_000)
        process.uptimeSeconds = shared.uptimeSeconds
        process.executablePath = ProcessReading.executablePath
        process.configurationPath = shared.configuration.filePath ?? ""
        process.loopCount = shared.loopCount
    }

    private mutating func gatherMemory(_ shared: SharedState, _ store: Store.Statistics) {
        let allocator = nc_allocator_read_statistics()
        memory.usedBytes = store.totalBytes
        memory.datasetBytes = store.entryBytes
        memory.tableBytes = store.tableBytes
        memory.tagBytes = shared.store.tagBytes
        memory.detachedBytes = store.detachedBytes
        memory.compaction = shared.store.compaction
        memory.residentBytes = ProcessReading.residentBytes
        memory.systemBytes = ProcessReading.systemBytes
        memory.maximumBytes = shared.store.maximumBytes
        memory.maximumEntryCount = shared.store.maximumEntryCount
        memory.policyName = "\(shared.store.policy.name)"
        memory.allocatorName = String(cString: nc_allocator_name())
        memory.allocatedBytes = Int(allocator.allocated)
        memory.activeBytes = Int(allocator.active)
        memory.allocatorResidentBytes = Int(allocator.resident)
        memory.pendingEntryCount = shared.store.reclaimPendingCount
    }

    private mutating func gatherStatistics(
        _ shared: SharedState, _ server: ServerStatistics, _ store: Store.Statistics
    ) {
        let counters = shared.counters
        statistics.connectionCount = server.receivedConnections
        statistics.rejectedConnectionCount = server.rejectedConnections
        statistics.commandCount = counters.sum(.commandsProcessed)
        statistics.inputByteCount = server.inputBytes
        statistics.outputByteCount = server.outputBytes
        statistics.expiredCount = store.expiredCount
        statistics.evictedCount = store.evictedCount
        statistics.invalidatedCount = counters.sum(.invalidatedKeys)
        statistics.evictedClientCount = server.evictedClients
        statistics.hitCount = counters.sum(.keyspaceHits)
        statistics.missCount = counters.sum(.keyspaceMisses)
        statistics.errorCount = counters.sum(.errorReplies)
        statistics.readCount = server.readEvents
        statistics.writeCount = server.writeEvents
        statistics.queryBufferDisconnectionCount = server.queryLimitDisconnections
        statistics.outputBufferDisconnectionCount = server.outputLimitDisconnections
        statistics.deniedAuthenticationCount = counters.sum(.authenticationFailures)
        statistics.delayedAuthenticationCount = counters.sum(.delayedAuthentications)
        statistics.trackedKeyCount = store.trackedKeyCount
        statistics.trackedReaderCount = store.trackedReaderCount
        statistics.trackedPrefixCount = shared.tracking.prefixCount
        statistics.tagCount = shared.store.tagCount
        statistics.tagInvalidationCount = Int(clamping: shared.store.invalidationCount)
        statistics.tagPendingCount = shared.store.reapPendingCount
        statistics.staleCount = shared.store.staleEntryCount
        statistics.leaseCount = shared.store.leaseCount
        statistics.leaseWaiterCount = store.leaseWaiterCount
        statistics.leaseWinCount = counters.sum(.leaseWins)
        statistics.leaseWaitCount = counters.sum(.leaseWaits)
        statistics.leaseRefusalCount = counters.sum(.leaseRefusals)
        statistics.turnCount = server.eventLoopCycles
        statistics.changeCount = store.changeCount
        statistics.lastSaveSeconds = shared.startSeconds
    }

    private mutating func gatherDatabases(_ shared: SharedState, locking: Bool) {
        for index in 0..<shared.store.databaseCount {
            let held = shared.store.statistics(database: index, locking: locking)
            guard held.entryCount > 0 else { continue }
            databases.append(
                Database(index: index, keyCount: held.entryCount, expiringCount: held.volatileCount))
        }
    }

    private mutating func gatherCommands(_ shared: SharedState, _ values: ParameterValues) {
        let percentiles = shared.configuration.settings.isLatencyTracked ? values.latencyPercentiles : []
        for (index, name) in shared.table.names.enumerated() {
            let counts = shared.commandStatistics(of: index)
            var command = Command(name: name)
            command.callCount = counts.calls
            command.microseconds = counts.nanoseconds / 1_000
            command.rejectedCount = counts.rejected
            command.failedCount = counts.failed
            if !percentiles.isEmpty, counts.calls > 0, let summary = shared.latencySummary(of: index) {
                command.percentiles = percentiles.map {
                    (name: $0.text, microseconds: Double(summary.nanoseconds(percentile: $0.value)) / 1_000)
                }
            }
            commands.append(command)
        }
    }
}

extension SharedState {
    /// nearcached's own version.
    public static let version = "0.1.0"

    /// Unix seconds of the start.
    var startSeconds: Int64 { clock.startMilliseconds / 1_000 }

    /// Seconds since the start, by the monotonic clock.
    var uptimeSeconds: Int64 {
        (clock.milliseconds(atNanoseconds: nc_monotonic_nanoseconds()) - clock.startMilliseconds) / 1_000
    }
}
