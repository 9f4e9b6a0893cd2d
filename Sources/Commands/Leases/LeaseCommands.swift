import Primitives
import RESP
import Store
import Telemetry

/// LEASE: of all clients that miss a key one computes its value, and a value computed before its key changed is refused.
enum LeaseCommands {
    static let specs: [CommandSpec] = [
        CommandSpec(
            container: "lease", group: .string, since: "0.1.0",
            summary: "A container for commands about the right to compute a missing value.",
            subcommands: [
                CommandSpec(
                    "get", arity: -3, flags: [.readOnly, .blocking, .noScript],
                    keys: [.one(at: 2, [.readOnly, .access])],
                    categories: [.string], group: .string, since: "0.1.0",
                    summary:
                        "Returns a key's value, or makes one of those who miss it compute it while the others wait.",
                    complexity: "O(1)", syntax: "key [TTL milliseconds] [WAIT milliseconds]",
                    tips: ["nondeterministic_output"], handler: { get(Call($0)) }),
                CommandSpec(
                    "release", arity: 4, flags: [.write, .fast], keys: [.one(at: 2, [.readWrite, .update])],
                    categories: [.string], group: .string, since: "0.1.0",
                    summary: "Gives a lease back without a value.", complexity: "O(1)", syntax: "key token",
                    handler: { release(Call($0)) }),
                CommandHelp.spec(group: .string, since: "0.1.0", categories: [.string]),
            ])
    ]

    private static func get(_ call: Call) {
        do throws(ArgumentFailure) {
            let request = try LeaseRequest(call.arguments(from: 3))
            let key = call.key(2)
            if let entry = call.lookup(key) { return refresh(entry, key, request, call) }
            switch call.lookForLease(key, request, ticket: 0) {
            case .taken(let token): win(key, token, call)
            case .held:
                if let stale = call.staleEntry(of: key) { return LeaseReply.stale(stale).write(to: call.reply) }
                guard request.waitMilliseconds > 0, !call.isInTransaction else {
                    return LeaseReply.wait.write(to: call.reply)
                }
                call.state.pointee.counters.add(.leaseWaits)
                call.session.pointee.job = LeaseWait(key, request, now: call.nowMilliseconds)
                call.session.pointee.updateHeldByteCount()
            case .refused: refuse(call)
            }
        } catch {
            call.fail(error)
        }
    }

    /// Replies to a hit; before the entry's end one client is to compute the next value.
    private static func refresh(_ entry: EntryHandle, _ key: Key, _ request: LeaseRequest, _ call: Call) {
        guard entry.isString, call.refreshesAhead(entry),
            case .taken(let token) = call.lookForLease(key, request, ticket: 0)
        else { return hit(entry, call) }
        call.state.pointee.counters.add(.leaseWins)
        let remaining = max(entry.expiry - call.nowMilliseconds, 0)
        LeaseReply.win(token, StaleEntry(entry: entry, remainingMilliseconds: remaining)).write(to: call.reply)
    }

    static func hit(_ entry: EntryHandle, _ call: Call) {
        guard entry.isString else { return call.wrongType() }
        LeaseReply.hit(entry, now: call.nowMilliseconds).write(to: call.reply)
    }

    static func win(_ key: Key, _ token: UInt64, _ call: Call) {
        call.state.pointee.counters.add(.leaseWins)
        LeaseReply.win(token, call.staleEntry(of: key)).write(to: call.reply)
    }

    static func refuse(_ call: Call) {
        call.reply.error("ERR too many leases: there may be \(Store.maximumLeaseCount) at a time")
    }

    private static func release(_ call: Call) {
        do throws(ArgumentFailure) {
            let token = try LeaseToken(call[3])
            let isReleased = call.access.releaseLease(
                of: call.key(2), token: token.rawValue, now: call.nowMilliseconds)
            call.reply.integer(isReleased ? 1 : 0)
        } catch {
            call.fail(error)
        }
    }
}

extension Call {
    func lookForLease(_ key: Key, _ request: LeaseRequest, ticket: UInt64) -> LeaseAnswer {
        let terms = LeaseTerms(
            durationMilliseconds: request.durationMilliseconds, sequence: access.invalidationClock)
        return access.lookForLease(key, now: nowMilliseconds, terms: terms, ticket: ticket)
    }

    /// Whether a value that was computed under the lease of `token` may be set: the lease holds, and none of the value's tags was
    /// invalidated since it was taken, which is noted in `attributes` as the time by which they are judged. A value that may not is
    /// counted, and if the lease still held, the next in line may compute. The lease ends with the set.
    func mayFulfil(_ token: LeaseToken, of key: Key, _ attributes: inout EntryAttributes) -> Bool {
        if let lease = access.heldLease(of: key, token: token.rawValue, now: nowMilliseconds) {
            attributes.sequence = lease.sequence
            shared.earlyRefresh.noteComputation(milliseconds: lease.ageMilliseconds)
            if isCurrent(attributes, for: key) { return true }
            _ = access.releaseLease(of: key, token: token.rawValue, now: nowMilliseconds)
        }
        state.pointee.counters.add(.leaseRefusals)
        return false
    }
}
