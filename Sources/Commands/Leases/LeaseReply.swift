import Primitives
import RESP
import Store

/// The reply to LEASE GET: an array of four, with RESP3 a map.
struct LeaseReply {
    enum State {
        /// There is a value.
        case hit
        /// There is one that is out of date, and somebody else computes another.
        case stale
        /// The caller is to compute the value and to set it with the token.
        case win
        /// Somebody else computes it.
        case wait

        var name: StaticString {
            switch self {
            case .hit: "hit"
            case .stale: "stale"
            case .win: "win"
            case .wait: "wait"
            }
        }
    }

    /// As PTTL has it of a key without a deadline, and of one that is not there.
    private static let noDeadline: Int64 = -1
    private static let noValue: Int64 = -2

    let state: State
    var value: EntryHandle?
    var token: LeaseToken?
    /// For how long the value is held on; nil for as long as there is room.
    var remainingMilliseconds: Int64?

    static func hit(_ entry: EntryHandle, now: Int64) -> LeaseReply {
        let remaining = entry.expiry == Entry.noExpiry ? nil : max(entry.expiry - now, 0)
        return LeaseReply(state: .hit, value: entry, remainingMilliseconds: remaining)
    }

    static func win(_ token: UInt64, _ stale: StaleEntry?) -> LeaseReply {
        LeaseReply(
            state: .win, value: stale?.entry, token: LeaseToken(rawValue: token),
            remainingMilliseconds: stale?.remainingMilliseconds)
    }

    static func stale(_ stale: StaleEntry) -> LeaseReply {
        LeaseReply(state: .stale, value: stale.entry, remainingMilliseconds: stale.remainingMilliseconds)
    }

    static var wait: LeaseReply { LeaseReply(state: .wait) }

    func write(to reply: ReplyWriter) {
        let isMap = reply.version == 3
        if isMap { reply.map(4) } else { reply.array(4) }
        if isMap { reply.bulk("state") }
        reply.bulk(state.name)
        if isMap { reply.bulk("value") }
        if let value { reply.value(value) } else { reply.null() }
        if isMap { reply.bulk("token") }
        if let token { token.reply(reply) } else { reply.null() }
        if isMap { reply.bulk("pttl") }
        reply.integer(value == nil ? Self.noValue : remainingMilliseconds ?? Self.noDeadline)
    }
}
