import CPrimitives
import Primitives

/// All commands: the specifications for those who ask about them, and a small hash table from names to `Command`s for the
/// dispatcher. Made once at the start, never changed.
public final class CommandTable: @unchecked Sendable {
    /// Top-level commands in the order of the families.
    public let specs: [CommandSpec]
    /// Full names by index: `get`, `config|get`.
    public let names: [String]
    /// The number of commands and subcommands: the size of arrays of statistics.
    public var count: Int { names.count }

    /// Some command, to begin with. A table has one at least.
    var first: UnsafePointer<Command> { UnsafePointer(commands) }

    private let commands: UnsafeMutablePointer<Command>
    private let slots: UnsafeMutablePointer<Name>
    private static let slotCount = 1024
    /// For each index the range of its subcommands' indexes.
    private var subcommandRanges: [Range<Int>]

    private struct Name {
        var fingerprint: UInt64
        var text: ByteSlice
        var index: Int32
    }

    public init(_ specs: [CommandSpec]) {
        self.specs = specs
        let total = specs.reduce(0) { $0 + 1 + $1.subcommands.count }
        precondition(total > 0, "a command table has a command")
        precondition(total * 2 <= CommandTable.slotCount, "the command table's slots are more than half full")
        commands = .allocate(capacity: total)
        slots = .allocate(capacity: CommandTable.slotCount)
        slots.initialize(
            repeating: Name(fingerprint: 0, text: ("" as StaticString).slice, index: -1),
            count: CommandTable.slotCount)
        var names: [String] = []
        var ranges: [Range<Int>] = Array(repeating: 0..<0, count: specs.count)
        for (index, spec) in specs.enumerated() {
            (commands + index).initialize(to: Command(spec, index: index))
            names.append("\(spec.name)")
        }
        for (index, spec) in specs.enumerated() {
            let first = names.count
            for subcommand in spec.subcommands {
                (commands + names.count).initialize(to: Command(subcommand, index: names.count))
                names.append("\(spec.name)|\(subcommand.name)")
            }
            ranges[index] = first..<names.count
        }
        self.names = names
        subcommandRanges = ranges
        for (index, spec) in specs.enumerated() { register(spec.name.slice, index) }
    }

    deinit {
        commands.deallocate()
        slots.deallocate()
    }

    /// The command called `name` in any case, or nil.
    @inline(__always)
    func find(_ name: ByteSlice) -> UnsafePointer<Command>? {
        let fingerprint = CommandTable.fingerprint(name)
        var slot = CommandTable.slot(fingerprint)
        while slots[slot].index >= 0 {
            if slots[slot].fingerprint == fingerprint, CommandTable.equal(slots[slot].text, name) {
                return UnsafePointer(commands + Int(slots[slot].index))
            }
            slot = (slot + 1) & (CommandTable.slotCount - 1)
        }
        return nil
    }

    /// The subcommand of `container` called `name` in any case, or nil.
    func subcommand(of container: UnsafePointer<Command>, _ name: ByteSlice) -> UnsafePointer<Command>? {
        let index = Int(container.pointee.index)
        guard index < specs.count else { return nil }
        for (offset, spec) in specs[index].subcommands.enumerated() where CommandTable.equal(spec.name.slice, name) {
            return UnsafePointer(commands + subcommandRanges[index].lowerBound + offset)
        }
        return nil
    }

    /// The top-level specification called `name` in any case, or nil.
    public func spec(_ name: ByteSlice) -> CommandSpec? { find(name).map { specs[Int($0.pointee.index)] } }

    /// The specification of a command or subcommand by its index.
    public func spec(index: Int) -> CommandSpec {
        if index < specs.count { return specs[index] }
        // Subcommands lie behind all commands, container after container.
        let container = subcommandRanges.firstIndex { $0.contains(index) } ?? 0
        return specs[container].subcommands[index - subcommandRanges[container].lowerBound]
    }

    private func register(_ name: ByteSlice, _ index: Int) {
        let fingerprint = CommandTable.fingerprint(name)
        var slot = CommandTable.slot(fingerprint)
        while slots[slot].index >= 0 {
            precondition(!slots[slot].text.equals(name), "the command table has a name twice")
            slot = (slot + 1) & (CommandTable.slotCount - 1)
        }
        slots[slot] = Name(fingerprint: fingerprint, text: name, index: Int32(index))
    }

    /// Eight bytes made of a name's first and last four (overlapping), folded to lower case by setting bit 5.
    @inline(__always)
    private static func fingerprint(_ name: ByteSlice) -> UInt64 {
        let fold: UInt64 = 0x2020_2020_2020_2020
        let count = name.count
        if count >= 4 {
            let low = UInt64(nc_load32(name.base))
            let high = UInt64(nc_load32(name.base + (count - 4)))
            return (low | high << 32 | fold) &+ UInt64(count)
        }
        var value: UInt64 = 0
        for i in 0..<count { value = value << 8 | UInt64(name[i]) }
        return (value | fold) &+ UInt64(count)
    }

    @inline(__always)
    private static func slot(_ fingerprint: UInt64) -> Int {
        Int(truncatingIfNeeded: (fingerprint &* 0x9E37_79B9_7F4A_7C15) >> 54)  // 10 bits: 0..<1024
    }

    /// Whether `name` folds to `lowercase`.
    @inline(__always)
    private static func equal(_ lowercase: ByteSlice, _ name: ByteSlice) -> Bool {
        guard lowercase.count == name.count else { return false }
        for i in 0..<name.count where name.base[i].asciiLowercase != lowercase.base[i] { return false }
        return true
    }
}
