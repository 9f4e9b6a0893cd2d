import Store

/// The sections about what is held and what was done: Memory, Stats, Commandstats, Errorstats, Latencystats, Keyspace.
extension InfoSection {
    @Sendable static func writeMemory(_ report: inout InfoReport, _ facts: ServerFacts) {
        let memory = facts.memory
        report.bytes("used_memory", memory.usedBytes)
        report.bytes("used_memory_rss", memory.residentBytes)
        report.bytes("used_memory_peak", memory.peakBytes)
        report.field("used_memory_peak_perc", NumberText.percentage(memory.usedBytes, of: memory.peakBytes))
        report.field("used_memory_overhead", memory.overheadBytes)
        report.field("used_memory_startup", memory.startupBytes)
        report.field("used_memory_dataset", memory.datasetBytes)
        let net = max(0, memory.usedBytes - memory.startupBytes)
        report.field("used_memory_dataset_perc", NumberText.percentage(min(memory.datasetBytes, net), of: net))
        report.field("allocator_allocated", memory.allocatedBytes)
        report.field("allocator_active", memory.activeBytes)
        report.field("allocator_resident", memory.allocatorResidentBytes)
        report.field("allocator_muzzy", 0)
        report.bytes("total_system_memory", memory.systemBytes)
        writeScriptMemory(&report)
        report.bytes("maxmemory", memory.maximumBytes)
        report.field("maxmemory_policy", memory.policyName)
        report.field("entries", facts.entryCount)
        report.field("max_entries", memory.maximumEntryCount)
        report.field("table_memory", memory.tableBytes)
        report.field("tag_memory", memory.tagBytes)
        report.field("allocator_frag_ratio", NumberText.ratio(memory.activeBytes, memory.allocatedBytes))
        report.field("allocator_frag_bytes", memory.activeBytes - memory.allocatedBytes)
        report.field("allocator_rss_ratio", NumberText.ratio(memory.allocatorResidentBytes, memory.activeBytes))
        report.field("allocator_rss_bytes", memory.allocatorResidentBytes - memory.activeBytes)
        report.field("rss_overhead_ratio", NumberText.ratio(memory.residentBytes, memory.allocatorResidentBytes))
        report.field("rss_overhead_bytes", memory.residentBytes - memory.allocatorResidentBytes)
        report.field("mem_fragmentation_ratio", NumberText.ratio(memory.residentBytes, memory.usedBytes))
        report.field("mem_fragmentation_bytes", memory.residentBytes - memory.usedBytes)
        report.zeros(
            "mem_not_counted_for_evict", "mem_replication_backlog", "mem_total_replication_buffers",
            "mem_clients_slaves")
        report.field("mem_clients_normal", facts.clients.bufferByteCount)
        report.zeros("mem_cluster_links", "mem_aof_buffer")
        report.field("mem_allocator", memory.allocatorName)
        report.field("active_defrag_running", memory.compaction.isRunning ? 1 : 0)
        report.field("lazyfree_pending_bytes", memory.detachedBytes)
        report.field("lazyfree_pending_objects", memory.pendingEntryCount)
        report.field("lazyfreed_objects", 0)
    }

    /// There are no scripts and functions; tools read the fields all the same.
    private static func writeScriptMemory(_ report: inout InfoReport) {
        report.zeros("used_memory_vm_eval")
        report.bytes("used_memory_lua", 0)
        report.zeros(
            "used_memory_scripts_eval", "number_of_cached_scripts", "number_of_functions", "number_of_libraries",
            "used_memory_vm_functions")
        report.bytes("used_memory_vm_total", 0)
        report.zeros("used_memory_functions")
        report.bytes("used_memory_scripts", 0)
    }

