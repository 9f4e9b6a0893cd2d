import Primitives
import RESP
import Store

// MARK: - Deadlines

extension KeyCommands {
    /// EXPIRE and its kin. A time that has passed removes the key.
    static func expire(_ call: Call, _ unit: ExpiryArgument.Unit) {
        let conditions: ExpiryConditions
        let deadline: Int64
        do throws(ArgumentFailure) {
            conditions = try ExpiryConditions(call.arguments(from: 3), firstIndex: 3)
            guard let number = call[2].int64 else { throw .notInteger }
            deadline = try ExpiryArgument.deadline(number, unit, nowMilliseconds: call.wallMilliseconds)
        } catch {
            return call.fail(error)
        }
        guard let entry = call.lookupForWriting(call.key(1)) else { return call.reply.integer(0) }
        let present = entry.expiry == Entry.noExpiry ? nil : call.unixMilliseconds(deadline: entry.expiry)
        guard conditions.allow(deadline, replacing: present) else { return call.reply.integer(0) }
        if deadline <= call.wallMilliseconds {
            call.remove(entry)
        } else {
            guard call.stored(call.setExpiry(of: entry, to: call.deadline(unixMilliseconds: deadline))) else { return }
        }
        call.reply.integer(1)
    }

    static func persist(_ call: Call) {
        guard let entry = call.lookupForWriting(call.key(1)), entry.expiry != Entry.noExpiry else {
            return call.reply.integer(0)
        }
        if call.stored(call.setExpiry(of: entry, to: Entry.noExpiry)) { call.reply.integer(1) }
    }

    static func secondsToLive(_ call: Call) { reply(call) { rounded($0 - call.nowMilliseconds) } }
    static func millisecondsToLive(_ call: Call) { reply(call) { $0 - call.nowMilliseconds } }
    static func deadlineSeconds(_ call: Call) { reply(call) { rounded(call.unixMilliseconds(deadline: $0)) } }
    static func deadlineMilliseconds(_ call: Call) { reply(call) { call.unixMilliseconds(deadline: $0) } }

    /// Replies with what `number` makes of the deadline in store milliseconds, which lies in the future; -1 without one,
    /// -2 without a key.
    private static func reply(_ call: Call, _ number: (Int64) -> Int64) {
        guard let entry = call.lookupUntouched(call.key(1)) else { return call.reply.integer(-2) }
        call.reply.integer(entry.expiry == Entry.noExpiry ? -1 : number(entry.expiry))
    }

    /// Milliseconds as seconds, the nearest, as Redis rounds; no overflow at the far end.
    private static func rounded(_ milliseconds: Int64) -> Int64 {
        milliseconds / 1000 + (milliseconds % 1000 >= 500 ? 1 : 0)
    }
}
