import CPrimitives
import Primitives

/// A found entry, with what may be done to it.
///
/// Trivial: the shard, the place and the key. Valid until the next insertion, removal or resize in the shard, under whose
/// lock it is used.
public struct EntryHandle {
    let shard: UnsafeMutablePointer<Shard>
    let place: Place
    public let key: Key

    @inline(__always)
    init(shard: UnsafeMutablePointer<Shard>, place: Place, key: Key) {
        self.shard = shard
        self.place = place
        self.key = key
    }

    @inline(__always)
    public var entry: Entry { place.slot.pointee.entry }

    @inline(__always)
    public var type: EntryType { entry.type }
    @inline(__always)
    public var isString: Bool { entry.type == .string }
    /// The deadline in store milliseconds, or `Entry.noExpiry`.
    @inline(__always)
    public var expiry: Int64 { place.slot.pointee.expiryClass == ExpiryClass.none ? Entry.noExpiry : entry.expiry }
    /// The value when it is held as an integer.
    public var integerValue: Int64? { entry.integerValue }
    /// The value's length as text, in bytes.
    public var valueCount: Int { entry.valueCount }
    /// Bytes the entry takes, the allocator's rounding included.
    public var blockByteCount: Int { entry.blockSize }

    /// Redis's name of the encoding: int, embstr for up to 44 bytes that are as they were set, raw.
    public var encodingName: StaticString {
        switch entry.encoding {
        case .integer: "int"
        case .inline: entry.storedValueCount <= 44 && !entry.isChangedInline ? "embstr" : "raw"
        case .block: "raw"
        }
    }

    /// Calls `body` with the value's bytes; an integer is written out on the stack.
    @inline(__always)
    public func withValue<Result>(_ body: (ByteSlice) -> Result) -> Result {
        let entry = entry
        if let raw = entry.rawValue { return body(raw) }
        let integer = entry.storedInteger
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Decimal.maximumCount) { buffer in
            // A temporary allocation of 20 bytes has an address.
            let base = buffer.baseAddress.unsafelyUnwrapped
            let count = Decimal.write(integer, to: base)
            return body(ByteSlice(base: base, count: count))
        }
    }

    /// Gives the entry another deadline, or none with `Entry.noExpiry`. False when there is no memory.
    @discardableResult
    public func setExpiry(_ deadline: Int64) -> Bool { shard.pointee.setExpiry(place, key: key, to: deadline) }

    /// Makes `encodingName` raw, as Redis has it of values that a command has put together (BITOP).
    public func noteChangedInline() { entry.noteChangedInline() }

    /// Tells who observes the key that a command has changed it, though the value is the same.
    public func noteChange() { shard.pointee.changed(key) }

    /// Puts an integer in place of the value; the deadline stays. False when there is no memory.
    @discardableResult
    public func replaceInteger(_ value: Int64) -> Bool {
        let entry = entry
        if entry.encoding == .integer, Entry.integerWidth(value) <= entry.storedValueCount {
            entry.writeInteger(value)
            shard.pointee.changed(key)
            return true
        }
        guard
            let new = Entry.make(
                type: .string, key: key.bytes, value: .integer(value), expiry: entry.expiry,
                extensionBytes: entry.extensionBytes)
        else { return false }
        shard.pointee.retainTags(of: new)
        shard.pointee.replace(place, with: new, database: key.database)
        shard.pointee.changed(key)
        return true
    }

    /// Puts another value in place of this one, with another deadline; what the entry carries beside stays. False, and nothing
    /// changed, when there is no memory.
    public func replaceValue(_ value: EntryValue, expiry: Int64) -> Bool {
        let made = Entry.make(
            type: .string, key: key.bytes, value: value, expiry: expiry, extensionBytes: entry.extensionBytes)
        guard let made else { return false }
        shard.pointee.retainTags(of: made)
        shard.pointee.replace(place, with: made, database: key.database)
        shard.pointee.changed(key)
        return true
    }

    /// Changes the value's bytes: `body` gets `newCount` of them to write, the old ones first and zeros behind. The deadline stays.
    /// False, and nothing changed, when there is no memory.
    ///
    /// - Parameter newCount: at least the present `valueCount`.
    public func modifyValue(newCount: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Void) -> Bool {
        precondition(newCount >= valueCount, "a value is modified in place or grown, not shortened")
        let entry = entry
        if entry.encoding == .inline, newCount == entry.storedValueCount {
            body(entry.storedValue)
            entry.noteChangedInline()
        } else if let block = entry.block, block.isUnique, newCount <= block.capacity {
            if newCount > block.count { memset(block.bytes + block.count, 0, newCount - block.count) }
            block.count = newCount
            body(block.bytes)
        } else {
            return rebuild(newCount: newCount, body)
        }
        shard.pointee.changed(key)
        return true
    }

    /// `modifyValue` into a new entry. A block that grows gets half as much again, so that appends are linear on the whole.
    private func rebuild(newCount: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Void) -> Bool {
        let entry = entry
        let target: UnsafeMutablePointer<UInt8>
        let new: Entry
        if newCount >= SharedBlock.threshold {
            let spare = entry.encoding == .block && newCount > valueCount ? newCount / 2 : 0
            guard let block = SharedBlock.make(count: newCount, capacity: newCount + spare) else { return false }
            guard
                let made = Entry.make(
                    type: .string, key: key.bytes, value: .block(block), expiry: entry.expiry,
                    extensionBytes: entry.extensionBytes)
            else {
                block.release()
                return false
            }
            (new, target) = (made, block.bytes)
        } else {
            guard
                let made = Entry.allocate(
                    .string, .inline, key.bytes, newCount, entry.expiry, entry.extensionBytes)
            else { return false }
            made.noteChangedInline()
            (new, target) = (made, made.storedValue)
        }
        let oldCount = valueCount
        withValue { _ = memcpy(target, $0.base, $0.count) }
        memset(target + oldCount, 0, newCount - oldCount)
        body(target)
        shard.pointee.retainTags(of: new)
        shard.pointee.replace(place, with: new, database: key.database)
        shard.pointee.changed(key)
        return true
    }
}
