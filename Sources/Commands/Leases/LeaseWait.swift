import Primitives
import RESP
import Store

/// A client that waits for the value that another one computes. It looks when it is woken, and when its time or, as the first in
/// line, the holder's time is up. Until then nobody asks it.
final class LeaseWait: Job {
    private enum Ending {
        /// As if the time were up.
        case early
        /// CLIENT UNBLOCK with ERROR.
        case error
    }

    /// What this takes besides the key, about, in bytes: the object, its ticket here and in the store's table.
    private static let overheadByteCount = 160

    private let bytes: [UInt8]
    private let hash: UInt64
    private let database: Int
    private let request: LeaseRequest
    /// When to wait no more, in store milliseconds.
    private let deadline: Int64
    /// By which this is woken; 0 until the first step.
    private(set) var ticket: UInt64 = 0
    private var ending: Ending?

    /// - Parameter now: store milliseconds.
    init(_ key: Key, _ request: LeaseRequest, now: Int64) {
        (bytes, hash, database) = (key.bytes.array, key.hash, key.database)
        self.request = request
        deadline = now + request.waitMilliseconds  // an hour at the most
    }

    var heldByteCount: Int { bytes.count + LeaseWait.overheadByteCount }

    func step(_ call: Call) -> Bool {
        if ticket == 0 { ticket = call.executor.beginLeaseWait(call.session) }
        let isDone = withKey { key in call.withShard(of: hash) { look(key, call) } }
        if isDone { call.executor.endLeaseWait(ticket) }
        return isDone
    }

    /// The key's shard is locked.
    private func look(_ key: Key, _ call: Call) -> Bool {
        let now = call.nowMilliseconds
        if ending == .error {
            call.reply.error("UNBLOCKED client unblocked via CLIENT UNBLOCK")
        } else if let entry = call.access.find(key, now: now, touching: call.session.pointee.touchesEntries) {
            LeaseCommands.hit(entry, call)
        } else if ending != nil {
            // Not to win: who has gone would compute nothing.
            LeaseReply.wait.write(to: call.reply)
        } else {
            switch call.lookForLease(key, request, ticket: ticket) {
            case .taken(let token):
                LeaseCommands.win(key, token, call)
                return true
            case .held(let until, let isFirst):
                if let stale = call.staleEntry(of: key) {
                    LeaseReply.stale(stale).write(to: call.reply)
                } else if now < deadline {
                    call.session.pointee.jobDueMilliseconds = isFirst ? min(until, deadline) : deadline
                    return false
                } else {
                    LeaseReply.wait.write(to: call.reply)
                }
            case .refused: LeaseCommands.refuse(call)
            }
        }
        call.access.leaveLease(of: key, ticket: ticket)
        return true
    }

    func interrupt(_ interruption: JobInterruption) -> Bool {
        ending = interruption == .unblockedWithError ? .error : .early
        return true
    }

    func abandon(_ executor: Executor) {
        guard ticket != 0 else { return }
        withKey { key in
            let access = executor.shared.store.access
            let shard = access.shard(hash: hash)
            shard.lock()
            access.leaveLease(of: key, ticket: ticket)
            shard.unlock()
        }
        executor.endLeaseWait(ticket)
    }

    private func withKey<Result>(_ body: (Key) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { buffer in
            let base = buffer.baseAddress ?? ("" as StaticString).utf8Start
            return body(Key(bytes: ByteSlice(base: base, count: buffer.count), hash: hash, database: database))
        }
    }
}
