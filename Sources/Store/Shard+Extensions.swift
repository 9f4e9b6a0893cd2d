import CPrimitives
import Primitives

/// Entries with an extension: their tags' counts, and whether they are valid, stale or void.
extension Shard {
    // MARK: Coming and going

    /// Retains the tags of an entry that was made with another one's extension.
    func retainTags(of entry: Entry) {
        guard entry.hasExtension else { return }
        let entryExtension = entry.entryExtension
        for index in 0..<entryExtension.tagCount { tags.retain(entryExtension.tag(index)) }
    }

    /// An entry has come to lie in a table.
    @inline(never)
    func linkExtension(of entry: Entry, hash: UInt64) {
        tags.link(entry.entryExtension, hash: hash, size: entry.blockSize)
    }

    /// An entry is about to be freed.
    @inline(never)
    func unlinkExtension(of entry: Entry, database: Int) {
        let entryExtension = entry.entryExtension
        if entryExtension.isRetired { countStale(-1, of: entry, database: database) }
        tags.unlink(entryExtension, size: entry.blockSize)
    }

    /// An entry takes the place of another of the same key.
    @inline(never)
    func exchangeExtensions(_ old: Entry, _ new: Entry, database: Int) {
        if old.isRetired { countStale(-1, of: old, database: database) }
        if old.hasExtension, new.hasExtension, old.entryExtension.hasSameTags(as: new.entryExtension) {
            tags.relink(
                old.entryExtension, oldSize: old.blockSize, new.entryExtension, newSize: new.blockSize,
                hash: seed.hash(new.key))
            return
        }
        if new.hasExtension { linkExtension(of: new, hash: seed.hash(new.key)) }
        if old.hasExtension { tags.unlink(old.entryExtension, size: old.blockSize) }
    }

    private func countStale(_ count: Int, of entry: Entry, database: Int) {
        let table = tables + database
        table.pointee.staleCount += count
        if let number = entry.ruleNumber {
            table.pointee.ruleTallies.place(of: number, zero: RuleTally()).pointee.staleCount += count
        }
        ledger.addStaleEntries(count)
    }

    // MARK: Validity

    /// `place` if its entry, which has an extension, is valid. What is void is removed, what is stale is counted as such.
    @inline(never)
    mutating func judgedPlace(_ place: Place, database: Int, now: Int64) -> Place? {
        let entry = place.slot.pointee.entry
        let entryExtension = entry.entryExtension
        if entryExtension.hasTags, !tags.isCurrent(entryExtension) {
            if !tags.isValid(entryExtension) {
                remove(place, database: database)
                return nil
            }
            if !entryExtension.isRetired {
                makeStale(place, database: database, now: now)
                return nil
            }
        }
        guard entry.isExpired(at: now) else { return place }
        if entry.staleEnd > now {
            retire(place, database: database)
        } else {
            if !entryExtension.isRetired { countExpiry(of: entry) }
            remove(place, database: database, .aged)
        }
        return nil
    }

    /// Takes an entry past its deadline out of what is seen and counted, and holds it.
    mutating func retire(_ place: Place, database: Int, _ event: KeyEvent = .aged) {
        let entry = place.slot.pointee.entry
        let entryExtension = entry.entryExtension
        guard !entryExtension.isRetired else { return }
        if entryExtension.hasTags { tags.retire(entryExtension, size: entry.blockSize) }
        entryExtension.noteRetired()
        countStale(1, of: entry, database: database)
        countExpiry(of: entry)
        let hash = seed.hash(entry.key)
        noteStale(hash: hash, database: database)
        bookSideStructures()
        changed(Key(bytes: entry.key, hash: hash, database: database), event)
    }

