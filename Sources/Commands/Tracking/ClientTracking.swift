import Primitives

/// CLIENT TRACKING of one connection: what it is to be told of changes of keys that it may hold copies of.
public final class ClientTracking {
    enum Mode: Sendable {
        /// Keys that the connection reads are remembered until they change.
        case reads
        /// As `reads`, but only of a command or transaction behind CLIENT CACHING YES.
        case chosenReads
        /// As `reads`, but not of a command or transaction behind CLIENT CACHING NO.
        case otherReads
        /// Nothing is remembered: every key with one of the prefixes counts.
        case broadcast
    }

    /// Another connection that the messages go to.
    struct Redirection: Sendable {
        let id: UInt64
        let loopIndex: Int
    }

    /// Prefixes that one connection may have. Each is compared with every other, while all loops wait.
    static let maximumPrefixCount = 256

    /// By which this tracking goes in the store's tables and between loops; not used again when it has ended.
    let token: ReaderToken
    var mode: Mode
    /// Changes that the connection makes itself are not told.
    var isNoLoop: Bool
    var redirection: Redirection?
    /// Messages could not be delivered, since the connection of `redirection` is gone.
    var isRedirectionBroken = false
    /// CLIENT CACHING was given for the next command or transaction.
    var isChosen = false
    /// In ascending order; one that is empty stands for all keys.
    private(set) var prefixes: [[UInt8]] = []

    init(token: ReaderToken, options: TrackingOptions) {
        self.token = token
        mode = options.mode
        isNoLoop = options.isNoLoop
    }

    /// Whether keys that are read now are to be remembered.
    var remembersReads: Bool {
        switch mode {
        case .reads: true
        case .chosenReads: isChosen
        case .otherReads: !isChosen
        case .broadcast: false
        }
    }

    /// Whether the executor has to look at what the connection does: at its reads, or at its writes so as not to tell it of them.
    var needsAttention: Bool { mode != .broadcast || isNoLoop }

    /// What GETREDIR and CLIENT LIST show: 0 for the connection itself.
    var redirectionID: Int64 { Int64(clamping: redirection?.id ?? 0) }

    /// Bytes that the prefixes take, here and in the loop's table.
    var heapByteCount: Int { prefixes.reduce(128) { $0 + 2 * $1.count + 128 } }

    func add(_ prefix: [UInt8]) {
        prefixes.append(prefix)
        prefixes.sort { $0.lexicographicallyPrecedes($1) }
    }

    /// Words of TRACKINGINFO's `flags`, in Redis's order.
    var flagNames: [StaticString] {
        var names: [StaticString] = ["on"]
        switch mode {
        case .reads: break
        case .broadcast: names.append("bcast")
        case .chosenReads: names += isChosen ? ["optin", "caching-yes"] : ["optin"]
        case .otherReads: names += isChosen ? ["optout", "caching-no"] : ["optout"]
        }
        if isNoLoop { names.append("noloop") }
        if isRedirectionBroken { names.append("broken_redirect") }
        return names
    }
}

/// A tracking connection's number: in its upper 8 bits the loop, so that whoever holds a number knows where the message goes.
struct ReaderToken: Hashable, Sendable {
    let rawValue: UInt64

    /// Nobody.
    static let none = ReaderToken(rawValue: 0)

    init(rawValue: UInt64) { self.rawValue = rawValue }

    /// - Parameters:
    ///   - loopIndex: 0 to 255.
    ///   - serial: from 1 on; 2^56 do not come to pass.
    init(loopIndex: Int, serial: UInt64) {
        rawValue = UInt64(truncatingIfNeeded: loopIndex) << 56 | serial & (1 << 56 - 1)
    }

    var loopIndex: Int { Int(truncatingIfNeeded: rawValue >> 56) }
}
