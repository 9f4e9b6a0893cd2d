/// What runs a command; `Call(pointer)` gives it its request. A C function pointer, so that a call from the table costs no
/// reference counting.
public typealias Handler = @convention(c) (UnsafeMutableRawPointer) -> Void

/// What a request may add to memory beyond its own size, in bytes, judged before its keys are locked.
public typealias GrowthEstimate = @convention(c) (UnsafeMutableRawPointer) -> Int

/// One line of the command table. Dispatcher, COMMAND, help and docs/commands.md all read it.
public struct CommandSpec: Sendable {
    /// Lower case, as Redis prints it.
    public let name: StaticString
    /// Arguments with the name; negative: at least that many. Redis's convention.
    public let arity: Int
    public let flags: CommandFlags
    public let keys: [KeySpecification]
    /// Beyond those that follow from the flags.
    public let categories: CommandCategories
    public let group: CommandGroup
    /// The Redis version that has the command first; our own version for our own.
    public let since: StaticString
    public let summary: StaticString
    public let complexity: StaticString
    /// Arguments behind the name in Redis's notation: `key [NX | XX] [EX seconds | PX milliseconds]`.
    public let syntax: StaticString
    /// COMMAND INFO's hints for clients.
    public let tips: [StaticString]
    public let subcommands: [CommandSpec]
    /// The argument that may hold a value of 16 KiB and more, copied before the key is locked; 0 for none.
    public let largeArgument: Int
    public let growth: GrowthEstimate?
    public let handler: Handler

    public init(
        _ name: StaticString, arity: Int, flags: CommandFlags, keys: [KeySpecification] = [],
        categories: CommandCategories = [], group: CommandGroup, since: StaticString, summary: StaticString,
        complexity: StaticString, syntax: StaticString = "", tips: [StaticString] = [],
        subcommands: [CommandSpec] = [], largeArgument: Int = 0, growth: GrowthEstimate? = nil,
        handler: @escaping Handler
    ) {
        self.name = name
        self.arity = arity
        self.flags = flags
        self.keys = keys
        self.categories = categories
        self.group = group
        self.since = since
        self.summary = summary
        self.complexity = complexity
        self.syntax = syntax
        self.tips = tips
        self.subcommands = subcommands
        self.largeArgument = largeArgument
        self.growth = growth
        self.handler = handler
    }

    /// A container: its subcommands do the work, and the dispatcher finds them.
    public init(
        container name: StaticString, flags: CommandFlags = [], categories: CommandCategories = [],
        group: CommandGroup, since: StaticString, summary: StaticString, subcommands: [CommandSpec]
    ) {
        self.init(
            name, arity: -2, flags: flags, categories: categories, group: group, since: since, summary: summary,
            complexity: "Depends on subcommand.", subcommands: subcommands,
            handler: { Call($0).unknownSubcommand() })
    }

    /// Flags and the categories they imply, as Redis derives them.
    public var allCategories: CommandCategories {
        var all = categories
        if flags.contains(.write) { all.insert(.write) }
        // Redis leaves @read out of scripting commands; there are none here.
        if flags.contains(.readOnly) { all.insert(.read) }
        if flags.contains(.admin) { all.formUnion([.admin, .dangerous]) }
        if flags.contains(.pubsub) { all.insert(.pubsub) }
        if flags.contains(.blocking) { all.insert(.blocking) }
        all.insert(flags.contains(.fast) ? .fast : .slow)
        return all
    }
}
