extension ParameterTable {
    static let store = ParameterSection(
        title: "Store",
        parameters: [
            Parameter(
                .databases, .integer(1...128, unit: ""), .integer(16),
                "Number of databases that SELECT takes, counted from 0."),
            Parameter(
                .maxMemory, .memoryOrPercentage, .memory(.bytes(100 << 20)), isMutable: true,
                """
                Bytes that entries, table, tags and buffers may take together, or a percentage of the memory that the \
                machine or the control group has; 0 for no bound. What would pass it evicts by maxmemory-policy first. \
                Resident memory stays close above it; leave the machine some 15 % more.
                """),
            Parameter(
                .maxEntries, .integer(0...Int64.max, unit: ""), .integer(0), isMutable: true,
                "Number of entries that the store may hold; one more evicts by maxmemory-policy. 0 for no bound."),
            Parameter(
                .maxMemoryPolicy, .choice(MaxMemoryPolicy.allCases.map(\.rawValue)),
                .text(MaxMemoryPolicy.allkeysS3FIFO.rawValue), isMutable: true,
                """
                Which entries go when a bound is reached. allkeys- chooses among all, volatile- only among those that \
                have an expiry. lru: longest not used; lfu: least often used; random; fifo: oldest; ttl: next to \
                expire; s3fifo: new entries must be used again before they may push out proven ones, so that one scan \
                does not empty the cache. noeviction refuses writes instead.
                """),
            Parameter(
                .lfuLogFactor, .integer(0...Int64(Int32.max), unit: ""), .integer(10), isMutable: true,
                """
                For the lfu policies: how slowly the use counter of an entry saturates. With 10 it is full after about \
                a million uses, with 0 after 255.
                """),
            Parameter(
                .lfuDecayTime, .integer(0...Int64(Int32.max), unit: "minutes"), .integer(1), isMutable: true,
                "For the lfu policies: minutes after which an unused entry's use counter falls by one; 0 for never."),
            Parameter(
                .activeExpireEffort, .integer(1...10, unit: ""), .integer(1), isMutable: true,
                """
                How much work the sweep does per turn to find entries that have expired and that nobody asks for. More \
                frees memory sooner and takes more CPU.
                """),
            Parameter(
                .refreshAhead, .integer(0...10_000, unit: "percent"), .integer(0), isMutable: true,
                """
                How early LEASE GET has one client compute the next value of an entry that is about to expire, in percent \
                of the time that computing takes on average; 100 is right for most, 0 for never. At random about that time.
                """),
            Parameter(
                .defaultStale, .integer(0...Int64(Int32.max), unit: "seconds"), .integer(0), isMutable: true,
                """
                How long an entry that is written with a deadline is held past it, when neither SET's STALE nor a rule says:                 for LEASE GET and GETSTALE alone. 0 for not at all.
                """),
            Parameter(
                .tagKeysMax, .integer(1...10_000_000, unit: "keys"), .integer(100_000), isMutable: true,
                """
                How many keys TAG KEYS lists at the most; of a tag on more it is an error, and TAG SCAN lists some at a time.
                """),
        ]
    )

    static let monitoring = ParameterSection(
        title: "Monitoring",
        parameters: [
            Parameter(
                .slowlogLogSlowerThan, .integer(-1...Int64.max, unit: "microseconds"), .integer(10000),
                isMutable: true,
                "Microseconds of execution from which SLOWLOG keeps a command; 0 keeps every one, -1 none."),
            Parameter(
                .slowlogMaxLen, .integer(0...Int64.max, unit: ""), .integer(128), isMutable: true,
                "Number of commands that SLOWLOG keeps; the oldest goes first."),
            Parameter(
                .latencyMonitorThreshold, .integer(0...Int64.max, unit: "milliseconds"), .integer(0), isMutable: true,
                "Milliseconds from which LATENCY notes an event; 0 turns the monitor off."),
            Parameter(
                .latencyTracking, .boolean, .boolean(true), isMutable: true,
                "Keep a histogram of execution times per command, for INFO latencystats and LATENCY HISTOGRAM."),
            Parameter(
                .latencyTrackingInfoPercentiles, .percentiles, .words(["50", "99", "99.9"]), isMutable: true,
                "Percentiles of those histograms that INFO latencystats shows; \"\" for none."),
        ]
    )
}

/// How entries to evict are chosen.
public enum MaxMemoryPolicy: String, CaseIterable, Sendable {
    case noeviction
    case allkeysLRU = "allkeys-lru"
    case allkeysLFU = "allkeys-lfu"
    case allkeysRandom = "allkeys-random"
    case allkeysFIFO = "allkeys-fifo"
    case allkeysS3FIFO = "allkeys-s3fifo"
    case volatileLRU = "volatile-lru"
    case volatileLFU = "volatile-lfu"
    case volatileRandom = "volatile-random"
    case volatileTTL = "volatile-ttl"
    case volatileFIFO = "volatile-fifo"
}
