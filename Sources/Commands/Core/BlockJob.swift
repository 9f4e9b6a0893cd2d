import Primitives
import RESP
import Store

/// A command's work on one large value, outside of the lock of its shard: the value is held by a reference, and who changes
/// the key meanwhile changes a copy.
final class BlockJob: Job {
    /// Bytes of a step: at the slowest, 2 GB/s, half a millisecond.
    static let stepByteCount = 1 << 20

    /// Works on the value and replies; false when there is more to do.
    typealias Body = (_ value: ByteSlice, _ reply: ReplyWriter) -> Bool

    private let block: SharedBlock
    private let body: Body

    init(_ block: SharedBlock, _ body: @escaping Body) {
        block.retain()
        self.block = block
        self.body = body
    }

    deinit { block.release() }

    func step(_ call: Call) -> Bool { body(block.slice, call.reply) }
}

extension Call {
    /// Replies with what `body` makes of the entry's value, which for a large one runs when the shard is no longer locked.
    func reply(to entry: EntryHandle, _ body: @escaping (_ value: ByteSlice, _ reply: ReplyWriter) -> Void) {
        guard let block = entry.entry.block else { return entry.withValue { body($0, reply) } }
        session.pointee.job = BlockJob(block) { value, reply in
            body(value, reply)
            return true
        }
    }
}
