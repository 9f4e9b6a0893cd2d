import Primitives
import RESP
import Store

/// BITOP of large values: computed in slices while no shard is locked, stored under the locks of all keys.
///
/// The result counts only if the sources still are what they were when it is stored, so that the whole happens at that one
/// moment; if not, the work begins anew, and after a few times goes on with the shards locked.
final class BitOperationJob: Job {
    private static let maximumRestarts = 3

    /// The length of the result.
    private(set) var byteCount = 0
    private let operation: BitOperation
    private var sources: [BitSource]
    private let destination: BitSource
    private let database: Int
    private var result: SharedBlock?
    private var computedCount = 0
    private var restartCount = 0

    /// - Parameter sources: their references pass to the job.
    init(_ operation: BitOperation, _ sources: [BitSource], destination: BitSource, _ call: Call) {
        self.operation = operation
        self.sources = sources
        self.destination = destination
        database = call.session.pointee.database
        begin()
    }

    deinit {
        for source in sources { source.release() }
        result?.release()
    }

    private func begin() {
        result?.release()
        byteCount = sources.reduce(0) { max($0, $1.bytes.count) }
        result = SharedBlock.make(count: byteCount, capacity: byteCount)
        computedCount = 0
    }

    func step(_ call: Call) -> Bool {
        computeSlice()
        if computedCount < byteCount { return false }
        // In EXEC the shards are locked already.
        if call.isInTransaction { return finish(call) }
        let access = call.access
        let shards = call.executor.shardSet
        shards.removeAll()
        for named in sources + [destination] {
            named.withKey(access, database: database) { shards.insert(access.shardIndex(hash: $0.hash)) }
        }
        shards.lockAll(access)
        defer { shards.unlockAll(access) }
        return finish(call)
    }

    /// Computes up to a step's bytes, all sources counted.
    private func computeSlice() {
        let start = computedCount
        computedCount = min(byteCount, start + max(BlockJob.stepByteCount / sources.count & ~7, 64))
        guard let result else { return }
        operation.apply(
            sources.map { $0.bytes.slice(from: start, to: computedCount) },
            to: UnsafeMutableBufferPointer(start: result.bytes + start, count: computedCount - start))
    }

    /// Stores the result and replies; false when the sources have changed and the work begins anew. All keys' shards are
    /// locked.
    func finish(_ call: Call) -> Bool {
        if !hasCurrentSources(call) {
            guard reload(call) else {
                call.wrongType()
                return true
            }
            restartCount += 1
            if restartCount <= Self.maximumRestarts { return false }
        }
        while computedCount < byteCount { computeSlice() }
        destination.withKey(call.access, database: database) { key in call.asWriter(of: key) { store(key, call) } }
        return true
    }

    private func hasCurrentSources(_ call: Call) -> Bool {
        sources.allSatisfy { source in
            source.withKey(call.access, database: database) { source.isStill(call.peek($0)) }
        }
    }

    /// Takes the sources as they are now; false when one is no string.
    private func reload(_ call: Call) -> Bool {
        for index in sources.indices {
            let old = sources[index]
            let new = old.withKey(call.access, database: database) { key -> BitSource? in
                let entry = call.peek(key)
                return entry?.isString ?? true ? BitSource(key.bytes.array, entry) : nil
            }
            guard let new else { return false }
            sources[index] = new
            old.release()
        }
        begin()
        return true
    }

    private func store(_ key: Key, _ call: Call) {
        guard byteCount > 0 else {
            if let old = call.lookupForWriting(key) { call.remove(old) }
            return call.reply.integer(0)
        }
        guard let result else {
            _ = call.stored(false)
            return
        }
        if byteCount >= SharedBlock.threshold {
            guard call.set(key, toNew: .block(result), expiry: Entry.noExpiry) else { return }
            self.result = nil
        } else {
            guard call.set(key, toText: result.slice) else { return }
            call.peek(key)?.noteChangedInline()
        }
        call.reply.integer(Int64(byteCount))
    }
}
