import CPrimitives
import Primitives
import RESP
import Store
import Telemetry

/// Keys and entries.
extension Call {
    /// The key that argument `index` names, in the session's database.
    @inline(__always)
    public func key(_ index: Int) -> Key { key(index, database: session.pointee.database) }

    @inline(__always)
    public func key(_ index: Int, database: Int) -> Key {
        let bytes = self[index]
        if state.pointee.hasFirstKeyHash, index == Int(state.pointee.command.pointee.keyFirst) {
            return Key(bytes: bytes, hash: state.pointee.firstKeyHash, database: database)
        }
        return access.key(bytes, database: database)
    }

    /// The entry to be read: counts a hit or a miss and, unless CLIENT NO-TOUCH, an access.
    @inline(__always)
    public func lookup(_ key: Key) -> EntryHandle? {
        let found = access.find(key, now: nowMilliseconds, touching: session.pointee.touchesEntries)
        countLookup(found, of: key)
        return found
    }

    /// The entry to be changed: an access, but no hit or miss.
    @inline(__always)
    public func lookupForWriting(_ key: Key) -> EntryHandle? {
        access.find(key, now: nowMilliseconds, touching: true)
    }

    /// The entry, without an access, a hit or a miss.
    @inline(__always)
    public func peek(_ key: Key) -> EntryHandle? { access.find(key, now: nowMilliseconds, touching: false) }

    /// Makes `value` the value of `key` in its leanest form, on the terms of the key's rule: it may live for another time, and may
    /// not be stored at all. Replies an error itself, and returns false, without memory.
    ///
    /// - Parameter isKept: whether `expiry` is the old value's, which rules leave alone.
    @inline(__always)
    @discardableResult
    public func set(
        _ key: Key, to value: ByteSlice, expiry: Int64 = Entry.noExpiry, isKept: Bool = false
    ) -> Bool {
        let terms = terms(of: key, valueCount: value.count, expiry: expiry, isKept: isKept)
        guard terms.isStored else { return discard(key) }
        if let block = takePreparedBlock(for: value) { return store(.block(block), key, terms) }
        return store(EntryValue(leanest: value), key, terms)
    }

    /// `set` of a value that carries attributes.
    func set(
        _ key: Key, to value: ByteSlice, expiry: Int64, isKept: Bool, _ attributes: EntryAttributes
    ) -> Bool {
        let terms = terms(of: key, valueCount: value.count, expiry: expiry, isKept: isKept)
        guard terms.isStored else { return discard(key) }
        let made = takePreparedBlock(for: value).map { EntryValue.block($0) } ?? EntryValue(leanest: value)
        return stored(store(made, key, terms, attributes))
    }

    /// Makes `value` the value of `key` byte for byte, even if it spells an integer.
    public func set(_ key: Key, toText value: ByteSlice, expiry: Int64 = Entry.noExpiry) -> Bool {
        set(key, toNew: .bytes(value), expiry: expiry)
    }

    @inline(__always)
    @discardableResult
    public func set(_ key: Key, toInteger value: Int64, expiry: Int64 = Entry.noExpiry) -> Bool {
        set(key, toNew: .integer(value), expiry: expiry)
    }

    /// Makes `value` the value of `key`; the reference of a block passes to the entry.
    @inline(__always)
    func set(_ key: Key, toNew value: EntryValue, expiry: Int64) -> Bool {
        let terms = terms(of: key, valueCount: value.weighedCount, expiry: expiry, isKept: false)
        if terms.isStored { return store(value, key, terms) }
        if case .block(let block) = value { block.release() }
        return discard(key)
    }

    /// Puts a value computed from the old one in its place; tags and stale window stay.
    func replace(_ entry: EntryHandle, with value: EntryValue, expiry: Int64) -> Bool {
        let isStored = stored(entry.replaceValue(value, expiry: deadline(of: entry, replacedUntil: expiry)))
        if isStored { noteModified(entry) }
        return isStored
    }

    /// Gives `key` the value of `source` (RENAME, COPY); a large value is shared, not copied.
    @discardableResult
    public func set(_ key: Key, toCopyOf source: EntryHandle, expiry: Int64) -> Bool {
        let terms = terms(of: key, valueCount: source.valueCount, expiry: expiry, isKept: true)
        guard terms.isStored else { return discard(key) }
        let isStored = access.set(key, toCopyOf: source, expiry: terms.expiry, rule: terms.rule?.pointee.number)
        if isStored { access.settle(key, now: nowMilliseconds) }
        return stored(isStored)
    }

