extension ParameterTable {
    static let network = ParameterSection(
        title: "Network",
        parameters: [
            Parameter(
                .bind, .addresses, .words(["127.0.0.1", "-::1"]),
                """
                Addresses to listen on for TCP. A - before an address makes it no error when the machine does not have \
                it; * stands for every IPv4 address, ::* for every IPv6 address, "" for none. A near cache serves its \
                own machine, so the default is the loopback only. When systemd passes listening sockets (LISTEN_FDS), \
                these take the place of everything that bind, port and unixsocket name.
                """),
            Parameter(
                .port, .integer(0...65535, unit: ""), .integer(6379),
                "TCP port to listen on; 0 turns TCP off and leaves the Unix socket."),
            Parameter(
                .unixSocket, .text(maximumBytes: 107), .text(""),
                """
                Path of a Unix socket to listen on; empty for none. For clients on the same machine it costs less CPU \
                per request than TCP, and file permissions decide who may connect.
                """),
            Parameter(
                .unixSocketPermissions, .permissions, .permissions(0),
                "Permission bits of the Unix socket, such as 770; 0 leaves what the umask gives."),
            Parameter(
                .protectedMode, .boolean, .boolean(true), isMutable: true,
                """
                While no password is set, answer clients from other machines with an explanation and close, whatever \
                addresses are bound.
                """),
            Parameter(
                .requirePass, .text(maximumBytes: 512), .text(""), isMutable: true, isSecret: true,
                """
                Password that clients give with AUTH or HELLO before any other command; empty for none. Clients that \
                are connected when it changes stay authenticated. Make it long: after five failures the replies to an \
                address come later and later, but many addresses together can try thousands per second.
                """),
            Parameter(
                .tcpBacklog, .integer(0...Int64(Int32.max), unit: ""), .integer(511),
                """
                Connections that may wait to be accepted per listener. The kernel cuts it down to \
                net.core.somaxconn without a word.
                """),
            Parameter(
                .tcpKeepalive, .integer(0...Int64(Int32.max), unit: "seconds"), .integer(60), isMutable: true,
                """
                Seconds of silence after which the kernel probes a TCP client, so that one that vanished is noticed and \
                middleboxes keep the connection; 0 for never. One that is gone is closed after some one and a half times \
                as long. Counts for connections made after a change.
                """),
            Parameter(
                .timeout, .integer(0...Int64(Int32.max), unit: "seconds"), .integer(0), isMutable: true,
                "Seconds after which an idle client is disconnected; 0 for never."),
        ]
    )

    static let clients = ParameterSection(
        title: "Clients",
        parameters: [
            Parameter(
                .maxClients, .integer(1...Int64(UInt32.max), unit: ""), .integer(10000), isMutable: true,
                """
                Clients connected at one time; one more is told so and closed. The limit of open files bounds it as \
                well.
                """),
            Parameter(
                .protoMaxBulkLen, .memory((1 << 20)...Int64.max), .memory(.bytes(512 << 20)), isMutable: true,
                """
                The longest single argument of a request, and so the largest value. A longer announcement is a protocol \
                error and closes the connection.
                """),
            Parameter(
                .clientQueryBufferLimit, .memory((1 << 20)...Int64.max), .memory(.bytes(1 << 30)), isMutable: true,
                """
                The most bytes that one client may have sent and not yet had executed; a client that passes it is \
                closed.
                """),
            Parameter(
                .clientOutputBufferLimit, .outputLimits, .outputLimits(defaultOutputLimits), isMutable: true,
                """
                Limits of the replies that wait for clients to take them, per class: normal, replica (or slave) and \
                pubsub. A client over its hard limit is closed at once, one over its soft limit is not read from and is \
                closed once it stayed over it for that many seconds; 0 for no limit. Classes that are not named keep \
                their limits. The replica class is there for the sake of existing files: nothing replicates from a \
                cache.
                """),
            Parameter(
                .maxMemoryClients, .memoryOrShare, .memory(.share(10)), isMutable: true,
                """
                What all clients together may take for requests not yet executed, transactions, watched keys and replies \
                that wait; 0 for no bound. Past it the largest clients are closed, except those under CLIENT NO-EVICT. A \
                percentage is one of maxmemory, but counts for 64mb at least, or for half of maxmemory when that is less: \
                otherwise one large value would close its client on a small cache. Without maxmemory a percentage is no \
                bound.
                """),
            Parameter(
                .trackingTableMaxKeys, .integer(0...Int64.max, unit: ""), .integer(1_000_000), isMutable: true,
                """
                Number of keys that are remembered for clients under CLIENT TRACKING. One more drops another at random, \
                and its readers are told as if it had changed. Each takes some 160 bytes besides its name, which count \
                against maxmemory. 0 for no bound.
                """),
        ]
    )

    private static let defaultOutputLimits = OutputLimits(
        normal: OutputLimit(hardBytes: 256 << 20, softBytes: 64 << 20, softSeconds: 10),
        replica: OutputLimit(hardBytes: 256 << 20, softBytes: 64 << 20, softSeconds: 60),
        pubsub: OutputLimit(hardBytes: 32 << 20, softBytes: 8 << 20, softSeconds: 60)
    )
}
