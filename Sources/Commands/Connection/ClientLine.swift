/// One line of CLIENT LIST: what is known of one connection, in the fields and order of Redis 7.4.
struct ClientLine {
    /// What a connection is or is doing, one letter each; Redis's letters, in Redis's order.
    struct Flags: OptionSet {
        let rawValue: UInt16

        static let monitor = Flags(rawValue: 1 << 0)
        static let transaction = Flags(rawValue: 1 << 1)
        static let blocked = Flags(rawValue: 1 << 2)
        static let tracking = Flags(rawValue: 1 << 3)
        static let brokenRedirection = Flags(rawValue: 1 << 4)
        static let broadcasting = Flags(rawValue: 1 << 5)
        static let dirtyWatch = Flags(rawValue: 1 << 6)
        static let closingAfterReply = Flags(rawValue: 1 << 7)
        static let closing = Flags(rawValue: 1 << 8)
        static let unixSocket = Flags(rawValue: 1 << 9)
        static let noEvict = Flags(rawValue: 1 << 10)
        static let noTouch = Flags(rawValue: 1 << 11)

        /// The letters in the order of their bits.
        private static let letters: [Character] = ["O", "x", "b", "t", "R", "B", "d", "c", "A", "U", "e", "T"]

        var text: String {
            let set = Self.letters.enumerated().filter { rawValue & (1 << $0.offset) != 0 }.map(\.element)
            return set.isEmpty ? "N" : String(set)
        }
    }

    var id: UInt64 = 0
    var address = ""
    var localAddress = ""
    var descriptor: Int32 = -1
    var name = ""
    var ageSeconds: Int64 = 0
    var idleSeconds: Int64 = 0
    var flags: Flags = []
    var database: Int32 = 0
    /// Commands queued by MULTI; -1 outside a transaction.
    var queuedCount = -1
    var watchCount = 0
    var inputByteCount = 0
    var inputFreeByteCount = 0
    var queuedByteCount = 0
    var outputByteCount = 0
    var outputObjectCount = 0
    /// What the connection takes in all, in bytes.
    var memoryByteCount = 0
    /// The events that the loop waits for: "r", "w" or "rw".
    var events = "r"
    /// The full name of the last command; "NULL" when there was none.
    var command = "NULL"
    var user = "default"
    /// Where invalidation messages go: 0, to the connection itself; -1, nowhere.
    var redirection: Int64 = -1
    var protocolVersion: Int32 = 2
    var libraryName = ""
    var libraryVersion = ""

    /// The line with its line feed. Names were checked when they were set, so no field can hold a space or a line end.
    var text: String {
        "id=\(id) addr=\(address) laddr=\(localAddress) fd=\(descriptor) name=\(name) age=\(ageSeconds)"
            + " idle=\(idleSeconds) flags=\(flags.text) db=\(database) sub=0 psub=0 ssub=0 multi=\(queuedCount)"
            + " watch=\(watchCount) qbuf=\(inputByteCount) qbuf-free=\(inputFreeByteCount) argv-mem=0"
            + " multi-mem=\(queuedByteCount) rbs=0 rbp=0 obl=0 oll=\(outputObjectCount) omem=\(outputByteCount)"
            + " tot-mem=\(memoryByteCount) events=\(events) cmd=\(command) user=\(user) redir=\(redirection)"
            + " resp=\(protocolVersion) lib-name=\(libraryName) lib-ver=\(libraryVersion)\n"
    }
}
