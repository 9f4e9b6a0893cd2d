/// The sections about the process: Server, Clients, CPU, Replication, Persistence.
extension InfoSection {
    @Sendable static func writeServer(_ report: inout InfoReport, _ facts: ServerFacts) {
        let process = facts.process
        report.field("redis_version", process.redisVersion)
        report.field("nearcached_version", process.nearcachedVersion)
        report.field("redis_git_sha1", "00000000")
        report.field("redis_git_dirty", 0)
        report.field("redis_build_id", "nearcached-\(process.nearcachedVersion)")
        report.field("redis_mode", "standalone")
        report.field("os", process.operatingSystem)
        report.field("arch_bits", Int.bitWidth)
        report.field("monotonic_clock", "POSIX clock_gettime")
        report.field("multiplexing_api", "epoll")
        report.field("process_id", Int64(process.processID))
        report.field("process_supervised", process.isSupervised ? "systemd" : "no")
        report.field("run_id", process.runID)
        report.field("tcp_port", process.tcpPort)
        report.field("server_time_usec", process.wallMicroseconds)
        report.field("uptime_in_seconds", process.uptimeSeconds)
        report.field("uptime_in_days", process.uptimeSeconds / 86_400)
        // The rate of the sweep for entries past their deadline.
        report.field("hz", 1)
        report.field("configured_hz", 1)
        report.field("executable", process.executablePath)
        report.field("config_file", process.configurationPath)
        report.field("io_threads_active", flag: process.loopCount > 1)
        report.field("loops", process.loopCount)
        report.field("shards", facts.shardCount)
    }

    @Sendable static func writeClients(_ report: inout InfoReport, _ facts: ServerFacts) {
        let clients = facts.clients
        report.field("connected_clients", clients.connectedCount)
        report.field("cluster_connections", 0)
        report.field("maxclients", clients.maximumCount)
        report.field("client_recent_max_input_buffer", clients.recentInputByteCount)
        report.field("client_recent_max_output_buffer", clients.recentOutputByteCount)
        report.field("blocked_clients", clients.blockedCount)
        report.field("tracking_clients", clients.trackingCount)
        report.field("pubsub_clients", 0)
        report.field("watching_clients", clients.watchingCount)
        report.field("clients_in_timeout_table", 0)
        report.field("total_watched_keys", clients.watchedKeyCount)
        report.zeros("total_blocking_keys", "total_blocking_keys_on_nokey")
    }

    @Sendable static func writeProcessor(_ report: inout InfoReport, _ facts: ServerFacts) {
        let processor = facts.processor
        report.field("used_cpu_sys", seconds(processor.systemMicroseconds))
        report.field("used_cpu_user", seconds(processor.userMicroseconds))
        report.field("used_cpu_sys_children", seconds(processor.childSystemMicroseconds))
        report.field("used_cpu_user_children", seconds(processor.childUserMicroseconds))
    }

    private static func seconds(_ microseconds: Int64) -> String {
        NumberText.fixed(Double(microseconds) / 1_000_000, 6)
    }

    @Sendable static func writeReplication(_ report: inout InfoReport, _ facts: ServerFacts) {
        report.field("role", "master")
        report.field("connected_slaves", 0)
        report.field("master_failover_state", "no-failover")
        report.field("master_replid", facts.replicationID)
        report.field("master_replid2", String(repeating: "0", count: 40))
        report.field("master_repl_offset", 0)
        report.field("second_repl_offset", -1)
        report.zeros(
            "repl_backlog_active", "repl_backlog_size", "repl_backlog_first_byte_offset", "repl_backlog_histlen")
    }

    /// Nothing is saved and nothing loaded: the fields say so in the way that a Redis without persistence says it.
    @Sendable static func writePersistence(_ report: inout InfoReport, _ facts: ServerFacts) {
        report.zeros(
            "loading", "async_loading", "current_cow_peak", "current_cow_size", "current_cow_size_age")
        report.field("current_fork_perc", "0.00")
        report.zeros("current_save_keys_processed", "current_save_keys_total")
        report.field("rdb_changes_since_last_save", facts.statistics.changeCount)
        report.field("rdb_bgsave_in_progress", 0)
        report.field("rdb_last_save_time", facts.statistics.lastSaveSeconds)
        report.field("rdb_last_bgsave_status", "ok")
        report.field("rdb_last_bgsave_time_sec", -1)
        report.field("rdb_current_bgsave_time_sec", -1)
        report.zeros(
            "rdb_saves", "rdb_last_cow_size", "rdb_last_load_keys_expired", "rdb_last_load_keys_loaded", "aof_enabled",
            "aof_rewrite_in_progress", "aof_rewrite_scheduled")
        report.field("aof_last_rewrite_time_sec", -1)
        report.field("aof_current_rewrite_time_sec", -1)
        report.field("aof_last_bgrewrite_status", "ok")
        report.zeros("aof_rewrites", "aof_rewrites_consecutive_failures")
        report.field("aof_last_write_status", "ok")
        report.zeros("aof_last_cow_size", "module_fork_in_progress", "module_fork_last_cow_size")
    }
}
