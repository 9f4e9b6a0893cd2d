import CPrimitives
import Primitives

/// Tags: what commands do with them by name.
extension Store {
    /// What is known of a tag.
    public struct TagInformation: Sendable {
        /// Entries that bear it, and their bytes.
        public var entryCount = 0
        public var byteCount = 0
        /// The number of its last invalidation, and when it was, in store milliseconds; 0 for never.
        public var lastInvalidation: UInt64 = 0
        public var invalidatedMilliseconds: Int64 = 0
    }

    /// Makes void all entries of the database that bear the tag; when this returns nobody sees them. O(1).
    ///
    /// - Returns: how many there were.
    public func invalidate(tag name: ByteSlice, database: Int, now: Int64) -> Int {
        tags.invalidate(name, database: database, now: now)
    }

    /// Makes stale all entries of the database that bear the tag. O(1).
    ///
    /// - Returns: how many there were.
    public func makeStale(tag name: ByteSlice, database: Int, now: Int64) -> Int {
        tags.makeStale(name, database: database, now: now)
    }

    /// Entries that bear the tag. O(1).
    public func count(tag name: ByteSlice, database: Int) -> Int {
        tags.withTag(name, database: database) { Int($1.pointee.liveCount) } ?? 0
    }

    public func information(tag name: ByteSlice, database: Int) -> TagInformation? {
        tags.withTag(name, database: database) { _, slot in
            TagInformation(
                entryCount: Int(slot.pointee.liveCount), byteCount: Int(slot.pointee.liveBytes),
                lastInvalidation: slot.last, invalidatedMilliseconds: slot.pointee.name.invalidatedMilliseconds)
        }
    }

    /// Hashes of the keys whose entries may bear the tag; some may stand there twice, some of entries that are gone.
    public func hashes(tag name: ByteSlice, database: Int) -> [UInt64] {
        tags.withTag(name, database: database) { _, slot in
            var hashes: [UInt64] = []
            hashes.reserveCapacity(Int(slot.pointee.recordCount))
            var chunk = slot.pointee.postings
            while let present = chunk {
                for index in 0..<present.count { hashes.append(present.hash(index)) }
                chunk = present.next
            }
            return hashes
        } ?? []
    }

    /// Calls `body` with names of the database's tags that an entry bears, from `position` on, for up to `limit` slots.
    ///
    /// - Returns: the position to go on from; nil at the end. A tag that is there throughout is seen exactly once.
    public func forEachTag(
        database: Int, from position: UInt64, limit: Int, _ body: (ByteSlice) -> Void
    ) -> UInt64? {
        let namespace = tags.namespace(of: database)
        var (number, index) = (Int(position & 0xFF), Int(truncatingIfNeeded: position >> 8))
        var left = limit
        while number < TagTable.stripeCount {
            let stripe = tags.stripe(number)
            tags.withLock(stripe) {
                while index < stripe.slotCount, left > 0 {
                    let slot = stripe.slot(index)
                    if slot.pointee.namespace == namespace, slot.pointee.liveCount > 0 { body(slot.pointee.name.bytes) }
                    index += 1
                    left -= 1
                }
            }
            if left <= 0 { return UInt64(index) << 8 | UInt64(number) }
            (number, index) = (number + 1, 0)
            left -= 1
        }
        return nil
    }

    /// Follows up to `budget` records of invalidated tags and frees what is void; true when none is left. No shard may be locked
    /// by the caller.
    public func reap(budget: Int, now: Int64) -> Bool {
        tags.reapQueue.recordCount == 0 || tagReaper.step(budget: budget, now: now)
    }

    /// Records that were taken in for `reap` so far, and whether all up to such a number were followed.
    public var reapMark: UInt64 { tags.reapQueue.appendedCount }
    public func isReaped(upTo mark: UInt64) -> Bool { tags.reapQueue.doneCount >= mark }

    /// Records of invalidated tags that nobody has followed yet.
    public var reapPendingCount: Int { tags.reapQueue.recordCount }

    /// Bytes of tags: names, records, table.
    public var tagBytes: Int { ledger.tagBytes }

    /// Entries past their deadline that are held for their window.
    public var staleEntryCount: Int { ledger.staleEntryCount }

    /// How many invalidations there were.
    public var invalidationCount: UInt64 { tags.clock }

    /// Tags that are known, of all databases. O(stripes).
    public var tagCount: Int {
        var count = 0
        for index in 0..<TagTable.stripeCount {
            let stripe = tags.stripe(index)
            tags.withLock(stripe) { count += stripe.nameCount }
        }
        return count
    }
}

