import Primitives
import RESP
import Store

// MARK: - BITOP

extension BitCommands {
    static func operate(_ call: Call) {
        guard let operation = BitOperation(name: call[1]) else { return call.syntaxError() }
        if let refusal = operation.refusal(sourceCount: call.argumentCount - 3) { return call.reply.error(refusal) }
        var sources: [BitSource] = []
        sources.reserveCapacity(call.argumentCount - 3)
        for index in 3..<call.argumentCount {
            let entry = call.lookup(call.key(index))
            if let entry, !entry.isString { return call.wrongType() }
            sources.append(BitSource(call[index].array, entry))
        }
        let job = BitOperationJob(operation, sources, destination: BitSource(call[2].array, nil), call)
        // Short values are done with while their shards are locked.
        if job.byteCount < SharedBlock.threshold { _ = job.finish(call) } else { call.session.pointee.job = job }
    }

    /// Bytes that BITOP may add: the longest source's. Locks one shard after the other.
    static func operationGrowth(_ call: Call) -> Int {
        var longest = 0
        for index in 3..<max(call.argumentCount, 3) {
            let key = call.key(index)
            longest = max(longest, call.withShard(of: key.hash) { call.peek(key)?.valueCount ?? 0 })
        }
        return longest
    }
}

/// A key that BITOP names, and what it held: a large value by reference, a short one copied.
struct BitSource {
    private let key: [UInt8]
    /// Nil for a key that was not there.
    private let block: SharedBlock?

    /// Takes a reference, which `release` gives back.
    init(_ key: [UInt8], _ entry: EntryHandle?) {
        self.key = key
        block = entry?.entry.block ?? entry?.withValue { SharedBlock.make($0) }
        if entry?.entry.block != nil { block?.retain() }
    }

    func release() { block?.release() }

    /// The value's bytes, which stay where they are until `release`.
    var bytes: ByteSlice { block?.slice ?? ("" as StaticString).slice }

    /// Whether the key holds what it held. A block that is referred to is never changed in place, so its address tells.
    func isStill(_ entry: EntryHandle?) -> Bool {
        guard let entry, let block else { return entry == nil && self.block == nil }
        if let present = entry.entry.block { return present.pointer == block.pointer }
        return entry.withValue { block.slice.equals($0) }
    }

    /// Calls `body` with the key in `database`.
    func withKey<Result>(_ access: StoreAccess, database: Int, _ body: (Key) -> Result) -> Result {
        key.withUnsafeBufferPointer { buffer in
            let base = buffer.baseAddress ?? ("" as StaticString).utf8Start
            return body(access.key(ByteSlice(base: base, count: buffer.count), database: database))
        }
    }
}
