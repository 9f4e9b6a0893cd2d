/// What kind of value an entry holds. Three bits of the entry's flags, so at most eight.
public enum EntryType: UInt8, Sendable {
    case string = 0
    case hash = 1
    case list = 2
    case set = 3
    case sortedSet = 4
}

/// How a value lies in its entry. Two bits of the entry's flags.
public enum EntryEncoding: UInt8, Sendable {
    /// The value's bytes follow the key. The bits 3 are read as this as well: see `Entry.isChangedInline`.
    case inline = 0
    /// A two's complement integer of 1, 2, 4 or 8 bytes follows the key.
    case integer = 1
    /// A pointer to a `SharedBlock` follows the key: values of 16 KiB and more.
    case block = 2
}
