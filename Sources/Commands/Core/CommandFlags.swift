/// What a command is like: Redis's flags as COMMAND INFO names them, and a few of our own.
public struct CommandFlags: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let write = CommandFlags(rawValue: 1 << 0)
    public static let readOnly = CommandFlags(rawValue: 1 << 1)
    /// May add memory: room is made before it runs, and it is refused when there is none.
    public static let denyOOM = CommandFlags(rawValue: 1 << 2)
    public static let admin = CommandFlags(rawValue: 1 << 3)
    public static let fast = CommandFlags(rawValue: 1 << 4)
    /// Allowed before AUTH.
    public static let noAuth = CommandFlags(rawValue: 1 << 5)
    public static let loading = CommandFlags(rawValue: 1 << 6)
    public static let stale = CommandFlags(rawValue: 1 << 7)
    public static let noScript = CommandFlags(rawValue: 1 << 8)
    /// Refused inside MULTI.
    public static let noMulti = CommandFlags(rawValue: 1 << 9)
    public static let skipMonitor = CommandFlags(rawValue: 1 << 10)
    public static let skipSlowlog = CommandFlags(rawValue: 1 << 11)
    public static let blocking = CommandFlags(rawValue: 1 << 12)
    public static let pubsub = CommandFlags(rawValue: 1 << 13)
    public static let movableKeys = CommandFlags(rawValue: 1 << 14)
    public static let allowBusy = CommandFlags(rawValue: 1 << 15)
    public static let noAsyncLoading = CommandFlags(rawValue: 1 << 16)
    public static let mayReplicate = CommandFlags(rawValue: 1 << 17)
    public static let noMandatoryKeys = CommandFlags(rawValue: 1 << 18)

    // Ours; COMMAND INFO does not show them.

    /// Arguments hold secrets: redacted in SLOWLOG and MONITOR.
    public static let sensitive = CommandFlags(rawValue: 1 << 24)
    /// Runs with all loops parked, since it looks at other connections.
    public static let exclusive = CommandFlags(rawValue: 1 << 25)
    /// Touches the keyspace beyond declared keys: inside EXEC all shards are locked for it.
    public static let keyspace = CommandFlags(rawValue: 1 << 26)
    /// Steers transactions or the connection: runs at once inside MULTI instead of being queued.
    public static let immediate = CommandFlags(rawValue: 1 << 27)
    /// EXEC: runs what is queued, so room, locks and parking follow from the queue.
    public static let executesQueue = CommandFlags(rawValue: 1 << 29)
    /// Runs while CLIENT PAUSE holds everything.
    public static let ignoresPause = CommandFlags(rawValue: 1 << 28)
}

/// ACL categories, by Redis's names.
public struct CommandCategories: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    public static let keyspace = CommandCategories(rawValue: 1 << 0)
    public static let read = CommandCategories(rawValue: 1 << 1)
    public static let write = CommandCategories(rawValue: 1 << 2)
    public static let set = CommandCategories(rawValue: 1 << 3)
    public static let sortedSet = CommandCategories(rawValue: 1 << 4)
    public static let list = CommandCategories(rawValue: 1 << 5)
    public static let hash = CommandCategories(rawValue: 1 << 6)
    public static let string = CommandCategories(rawValue: 1 << 7)
    public static let bitmap = CommandCategories(rawValue: 1 << 8)
    public static let hyperLogLog = CommandCategories(rawValue: 1 << 9)
    public static let geo = CommandCategories(rawValue: 1 << 10)
    public static let stream = CommandCategories(rawValue: 1 << 11)
    public static let pubsub = CommandCategories(rawValue: 1 << 12)
    public static let admin = CommandCategories(rawValue: 1 << 13)
    public static let fast = CommandCategories(rawValue: 1 << 14)
    public static let slow = CommandCategories(rawValue: 1 << 15)
    public static let blocking = CommandCategories(rawValue: 1 << 16)
    public static let dangerous = CommandCategories(rawValue: 1 << 17)
    public static let connection = CommandCategories(rawValue: 1 << 18)
    public static let transaction = CommandCategories(rawValue: 1 << 19)
    public static let scripting = CommandCategories(rawValue: 1 << 20)
    /// Ours.
    public static let tag = CommandCategories(rawValue: 1 << 21)

    /// Names in the order of Redis's own list.
    public static let names: [(category: CommandCategories, name: StaticString)] = [
        (.keyspace, "keyspace"), (.read, "read"), (.write, "write"), (.set, "set"), (.sortedSet, "sortedset"),
        (.list, "list"), (.hash, "hash"), (.string, "string"), (.bitmap, "bitmap"), (.hyperLogLog, "hyperloglog"),
        (.geo, "geo"), (.stream, "stream"), (.pubsub, "pubsub"), (.admin, "admin"), (.fast, "fast"), (.slow, "slow"),
        (.blocking, "blocking"), (.dangerous, "dangerous"), (.connection, "connection"),
        (.transaction, "transaction"), (.scripting, "scripting"), (.tag, "tag"),
    ]
}

extension CommandFlags {
    /// Names of Redis's flags in the order in which Redis prints them.
    public static let names: [(flag: CommandFlags, name: StaticString)] = [
        (.write, "write"), (.readOnly, "readonly"), (.denyOOM, "denyoom"), (.admin, "admin"), (.pubsub, "pubsub"),
        (.noScript, "noscript"), (.blocking, "blocking"), (.loading, "loading"), (.stale, "stale"),
        (.skipMonitor, "skip_monitor"), (.skipSlowlog, "skip_slowlog"), (.fast, "fast"), (.noAuth, "no_auth"),
        (.mayReplicate, "may_replicate"), (.noMandatoryKeys, "no_mandatory_keys"),
        (.noAsyncLoading, "no_async_loading"), (.noMulti, "no_multi"), (.movableKeys, "movablekeys"),
        (.allowBusy, "allow_busy"),
    ]
}

/// The group a command belongs to in COMMAND DOCS and docs/commands.md.
public enum CommandGroup: String, Sendable, CaseIterable {
    case string, bitmap, generic, tags, connection, server, transactions, cluster
}