/// The shard of the key is locked by the caller.
extension StoreAccess {
    /// The entry with an extension whose key has this hash, if it is valid.
    public func find(hash: UInt64, database: Int, now: Int64) -> EntryHandle? {
        let shard = shard(hash: hash)
        guard let found = shard.pointee.extendedPlace(hash: hash, database: database),
            let place = shard.pointee.judgedPlace(found, database: database, now: now)
        else { return nil }
        let key = Key(bytes: place.slot.pointee.entry.key, hash: hash, database: database)
        return EntryHandle(shard: shard, place: place, key: key)
    }

    /// Whether an entry bears the tag of that name.
    public func bears(_ entry: Entry, tag name: ByteSlice) -> Bool {
        guard entry.hasExtension else { return false }
        let (table, entryExtension) = (shard(0).pointee.tags, entry.entryExtension)
        for index in 0..<entryExtension.tagCount
        where table.slot(entryExtension.tag(index)).pointee.name.bytes.equals(name) { return true }
        return false
    }

    /// The stale entry of `key`: past its deadline, or made stale by a tag, and held for its window.
    public func findStale(_ key: Key, now: Int64) -> EntryHandle? {
        let shard = shard(hash: key.hash)
        return shard.pointee.stalePlace(of: key, now: now).map { EntryHandle(shard: shard, place: $0, key: key) }
    }
}

extension EntryHandle {
    private var entryExtension: EntryExtension? { entry.hasExtension ? entry.entryExtension : nil }
    private var table: TagTable { shard.pointee.tags }

    public var tagCount: Int { entryExtension?.tagCount ?? 0 }
    /// The number of the rule under which the entry was written.
    public var rule: UInt8? { entryExtension?.rule }
    /// How long the entry is held past its deadline, in milliseconds.
    public var staleMilliseconds: Int64 { entryExtension?.staleMilliseconds ?? 0 }

    /// Calls `body` with the name of each tag.
    public func forEachTag(_ body: (ByteSlice) -> Void) {
        guard let entryExtension else { return }
        for index in 0..<entryExtension.tagCount {
            body(table.slot(entryExtension.tag(index)).pointee.name.bytes)
        }
    }

    public func bears(tag name: ByteSlice) -> Bool {
        var isFound = false
        forEachTag { isFound = isFound || $0.equals(name) }
        return isFound
    }

    /// How tags are to be changed.
    public enum TagChange {
        case add, remove, replace
    }

    public enum TagOutcome {
        /// How many tags were attached or taken away; of a replacement how many there are now.
        case changed(Int)
        /// An invalidation came in between: the entry is gone.
        case void
        case tooMany
        case outOfMemory
    }

    /// Changes the entry's tags. The handle is void from here on.
    ///
    /// - Parameter names: at most `EntryAttributes.maximumTagCount`.
    public func changeTags(
        _ change: TagChange, _ names: UnsafeBufferPointer<ByteSlice>, now: Int64
    ) -> TagOutcome {
        let table = table
        // The clock first, then the look at the tags that are there: an invalidation in between makes the look fail, and one behind
        // it has a higher number. Otherwise a tag invalidated long ago would end an entry that gets it only now.
        let clock = table.clock
        if let entryExtension, entryExtension.hasTags, !table.isCurrent(entryExtension) { return .void }
        var draft = EntryExtensionDraft()
        draft.sequence = clock
        draft.staleSeconds = UInt32(staleMilliseconds / 1000)
        draft.rule = rule
        let capacity = names.count + EntryExtension.maximumTagCount
        return withUnsafeTemporaryAllocation(of: TagID.self, capacity: capacity) { memory in
            var list = TagList(memory, table)
            let outcome = collect(change, names, into: &list)
            guard case .changed(let count) = outcome, list.count <= EntryExtension.maximumTagCount else {
                list.releaseAll()
                if case .changed = outcome { return .tooMany }
                return outcome
            }
            if count == 0, change != .replace {
                list.releaseAll()
                return .changed(0)
            }
            draft.tags = list.buffer
            let entry = entry
            let copy = draft.withBytes { entry.copy(key: entry.key, expiry: entry.expiry, extensionBytes: $0) }
            guard let copy else {
                list.releaseAll()
                return .outOfMemory
            }
            shard.pointee.replace(place, with: copy, database: key.database)
            shard.pointee.changed(key)
            _ = shard.pointee.livePlace(of: key, now: now)
            return .changed(count)
        }
    }

    private func collect(
        _ change: TagChange, _ names: UnsafeBufferPointer<ByteSlice>, into list: inout TagList
    ) -> TagOutcome {
        if change != .replace, let entryExtension {
            for index in 0..<entryExtension.tagCount {
                table.retain(entryExtension.tag(index))
                list.insert(entryExtension.tag(index))
            }
        }
        var count = 0
        for name in names {
            guard let tag = table.retain(name, database: key.database) else { return .outOfMemory }
            if change == .remove {
                if list.remove(tag) { count += 1 }
                table.release(tag)
            } else if list.insert(tag) {
                count += 1
            }
        }
        return .changed(count)
    }
}
