import CPrimitives
import Primitives

/// What a new value is to carry beside its deadline.
public struct EntryAttributes {
    /// Names, at most `EntryAttributes.maximumTagCount` of at most `maximumTagByteCount` bytes each; a name said twice counts once.
    public var tags: UnsafeBufferPointer<ByteSlice>
    /// Whether the tags of the value before are its tags too.
    public var keepsTags = false
    /// The number of invalidations (`StoreAccess.invalidationClock`) when the value was computed; nil for now.
    public var sequence: UInt64?
    /// How long the entry is held past its deadline; 0 for not at all.
    public var staleSeconds: UInt32 = 0
    /// The number of the rule that it was written under.
    public var rule: UInt8?

    public static let maximumTagCount = EntryExtension.maximumTagCount
    public static let maximumTagByteCount = TagName.maximumCount

    public init(tags: UnsafeBufferPointer<ByteSlice> = UnsafeBufferPointer(start: nil, count: 0)) { self.tags = tags }
}

/// Numbers of tags, ascending and each once, each retained for an entry that is being made. In memory of the stack.
struct TagList: ~Copyable {
    private let tags: UnsafeMutableBufferPointer<TagID>
    private(set) var count = 0
    private let table: TagTable

    /// - Parameter memory: has room for as many tags as will be inserted.
    init(_ memory: UnsafeMutableBufferPointer<TagID>, _ table: TagTable) {
        tags = memory
        self.table = table
    }

    var buffer: UnsafeBufferPointer<TagID> { UnsafeBufferPointer(rebasing: tags[..<count]) }

    /// Takes over a tag that was retained.
    ///
    /// - Returns: whether it is new.
    @discardableResult
    mutating func insert(_ tag: TagID) -> Bool {
        var place = count
        while place > 0, tags[place - 1].rawValue >= tag.rawValue { place -= 1 }
        if place < count, tags[place] == tag {
            table.release(tag)
            return false
        }
        var index = count
        while index > place {
            tags[index] = tags[index - 1]
            index -= 1
        }
        tags[place] = tag
        count += 1
        return true
    }

    /// Takes a tag out and gives it up; whether it was there.
    mutating func remove(_ tag: TagID) -> Bool {
        guard let place = buffer.firstIndex(of: tag) else { return false }
        for index in place..<(count - 1) { tags[index] = tags[index + 1] }
        count -= 1
        table.release(tag)
        return true
    }

    /// Gives all tags up: the entry was not made.
    mutating func releaseAll() {
        for index in 0..<count { table.release(tags[index]) }
        count = 0
    }
}

extension TagTable {
    /// Calls `body` with the extension of `source` for an entry that is a copy of it in another database, its tags retained; gives
    /// them up when `body` returns false.
    ///
    /// - Parameter rule: the number of the rule that the copy is under.
    func withExtension(
        of source: EntryHandle, for database: Int, rule: UInt8?, _ body: (ByteSlice) -> Bool
    ) -> Bool {
        var draft = EntryExtensionDraft()
        draft.rule = rule
        guard source.entry.hasExtension else { return draft.withBytes(body) }
        let old = source.entry.entryExtension
        let isSameDatabase = database == source.key.database
        // Another database's tags of these names have invalidations of their own, which are not the source's: there it is new.
        if old.hasTags { draft.sequence = isSameDatabase ? old.sequence : clock }
        draft.staleSeconds = UInt32(old.staleMilliseconds / 1000)
        return withUnsafeTemporaryAllocation(of: TagID.self, capacity: EntryExtension.maximumTagCount) { memory in
            var list = TagList(memory, self)
            for index in 0..<old.tagCount {
                let tag = old.tag(index)
                if isSameDatabase {
                    retain(tag)
                    list.insert(tag)
                } else {
                    // The name stays as long as the old entry bears the tag.
                    guard let other = retain(slot(tag).pointee.name.bytes, database: database) else {
                        list.releaseAll()
                        return false
                    }
                    list.insert(other)
                }
            }
            draft.tags = list.buffer
            let isDone = draft.withBytes(body)
            if !isDone { list.releaseAll() }
            return isDone
        }
    }
}

extension EntryExtensionDraft {
    /// Calls `body` with the extension's bytes.
    func withBytes<Result>(_ body: (ByteSlice) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: EntryExtension.maximumByteCount) { memory in
            // A temporary allocation that is not empty has an address.
            body(write(to: memory.baseAddress.unsafelyUnwrapped))
        }
    }
}

extension StoreAccess {
    /// How many invalidations there were: what was computed from here on outlives those.
    public var invalidationClock: UInt64 { shard(0).pointee.tags.clock }

    /// `set` of a value that carries attributes; the old value's are gone unless they are kept. False, and nothing changed, without
    /// memory.
    public func set(
        _ key: Key, to value: EntryValue, expiry: Int64, attributes: EntryAttributes, now: Int64
    ) -> Bool {
        let shard = shard(hash: key.hash)
        let tags = shard.pointee.tags
        var draft = EntryExtensionDraft()
        draft.sequence = attributes.sequence ?? tags.clock
        draft.staleSeconds = attributes.staleSeconds
        draft.rule = attributes.rule
        if attributes.tags.isEmpty, !attributes.keepsTags { return put(key, value, expiry: expiry, draft) }
        let capacity = attributes.tags.count + EntryExtension.maximumTagCount
        let isDone = withUnsafeTemporaryAllocation(of: TagID.self, capacity: capacity) { memory in
            var list = TagList(memory, tags)
            guard collect(attributes, key, into: &list, tags, now: now) else {
                list.releaseAll()
                return false
            }
            draft.tags = list.buffer
            let isDone = put(key, value, expiry: expiry, draft)
            if !isDone { list.releaseAll() }
            return isDone
        }
        if isDone { settle(key, now: now) }
        return isDone
    }

    private func put(_ key: Key, _ value: EntryValue, expiry: Int64, _ draft: EntryExtensionDraft) -> Bool {
        let entry = draft.withBytes {
            Entry.make(type: .string, key: key.bytes, value: value, expiry: expiry, extensionBytes: $0)
        }
        guard let entry else { return false }
        let shard = shard(hash: key.hash)
        shard.pointee.put(entry, for: key, replacing: shard.pointee.place(of: key))
        return true
    }

    /// Retains the tags that a value is to bear.
    private func collect(
        _ attributes: EntryAttributes, _ key: Key, into list: inout TagList, _ tags: TagTable, now: Int64
    ) -> Bool {
        for name in attributes.tags {
            guard let tag = tags.retain(name, database: key.database) else { return false }
            list.insert(tag)
        }
        guard attributes.keepsTags, let old = find(key, now: now, touching: false), old.entry.hasExtension else {
            return true
        }
        let oldTags = old.entry.entryExtension
        for index in 0..<oldTags.tagCount {
            tags.retain(oldTags.tag(index))
            list.insert(oldTags.tag(index))
        }
        return list.count <= EntryExtension.maximumTagCount
    }

    /// Removes what a tag's invalidation has made void while it was being written: the reaper has no record of it. To be called
    /// after `set(_:toCopyOf:)`.
    public func settle(_ key: Key, now: Int64) { _ = shard(hash: key.hash).pointee.livePlace(of: key, now: now) }
}
