extension ParameterTable {
    static let process = ParameterSection(
        title: "Process",
        parameters: [
            Parameter(
                .loops, .integer(0...1024, unit: ""), .integer(0),
                "Number of event loops, each a thread; 0 for as many as there are cores that the process may use."),
            Parameter(
                .logLevel, .choice(LogThreshold.allCases.map(\.rawValue)), .text(LogThreshold.notice.rawValue),
                isMutable: true,
                "What is logged: debug is all, then verbose, notice, warning; nothing turns the log off."),
            Parameter(
                .logFile, .text(maximumBytes: 4095), .text(""),
                "Path of the log file; empty for stderr. SIGHUP opens it anew, after a rotation."),
            Parameter(
                .logFormat, .choice(LogFormat.allCases.map(\.rawValue)), .text(LogFormat.auto.rawValue),
                """
                plain lines have process, time and level; journald lines have the priority that the journal reads and \
                leave the rest to it; auto takes journald when stderr goes to the journal.
                """),
            Parameter(
                .supervised, .choice(Supervision.allCases.map(\.rawValue)), .text(Supervision.auto.rawValue),
                """
                Whether to tell systemd when the daemon is ready, alive and stopping: systemd insists on \
                NOTIFY_SOCKET, auto does when it is set, no never does.
                """),
            Parameter(
                .pidFile, .text(maximumBytes: 4095), .text(""),
                "Path of a file to write the process id to; empty for none. It is removed at the end."),
            Parameter(
                .compatibilityVersion, .version, .text("7.4.5"),
                """
                The Redis version that HELLO and INFO report. Clients decide by it which commands they may send: do not \
                raise it above what your clients were tested with.
                """),
            Parameter(
                .enableDebugCommand, .choice(DebugCommandAccess.allCases.map(\.rawValue)),
                .text(DebugCommandAccess.no.rawValue),
                "Who may use DEBUG: nobody (no), everybody (yes), or clients on this machine (local). For tests."),
        ]
    )

    static let facts = ParameterSection(
        title: "Facts",
        parameters: [
            .fact(.save, "", "A cache writes no snapshots."),
            .fact(.appendOnly, "no", "A cache keeps no append-only file."),
            .fact(.appendFsync, "no", "A cache keeps no append-only file."),
            .fact(.rdbCompression, "yes", "DUMP compresses long values as Redis does."),
            .fact(.replicaReadOnly, "yes", aliases: ["slave-read-only"], "Nothing replicates from or to a cache."),
            .fact(.replicaOf, "", aliases: ["slaveof"], "Nothing replicates from or to a cache."),
            .fact(.clusterEnabled, "no", "The cache is a single node."),
            .fact(.ioThreads, "", "The number of event loops, which the parameter loops decides."),
            .fact(.daemonize, "no", "The daemon stays in the foreground, under its supervisor."),
            .fact(.notifyKeyspaceEvents, "", "No keyspace notifications are sent."),
        ]
    )
}

/// The least level that is logged.
public enum LogThreshold: String, CaseIterable, Sendable { case debug, verbose, notice, warning, nothing }

/// The form of a log line.
public enum LogFormat: String, CaseIterable, Sendable { case auto, plain, journald }

/// Whether a service manager is notified.
public enum Supervision: String, CaseIterable, Sendable { case no, systemd, auto }

/// Who may use DEBUG.
public enum DebugCommandAccess: String, CaseIterable, Sendable { case no, yes, local }
