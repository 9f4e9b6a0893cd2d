/// What a command does with its keys, as COMMAND INFO shows it.
public struct KeyUse: OptionSet, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let readOnly = KeyUse(rawValue: 1 << 0)
    public static let readWrite = KeyUse(rawValue: 1 << 1)
    public static let overwrite = KeyUse(rawValue: 1 << 2)
    public static let remove = KeyUse(rawValue: 1 << 3)
    public static let access = KeyUse(rawValue: 1 << 4)
    public static let update = KeyUse(rawValue: 1 << 5)
    public static let insert = KeyUse(rawValue: 1 << 6)
    public static let delete = KeyUse(rawValue: 1 << 7)
    public static let variableFlags = KeyUse(rawValue: 1 << 8)

    public static let names: [(use: KeyUse, name: StaticString)] = [
        (.overwrite, "OW"), (.readOnly, "RO"), (.readWrite, "RW"), (.remove, "RM"), (.access, "access"),
        (.update, "update"), (.insert, "insert"), (.delete, "delete"), (.variableFlags, "variable_flags"),
    ]
}

/// Where a command's keys are among its arguments. The dispatcher locks their shards, COMMAND GETKEYS lists them.
public struct KeySpecification: Sendable {
    public enum Position: Sendable {
        /// From argument `first` to `last` (negative: counted from the end, -1 being the last), every `step`th.
        case range(first: Int, last: Int, step: Int)
        /// Argument `countAt` says how many keys there are, the first of them at `first`, every `step`th.
        case counted(countAt: Int, first: Int, step: Int)
    }

    public let position: Position
    public let use: KeyUse

    public static func one(at index: Int, _ use: KeyUse) -> KeySpecification {
        KeySpecification(position: .range(first: index, last: index, step: 1), use: use)
    }

    public static func range(first: Int, last: Int, step: Int = 1, _ use: KeyUse) -> KeySpecification {
        KeySpecification(position: .range(first: first, last: last, step: step), use: use)
    }

    public static func counted(at index: Int, first: Int, step: Int = 1, _ use: KeyUse) -> KeySpecification {
        KeySpecification(position: .counted(countAt: index, first: first, step: step), use: use)
    }
}