    @inline(__always)
    private func store(_ value: EntryValue, _ key: Key, _ terms: WriteTerms) -> Bool {
        if terms.rule != nil || state.pointee.defaultStaleSeconds > 0 {
            return stored(store(value, key, terms, EntryAttributes()))
        }
        return stored(access.set(key, to: value, expiry: terms.expiry))
    }

    /// Ends a write of a value that its rule does not let be stored: its writer sees it done, and the old value is gone.
    @inline(never)
    private func discard(_ key: Key) -> Bool {
        removeQuietly(key)
        return true
    }

    /// Removes an entry. All handles of its shard are void from here on.
    @inline(__always)
    public func remove(_ handle: EntryHandle) {
        noteForRule(handle.key)
        access.remove(handle)
    }

    /// Ends a write whose deadline has passed already: the key is gone, and whoever watches it is told, as Redis does even of a
    /// key that was not there.
    public func removeOverdue(_ key: Key) {
        noteForRule(key)
        removeQuietly(key)
    }

    private func removeQuietly(_ key: Key) {
        if let present = lookupForWriting(key) { return access.remove(present) }
        removeHidden(key)
        access.noteChange(of: key)
    }

    /// Removes what is still held of a key that is not there: neither a stale value nor a value on its way under a lease must
    /// outlive its deletion.
    func removeHidden(_ key: Key) {
        if let stale = access.findStale(key, now: nowMilliseconds) { return access.remove(stale) }
        access.voidLease(of: key)
    }

    /// The block that was copied from this very argument before the lock, if one was.
    @inline(__always)
    private func takePreparedBlock(for value: ByteSlice) -> SharedBlock? {
        guard value.count >= SharedBlock.threshold, let block = state.pointee.preparedBlock else { return nil }
        guard self[Int(state.pointee.command.pointee.largeArgument)].base == value.base else { return nil }
        state.pointee.preparedBlock = nil
        return block
    }

    /// `success`, after the error reply if it is false.
    @inline(__always)
    public func stored(_ success: Bool) -> Bool {
        if !success { reply.error("OOM the system has no memory left for the value") }
        return success
    }

    // MARK: Deadlines

    /// A unix time in milliseconds as store time. Saturates; `Entry.noExpiry` is never returned.
    public func deadline(unixMilliseconds: Int64) -> Int64 {
        let (value, overflow) = unixMilliseconds.subtractingReportingOverflow(shared.clock.wallOffsetMilliseconds)
        if overflow { return unixMilliseconds > 0 ? Entry.noExpiry - 1 : 0 }
        return min(max(value, 0), Entry.noExpiry - 1)
    }

    /// A deadline in store time as unix milliseconds. Saturates: the last deadline is the one that was cut to it.
    public func unixMilliseconds(deadline: Int64) -> Int64 {
        if deadline == Entry.noExpiry - 1 { return Int64.max }
        let (value, overflow) = deadline.addingReportingOverflow(shared.clock.wallOffsetMilliseconds)
        return overflow ? Int64.max : value
    }

    // MARK: Locks beyond the declared keys

    /// Runs `body` with the shard of `hash` locked, for commands flagged `keyspace` only: no declared key may be locked.
    public func withShard<Result>(of hash: UInt64, _ body: () -> Result) -> Result {
        if holdsAllShards { return body() }
        let shard = access.shard(hash: hash)
        shard.lock()
        defer { shard.unlock() }
        return body()
    }
}

extension ReplyWriter {
    /// The entry's value as a bulk string; from 16 KiB on it is sent from where it lies.
    @inline(__always)
    public func value(_ handle: EntryHandle) {
        let entry = handle.entry
        switch entry.encoding {
        case .inline:
            if let raw = entry.rawValue { bulk(raw) }
        case .integer:
            if let integer = entry.integerValue { bulkInteger(integer) }
        case .block:
            guard let block = entry.block else { return }
            block.retain()
            bulkReference(block.slice, owner: block.pointer, release: SharedBlock.releaseFunction)
        }
    }
}
