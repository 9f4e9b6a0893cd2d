import CPrimitives
import Primitives

/// A command as the dispatcher sees it: the few facts of a `CommandSpec` that every request needs, in one cache line.
public struct Command {
    public let handler: Handler
    public let growth: GrowthEstimate?
    public let flags: CommandFlags
    let arity: Int32
    /// Keys: kind, then the numbers of `KeySpecification.Position`.
    let keyKind: KeyKind
    let keyFirst: Int16
    let keyLast: Int16
    let keyStep: Int16
    let largeArgument: UInt8
    let hasSubcommands: Bool
    /// Too short to be timed alone: shares the time of its batch.
    let sharesTime: Bool
    /// Index in the table and in every array of statistics.
    public let index: Int32

    enum KeyKind: UInt8 {
        case none
        /// One key at `keyFirst`.
        case one
        case range
        /// `keyLast` is the argument with the number of keys.
        case counted
    }

    init(_ spec: CommandSpec, index: Int) {
        handler = spec.handler
        growth = spec.growth
        flags = spec.flags
        arity = Int32(spec.arity)
        largeArgument = UInt8(spec.largeArgument)
        hasSubcommands = !spec.subcommands.isEmpty
        let text = spec.complexity.slice
        sharesTime = text.hasPrefix(("O(1)" as StaticString).slice) && !spec.flags.contains(.admin)
        self.index = Int32(index)
        // No command of ours has keys in two places; BITOP's destination and sources are one range.
        switch spec.keys.first?.position {
        case nil:
            (keyKind, keyFirst, keyLast, keyStep) = (.none, 0, 0, 0)
        case .range(let first, let last, let step):
            let kind: KeyKind = spec.keys.count == 1 && first == last ? .one : .range
            let end = spec.keys.count == 1 ? last : Command.end(of: spec.keys)
            (keyKind, keyFirst, keyLast, keyStep) = (kind, Int16(first), Int16(end), Int16(step))
        case .counted(let countAt, let first, let step):
            (keyKind, keyFirst, keyLast, keyStep) = (.counted, Int16(first), Int16(countAt), Int16(step))
        }
    }

    /// The last key of several specifications that follow one another (RENAME, COPY, BITOP).
    private static func end(of keys: [KeySpecification]) -> Int {
        guard case .range(_, let last, _)? = keys.last?.position else { return 0 }
        return last
    }

    /// Whether `count` arguments, the name included, are a right number.
    @inline(__always)
    func accepts(argumentCount count: Int) -> Bool { arity >= 0 ? count == Int(arity) : count >= -Int(arity) }

    /// Calls `body` with the index of each argument that is a key. A count that is no number or too large yields none; the
    /// handler refuses it.
    @inline(__always)
    func forEachKey(_ arguments: UnsafePointer<ByteSlice>, count: Int, _ body: (Int) -> Void) {
        let first = Int(keyFirst)
        switch keyKind {
        case .none: return
        case .one: if first < count { body(first) }
        case .range:
            let last = keyLast < 0 ? count + Int(keyLast) : min(Int(keyLast), count - 1)
            var index = first
            while index <= last {
                body(index)
                index += Int(keyStep)
            }
        case .counted:
            guard Int(keyLast) < count, let keys = arguments[Int(keyLast)].int64, keys > 0, keys <= Int64(count)
            else { return }
            var index = first
            for _ in 0..<Int(keys) where index < count {
                body(index)
                index += Int(keyStep)
            }
        }
    }
}
