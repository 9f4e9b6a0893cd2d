import CPrimitives
import Primitives

/// What commands do with single keys. The shard of the key is locked by the caller.
extension StoreAccess {
    /// The entry of `key`, or nil. An entry past its deadline is removed and is not there.
    ///
    /// - Parameters:
    ///   - now: store milliseconds.
    ///   - touching: whether this counts as an access for the eviction policy.
    @inline(__always)
    public func find(_ key: Key, now: Int64, touching: Bool) -> EntryHandle? {
        let shard = shard(hash: key.hash)
        guard let place = shard.pointee.livePlace(of: key, now: now) else { return nil }
        if touching { shard.pointee.touch(place) }
        return EntryHandle(shard: shard, place: place, key: key)
    }

    /// Makes `value` the value of `key`; an old value and deadline are gone. False, and nothing changed, without memory.
    ///
    /// - Parameter old: the key's entry if the caller has just found it; pass nil to have it looked up.
    @inline(__always)
    public func set(_ key: Key, to value: EntryValue, expiry: Int64) -> Bool {
        guard let entry = Entry.make(type: .string, key: key.bytes, value: value, expiry: expiry) else { return false }
        let shard = shard(hash: key.hash)
        shard.pointee.put(entry, for: key, replacing: shard.pointee.place(of: key))
        return true
    }

    /// Gives `key` a copy of another entry's value with deadline `expiry`; a large value is shared. False without memory.
    ///
    /// - Parameter rule: the number of the rule that the copy is under.
    public func set(_ key: Key, toCopyOf source: EntryHandle, expiry: Int64, rule: UInt8? = nil) -> Bool {
        let shard = shard(hash: key.hash)
        return source.shard.pointee.tags.withExtension(of: source, for: key.database, rule: rule) { extensionBytes in
            guard
                let entry = source.entry.copy(key: key.bytes, expiry: expiry, extensionBytes: extensionBytes)
            else { return false }
            shard.pointee.put(entry, for: key, replacing: shard.pointee.place(of: key))
            return true
        }
    }

    /// Removes the entry. Handles of its shard are void from here on.
    @inline(__always)
    public func remove(_ handle: EntryHandle) {
        handle.shard.pointee.remove(handle.place, database: handle.key.database)
    }

    /// Notes a change of a key that was not there before and is not there now: written with a deadline that has passed.
    public func noteChange(of key: Key) { shard(hash: key.hash).pointee.changed(key, .removed) }

    /// Fetches the way to a key into the cache, in two steps that are to lie some time apart. The shard is locked.
    @inline(__always)
    public func prefetchBucket(hash: UInt64, database: Int) {
        shard(hash: hash).pointee.prefetchBucket(hash: hash, database: database)
    }
    @inline(__always)
    public func prefetchEntry(hash: UInt64, database: Int) {
        shard(hash: hash).pointee.prefetchEntry(hash: hash, database: database)
    }
    /// Fetches the shard's own lines; needs no lock.
    @inline(__always)
    public func prefetchShard(hash: UInt64) { nc_prefetch_write(shard(hash: hash)) }

    // MARK: Watching

    /// Raises `flag` when `key` changes from now on.
    public func watch(_ key: Key, _ flag: WatchFlag) { shard(hash: key.hash).pointee.watch(key, flag) }

    /// Ends `watch`.
    public func unwatch(_ key: Key, _ flag: WatchFlag) {
        shard(hash: key.hash).pointee.unwatch(database: key.database, key: key.bytes.array, flag)
    }
}