    /// Ends the life of an entry one of whose tags was made stale: its deadline was then, and its window begins.
    private mutating func makeStale(_ place: Place, database: Int, now: Int64) {
        let entry = place.slot.pointee.entry
        let deadline = min(entry.expiry, tags.staledMilliseconds(entry.entryExtension) ?? now)
        guard entry.entryExtension.staleMilliseconds > 0,
            let copy = entry.copy(key: entry.key, expiry: deadline, extensionBytes: entry.extensionBytes)
        else {
            remove(place, database: database)
            return
        }
        retainTags(of: copy)
        replace(place, with: copy, database: database)
        if copy.staleEnd > now {
            retire(place, database: database, .removed)
        } else {
            remove(place, database: database)
        }
    }

    /// Follows a record of a tag: removes the entry if it is void, makes it stale if it is.
    ///
    /// - Returns: whether the entry is there and bears the tag.
    mutating func judge(hash: UInt64, namespace: UInt32, tag: TagID, now: Int64) -> Bool {
        // Now that the shard is locked: SWAPDB may have moved the entries meanwhile.
        guard let database = tags.database(of: namespace, databaseCount: databaseCount),
            let place = extendedPlace(hash: hash, database: database)
        else { return false }
        let entryExtension = place.slot.pointee.entry.entryExtension
        guard entryExtension.bears(tag) else { return false }
        if tags.isCurrent(entryExtension) { return true }
        if !tags.isValid(entryExtension) {
            remove(place, database: database)
            return false
        }
        if entryExtension.isRetired { return true }
        makeStale(place, database: database, now: now)
        return extendedPlace(hash: hash, database: database)?.slot.pointee.entry.entryExtension.bears(tag) ?? false
    }

    /// Where the entry with an extension lies whose key has this hash.
    func extendedPlace(hash: UInt64, database: Int) -> Place? {
        tables[database].place(hash: hash) { slot in
            slot.entry.hasExtension && seed.hash(slot.entry.key) == hash
        }
    }

    // MARK: Stale entries

    /// Notes who is to be evicted first.
    private func noteStale(hash: UInt64, database: Int) {
        let state = eviction
        let tables = tables
        var count = 0
        for database in 0..<databaseCount { count += tables[database].staleCount }
        if state.pointee.staleQueue.isFull, state.pointee.staleQueue.count > 2 * count {
            var seen: Set<UInt64> = []
            state.pointee.staleQueue.compact { record in
                stalePlace(record) != nil && seen.insert(record).inserted
            }
        }
        state.pointee.staleQueue.append(HashQueue.record(hash: hash, database: database))
    }

    /// The stale entry that a record tells of, if it is there still.
    private func stalePlace(_ record: UInt64) -> Place? {
        tables[HashQueue.database(of: record)].place(hash: HashQueue.hash(of: record)) { slot in
            slot.entry.isRetired && seed.hash(slot.entry.key) & ~HashQueue.databaseMask == HashQueue.hash(of: record)
        }
    }

    /// Evicts the entry that has been stale longest; false when there is none.
    mutating func evictStale() -> Bool {
        let state = eviction
        while let record = state.pointee.staleQueue.removeFirst() {
            guard let place = stalePlace(record) else { continue }
            countEviction(of: place.slot.pointee.entry)
            remove(place, database: HashQueue.database(of: record), .aged)
            bookSideStructures()
            return true
        }
        bookSideStructures()
        return false
    }

    /// Where a stale entry of that key lies.
    mutating func stalePlace(of key: Key, now: Int64) -> Place? {
        // Looking for a valid one settles what is void, and what has become stale.
        guard livePlace(of: key, now: now) == nil, let place = place(of: key) else { return nil }
        return place.slot.pointee.entry.isRetired ? place : nil
    }
}

extension EntryExtension {
    func hasSameTags(as other: EntryExtension) -> Bool {
        guard hasTags, other.hasTags, tagCount == other.tagCount else { return false }
        return memcmp(pointer + 8, other.pointer + 8, 4 * tagCount) == 0
    }
}

extension TagTable {
    /// Whether an entry that may be void is not.
    func isLive(_ entry: Entry, now: Int64) -> Bool {
        if entry.isExpired(at: now) { return false }
        guard entry.hasExtension, entry.entryExtension.hasTags else { return true }
        return isCurrent(entry.entryExtension)
    }
}
