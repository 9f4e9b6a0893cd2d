import CPrimitives

/// Who bears a tag: counts and records. The caller holds the lock of the entry's shard, or owns the entry alone.
extension TagTable {
    /// Counts an entry that has come to lie in a table, and takes a record of it. One that is void already has neither; one that
    /// is about to be made stale is not counted, but a later invalidation has to find it.
    ///
    /// - Parameters:
    ///   - hash: its key's.
    ///   - size: the entry's bytes.
    func link(_ tags: EntryExtension, hash: UInt64, size: Int) {
        let sequence = tags.sequence
        var bytes = 0
        for index in 0..<tags.tagCount {
            let tag = tags.tag(index)
            let stripe = stripe(tag.stripe)
            withLock(stripe) {
                let slot = stripe.slot(tag.index)
                if slot.counts(sequence) { count(slot, size: size) }
                if slot.last <= sequence { append(hash, to: slot, bytes: &bytes) }
            }
        }
        if bytes != 0 { ledger.addTags(bytes: bytes) }
    }

    /// Takes an entry out of the counts and gives up its tags. Its records stay until they are thinned out.
    func unlink(_ tags: EntryExtension, size: Int) {
        let sequence = tags.sequence
        let isCounted = !tags.isRetired
        var bytes = 0
        for index in 0..<tags.tagCount {
            let tag = tags.tag(index)
            let stripe = stripe(tag.stripe)
            withLock(stripe) {
                let slot = stripe.slot(tag.index)
                if isCounted, slot.counts(sequence) { discount(slot, size: size) }
                thin(tag, slot)
                release(tag, stripe, bytes: &bytes)
            }
        }
        if bytes != 0 { ledger.addTags(bytes: bytes) }
    }

    /// Puts an entry in the place of another one of the same key and the same tags: no record is needed where the old one counted.
    func relink(_ old: EntryExtension, oldSize: Int, _ new: EntryExtension, newSize: Int, hash: UInt64) {
        let (oldSequence, newSequence) = (old.sequence, new.sequence)
        let wasCounted = !old.isRetired
        var bytes = 0
        for index in 0..<new.tagCount {
            let tag = new.tag(index)
            let stripe = stripe(tag.stripe)
            withLock(stripe) {
                let slot = stripe.slot(tag.index)
                let counted = wasCounted && slot.counts(oldSequence)
                if counted { discount(slot, size: oldSize) }
                let counts = slot.counts(newSequence)
                if counts { count(slot, size: newSize) }
                // What was stale has a record, but it may be on its way to the reaper and back, and TAG KEYS is to find the key.
                let hasRecord = counts ? counted : slot.last <= oldSequence
                if slot.last <= newSequence, !hasRecord { append(hash, to: slot, bytes: &bytes) }
                release(tag, stripe, bytes: &bytes)  // the old entry's; the new one holds its own
            }
        }
        if bytes != 0 { ledger.addTags(bytes: bytes) }
    }

    /// Takes an entry that becomes stale out of the counts; it keeps its tags.
    func retire(_ tags: EntryExtension, size: Int) {
        for index in 0..<tags.tagCount {
            let tag = tags.tag(index)
            let stripe = stripe(tag.stripe)
            withLock(stripe) {
                let slot = stripe.slot(tag.index)
                if slot.counts(tags.sequence) { discount(slot, size: size) }
            }
        }
    }

    private func count(_ slot: UnsafeMutablePointer<TagSlot>, size: Int) {
        slot.pointee.liveCount += 1
        slot.pointee.liveBytes += Int64(size)
    }

    private func discount(_ slot: UnsafeMutablePointer<TagSlot>, size: Int) {
        slot.pointee.liveCount -= 1
        slot.pointee.liveBytes -= Int64(size)
    }

    /// Takes a record in.
    func append(_ hash: UInt64, to slot: UnsafeMutablePointer<TagSlot>, bytes: inout Int) {
        if slot.pointee.postings?.isFull != false {
            let capacity = slot.pointee.postings?.followingCapacity ?? PostingChunk.firstCapacity
            guard let chunk = PostingChunk.make(capacity: capacity, next: slot.pointee.postings) else { outOfMemory() }
            bytes += chunk.blockSize
            slot.pointee.postings = chunk
        }
        slot.pointee.postings?.append(hash)
        slot.pointee.recordCount += 1
    }

    // MARK: Records of entries that are gone

    /// Records that may be without an entry before they are thinned out, beside as many as there are entries.
    private static let spareRecordCount = 64

    /// Has records thinned out when more than half are of entries that are gone.
    private func thin(_ tag: TagID, _ slot: UnsafeMutablePointer<TagSlot>) {
        let (records, bearers) = (Int(slot.pointee.recordCount), Int(slot.pointee.referenceCount))
        guard records > 2 * bearers + TagTable.spareRecordCount, slot.pointee.isBeingCompacted == 0 else { return }
        slot.pointee.isBeingCompacted = 1
        detachRecords(tag, slot, .judged)
    }

    /// Hands a tag's records to the reaper.
    func detachRecords(_ tag: TagID, _ slot: UnsafeMutablePointer<TagSlot>, _ kind: TagReapQueue.Kind) {
        guard let chunk = slot.pointee.postings else {
            slot.pointee.isBeingCompacted = 0
            return
        }
        // Entries that are stale or still valid get their records back: the tag is kept until then.
        if kind == .judged { slot.pointee.referenceCount += 1 }
        reapQueue.append(
            chunk, kind, tag: tag, namespace: slot.pointee.namespace, recordCount: Int(slot.pointee.recordCount))
        slot.pointee.postings = nil
        slot.pointee.recordCount = 0
    }

    /// Hands records to the reaper whose entries are all gone.
    func dropRecords(_ slot: UnsafeMutablePointer<TagSlot>) {
        guard let chunk = slot.pointee.postings else { return }
        reapQueue.append(
            chunk, .freed, tag: TagID(rawValue: 0), namespace: slot.pointee.namespace,
            recordCount: Int(slot.pointee.recordCount))
        slot.pointee.postings = nil
        slot.pointee.recordCount = 0
    }
}