    @Sendable static func writeStatistics(_ report: inout InfoReport, _ facts: ServerFacts) {
        let statistics = facts.statistics
        report.field("total_connections_received", statistics.connectionCount)
        report.field("total_commands_processed", statistics.commandCount)
        report.field("instantaneous_ops_per_sec", statistics.commandsPerSecond)
        report.field("total_net_input_bytes", statistics.inputByteCount)
        report.field("total_net_output_bytes", statistics.outputByteCount)
        report.zeros("total_net_repl_input_bytes", "total_net_repl_output_bytes")
        report.field("instantaneous_input_kbps", NumberText.fixed(statistics.inputKilobytesPerSecond, 2))
        report.field("instantaneous_output_kbps", NumberText.fixed(statistics.outputKilobytesPerSecond, 2))
        report.field("instantaneous_input_repl_kbps", "0.00")
        report.field("instantaneous_output_repl_kbps", "0.00")
        report.field("rejected_connections", statistics.rejectedConnectionCount)
        report.zeros("sync_full", "sync_partial_ok", "sync_partial_err", "expired_subkeys")
        report.field("expired_keys", statistics.expiredCount)
        report.field("expired_stale_perc", "0.00")
        report.zeros("expired_time_cap_reached_count", "expire_cycle_cpu_milliseconds")
        report.field("evicted_keys", statistics.evictedCount)
        report.field("invalidated_keys", statistics.invalidatedCount)
        report.field("evicted_clients", statistics.evictedClientCount)
        report.zeros("evicted_scripts", "total_eviction_exceeded_time", "current_eviction_exceeded_time")
        report.field("tags", statistics.tagCount)
        report.field("tag_invalidations", statistics.tagInvalidationCount)
        report.field("tag_pending_reap", statistics.tagPendingCount)
        report.field("stale_keys", statistics.staleCount)
        report.field("keyspace_hits", statistics.hitCount)
        report.field("keyspace_misses", statistics.missCount)
        report.zeros(
            "pubsub_channels", "pubsub_patterns", "pubsubshard_channels", "latest_fork_usec", "total_forks",
            "migrate_cached_sockets", "slave_expires_tracked_keys")
        // An entry is one allocation: what moves is a key.
        let compaction = facts.memory.compaction
        report.field("active_defrag_hits", compaction.movedCount)
        report.field("active_defrag_misses", compaction.keptCount)
        report.field("active_defrag_key_hits", compaction.movedCount)
        report.field("active_defrag_key_misses", compaction.keptCount)
        report.field("total_active_defrag_time", compaction.nanoseconds / 1_000_000)
        report.field("current_active_defrag_time", 0)
        report.field("tracking_total_keys", statistics.trackedKeyCount)
        report.field("tracking_total_items", statistics.trackedReaderCount)
        report.field("tracking_total_prefixes", statistics.trackedPrefixCount)
        report.field("leases", statistics.leaseCount)
        report.field("lease_waiters", statistics.leaseWaiterCount)
        report.field("lease_wins", statistics.leaseWinCount)
        report.field("lease_waits", statistics.leaseWaitCount)
        report.field("lease_refused_sets", statistics.leaseRefusalCount)
        report.field("unexpected_error_replies", 0)
        report.field("total_error_replies", statistics.errorCount)
        report.field("dump_payload_sanitizations", 0)
        report.field("total_reads_processed", statistics.readCount)
        report.field("total_writes_processed", statistics.writeCount)
        report.zeros("io_threaded_reads_processed", "io_threaded_writes_processed")
        report.field("client_query_buffer_limit_disconnections", statistics.queryBufferDisconnectionCount)
        report.field("client_output_buffer_limit_disconnections", statistics.outputBufferDisconnectionCount)
        report.zeros("reply_buffer_shrinks", "reply_buffer_expands")
        report.field("eventloop_cycles", statistics.turnCount)
        report.field("acl_access_denied_auth", statistics.deniedAuthenticationCount)
        report.field("acl_delayed_auth_replies", statistics.delayedAuthenticationCount)
        report.zeros("acl_access_denied_cmd", "acl_access_denied_key", "acl_access_denied_channel")
    }

    @Sendable static func writeCommandStatistics(_ report: inout InfoReport, _ facts: ServerFacts) {
        for command in facts.commands
        where command.callCount > 0 || command.rejectedCount > 0 || command.failedCount > 0 {
            let average = command.callCount == 0 ? 0 : Double(command.microseconds) / Double(command.callCount)
            report.line(
                "cmdstat_\(command.name):calls=\(command.callCount),usec=\(command.microseconds)"
                    + ",usec_per_call=\(NumberText.fixed(average, 2)),rejected_calls=\(command.rejectedCount)"
                    + ",failed_calls=\(command.failedCount)")
        }
    }

    @Sendable static func writeErrorStatistics(_ report: inout InfoReport, _ facts: ServerFacts) {
        for error in facts.errors where error.count > 0 {
            report.line("errorstat_\(error.code):count=\(error.count)")
        }
    }

    @Sendable static func writeLatencyStatistics(_ report: inout InfoReport, _ facts: ServerFacts) {
        for command in facts.commands where !command.percentiles.isEmpty {
            let values = command.percentiles.map { "p\($0.name)=\(NumberText.fixed($0.microseconds, 3))" }
            report.line("latency_percentiles_usec_\(command.name):\(values.joined(separator: ","))")
        }
    }

    @Sendable static func writeRules(_ report: inout InfoReport, _ facts: ServerFacts) {
        for rule in facts.rules {
            let fields = rule.numbers.map { "\($0.name)=\($0.number)" }.joined(separator: ",")
            report.line("rule_\(rule.name):\(fields)")
        }
    }

    @Sendable static func writeKeyspace(_ report: inout InfoReport, _ facts: ServerFacts) {
        for database in facts.databases where database.keyCount > 0 {
            report.line(
                "db\(database.index):keys=\(database.keyCount),expires=\(database.expiringCount)"
                    + ",avg_ttl=\(database.averageTTLMilliseconds),subexpiry=0")
        }
    }
}
