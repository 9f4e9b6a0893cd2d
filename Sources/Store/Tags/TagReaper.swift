import CPrimitives

/// Follows the records of tags that were invalidated, or whose records are mostly of entries that are gone, in slices: entries that
/// are void give their memory back before any live one is evicted.
final class TagReaper: @unchecked Sendable {
    /// Records that are followed together: their lines are fetched at once, for each is a miss of its own.
    private static let groupCount = 16

    private var lockWord: UInt32 = 0
    private let access: StoreAccess
    private let databaseCount: Int
    private let tags: TagTable
    /// Hashes that the item under way gave back to its tag: none twice.
    private var kept = HashRecordSet()

    init(access: StoreAccess, databaseCount: Int, tags: TagTable) {
        self.access = access
        self.databaseCount = databaseCount
        self.tags = tags
    }

    /// Follows up to `budget` records; true when none is left. No shard may be locked by the caller.
    func step(budget: Int, now: Int64) -> Bool {
        guard nc_spin_try_lock(&lockWord) else { return false }
        defer { nc_spin_unlock(&lockWord) }
        var budget = budget
        while budget > 0 {
            guard let item = tags.reapQueue.takeFirst() else { return true }
            if follow(item, budget: &budget, now: now) { finish(item) } else { tags.reapQueue.putBack(item) }
        }
        return false
    }

    /// Whether the item's last chunk is done.
    private func follow(
        _ item: UnsafeMutablePointer<TagReapQueue.Item>, budget: inout Int, now: Int64
    ) -> Bool {
        // Nil when the database was flushed: its entries are freed with their table.
        let database =
            item.pointee.kind == .freed
            ? nil : tags.database(of: item.pointee.namespace, databaseCount: databaseCount)
        while budget > 0, let chunk = item.pointee.chunk {
            if let database {
                var start = 0
                while start < chunk.count {
                    let end = min(start + TagReaper.groupCount, chunk.count)
                    followGroup(chunk, start..<end, item, database: database, now: now)
                    start = end
                }
            }
            // A record that is followed costs as much as 16 that are freed.
            budget -= database == nil ? chunk.count / 16 + 1 : chunk.count
            tags.reapQueue.noteDone(chunk.count)
            item.pointee.chunk = chunk.next
            tags.ledger.addTags(bytes: -chunk.blockSize)
            chunk.free()
        }
        return item.pointee.chunk == nil
    }

    private func finish(_ item: UnsafeMutablePointer<TagReapQueue.Item>) {
        kept = HashRecordSet()
        if item.pointee.kind == .judged {
            let stripe = tags.stripe(item.pointee.tag.stripe)
            var bytes = 0
            tags.withLock(stripe) {
                stripe.slot(item.pointee.tag.index).pointee.isBeingCompacted = 0
                tags.release(item.pointee.tag, stripe, bytes: &bytes)
            }
            if bytes != 0 { tags.ledger.addTags(bytes: bytes) }
        }
        item.deallocate()
    }

    private func followGroup(
        _ chunk: PostingChunk, _ range: Range<Int>, _ item: UnsafeMutablePointer<TagReapQueue.Item>, database: Int,
        now: Int64
    ) {
        for index in range { access.prefetchShard(hash: chunk.hash(index)) }
        for index in range {
            let shard = access.shard(hash: chunk.hash(index))
            shard.lock()
            access.prefetchBucket(hash: chunk.hash(index), database: database)
            shard.unlock()
        }
        for index in range {
            let shard = access.shard(hash: chunk.hash(index))
            shard.lock()
            access.prefetchEntry(hash: chunk.hash(index), database: database)
            shard.unlock()
        }
        for index in range {
            let hash = chunk.hash(index)
            let shard = access.shard(hash: hash)
            shard.lock()
            let isKept = shard.pointee.judge(
                hash: hash, namespace: item.pointee.namespace, tag: item.pointee.tag, now: now)
            if isKept, item.pointee.kind == .judged, kept.insert(hash) { giveBack(hash, to: item.pointee.tag) }
            shard.unlock()
        }
    }

    /// The shard is locked: the entry is there until its record is.
    private func giveBack(_ hash: UInt64, to tag: TagID) {
        let stripe = tags.stripe(tag.stripe)
        var bytes = 0
        tags.withLock(stripe) { tags.append(hash, to: stripe.slot(tag.index), bytes: &bytes) }
        if bytes != 0 { tags.ledger.addTags(bytes: bytes) }
    }
}
