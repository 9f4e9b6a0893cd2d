import Primitives

/// The classes of connections that CLIENT LIST and CLIENT KILL tell apart. A standalone cache has normal ones only, but
/// the names of the others are known: asking for them finds nothing.
enum ClientClass {
    case normal, replica, pubsub, master

    init?(_ name: ByteSlice) {
        if name.equalsIgnoringCase("normal") {
            self = .normal
        } else if name.equalsIgnoringCase("replica") || name.equalsIgnoringCase("slave") {
            self = .replica
        } else if name.equalsIgnoringCase("pubsub") {
            self = .pubsub
        } else if name.equalsIgnoringCase("master") {
            self = .master
        } else {
            return nil
        }
    }
}

/// Why the arguments of CLIENT LIST or CLIENT KILL were refused: the whole error text.
struct ClientArgumentError: Error {
    let text: String

    static let syntax = ClientArgumentError(text: "ERR syntax error")
}

/// Which connections CLIENT KILL closes. All conditions given must hold.
struct ClientKillFilter {
    var id: UInt64?
    var address: [UInt8]?
    var localAddress: [UInt8]?
    var clientClass: ClientClass?
    var minimumAgeSeconds: Int64?
    var skipsMe = true
    /// The form with one address: answers OK or an error instead of a count, and may hit its own connection.
    var isOldForm = false

    /// Reads the arguments behind `CLIENT KILL`.
    ///
    /// - Throws: Redis's error texts.
    init(_ arguments: [ByteSlice]) throws(ClientArgumentError) {
        if arguments.count == 1, let address = arguments.first {
            self.address = address.array
            skipsMe = false
            isOldForm = true
            return
        }
        var index = 0
        while index < arguments.count {
            guard index + 1 < arguments.count else { throw .syntax }
            try read(option: arguments[index], value: arguments[index + 1])
            index += 2
        }
    }

    private mutating func read(option: ByteSlice, value: ByteSlice) throws(ClientArgumentError) {
        if option.equalsIgnoringCase("id") {
            guard let number = value.int64, number > 0 else {
                throw ClientArgumentError(text: "ERR client-id should be greater than 0")
            }
            id = UInt64(number)
        } else if option.equalsIgnoringCase("maxage") {
            guard let seconds = value.int64 else {
                throw ClientArgumentError(text: "ERR maxage is not an integer or out of range")
            }
            guard seconds > 0 else { throw ClientArgumentError(text: "ERR maxage should be greater than 0") }
            minimumAgeSeconds = seconds
        } else if option.equalsIgnoringCase("type") {
            clientClass = try ClientClass.read(value)
        } else if option.equalsIgnoringCase("addr") {
            address = value.array
        } else if option.equalsIgnoringCase("laddr") {
            localAddress = value.array
        } else if option.equalsIgnoringCase("user") {
            // There is one user: it filters nothing out, every other is unknown.
            guard value.equals("default") else {
                throw ClientArgumentError(text: "ERR No such user '\(value.errorText)'")
            }
        } else if option.equalsIgnoringCase("skipme") {
            guard value.equalsIgnoringCase("yes") || value.equalsIgnoringCase("no") else { throw .syntax }
            skipsMe = value.equalsIgnoringCase("yes")
        } else {
            throw .syntax
        }
    }

    /// Whether the filter hits a connection, apart from `skipsMe`.
    func matches(id: UInt64, address: ByteSlice, localAddress: ByteSlice, ageSeconds: Int64) -> Bool {
        if let wanted = self.id, wanted != id { return false }
        if let wanted = self.address, !wanted.elementsEqual(address.buffer) { return false }
        if let wanted = self.localAddress, !wanted.elementsEqual(localAddress.buffer) { return false }
        if let wanted = clientClass, wanted != .normal { return false }
        if let minimum = minimumAgeSeconds, ageSeconds < minimum { return false }
        return true
    }
}

/// Which connections CLIENT LIST shows.
struct ClientListFilter {
    var clientClass: ClientClass?
    /// In the order asked for, as Redis shows them.
    var ids: [UInt64]?

    /// Reads the arguments behind `CLIENT LIST`.
    ///
    /// - Throws: Redis's error texts.
    init(_ arguments: [ByteSlice]) throws(ClientArgumentError) {
        guard let option = arguments.first else { return }
        if option.equalsIgnoringCase("type"), arguments.count == 2 {
            clientClass = try ClientClass.read(arguments[1])
        } else if option.equalsIgnoringCase("id"), arguments.count > 1 {
            var ids: [UInt64] = []
            for argument in arguments.dropFirst() {
                guard let number = argument.int64 else { throw ClientArgumentError(text: "ERR Invalid client ID") }
                ids.append(UInt64(clamping: number))
            }
            self.ids = ids
        } else {
            throw .syntax
        }
    }
}

extension ClientClass {
    fileprivate static func read(_ name: ByteSlice) throws(ClientArgumentError) -> ClientClass {
        guard let known = ClientClass(name) else {
            throw ClientArgumentError(text: "ERR Unknown client type '\(name.errorText)'")
        }
        return known
    }
}

extension ByteSlice {
    /// At most the first 128 bytes as text, for an error reply: input echoed whole would make replies as large as requests.
    var errorText: String { slice(from: 0, to: 128).string }
}
