import CPrimitives
import Primitives

/// What CLIENT TRACKING needs of the store: it notes changes of keys that clients have read, or of all keys. Readers are
/// numbers above 0 that the caller chooses and does not use again.
extension Store {
    /// Whether changes have been noted that nobody has taken.
    public var hasNotes: Bool { !access.noted.isEmpty }

    /// Takes the notes of all shards, in the order of the changes. No shard may be locked by the caller.
    public func takeNotes() -> [KeyChange] {
        var notes: [KeyChange] = []
        access.noted.takeAll { index in
            let shard = access.shard(index)
            shard.lock()
            notes.append(contentsOf: shard.pointee.takeNotes())
            shard.unlock()
        }
        return notes.sorted { $0.sequence < $1.sequence }
    }

    /// Notes every change, or only those of tracked keys.
    public func setNotesAll(_ notesAll: Bool) {
        forEachShard { $0.pointee.setNotesAll(notesAll, noted: access.noted) }
    }

    /// Keys that are tracked now.
    public var trackedKeyCount: Int { ledger.trackedKeyCount }

    /// Drops tracked keys at random, with notes for their readers, until `limit` are left or `budget` are dropped. No shard may
    /// be locked by the caller.
    ///
    /// - Returns: whether no more than `limit` are left.
    public func dropTrackedKeys(downTo limit: Int, budget: Int) -> Bool {
        var (left, barren) = (budget, 0)
        var index = ledger.nextTrackedHand() & (shardCount - 1)
        while ledger.trackedKeyCount > limit, left > 0, barren < shardCount {
            index = (index + 1) & (shardCount - 1)
            let shard = access.shard(index)
            shard.lock()
            let isDropped = shard.pointee.dropTrackedKey()
            shard.unlock()
            if isDropped { (left, barren) = (left - 1, 0) } else { barren += 1 }
        }
        return ledger.trackedKeyCount <= limit
    }

    /// Forgets what `readers` have read in one shard. O(tracked keys of the shard).
    public func forgetReaders(_ readers: Set<UInt64>, shard index: Int) {
        let shard = access.shard(index)
        shard.lock()
        shard.pointee.forgetReaders(readers)
        shard.unlock()
    }
}

/// The shard of the key is locked by the caller.
extension StoreAccess {
    /// Notes the next change of `key` for `reader`, which has just read it.
    public func track(_ key: Key, reader: UInt64) {
        shard(hash: key.hash).pointee.track(key, reader: reader, noted: noted)
    }

    /// Says whose command changes the keys of this shard from here on; 0 for nobody who wants to know.
    public func setWriter(_ writer: UInt64, hash: UInt64) {
        shard(hash: hash).pointee.observers?.writer = writer
    }
}
