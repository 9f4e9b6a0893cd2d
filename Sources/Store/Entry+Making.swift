import CAllocator
import CPrimitives
import Primitives

/// What a new entry is to hold.
public enum EntryValue {
    case bytes(ByteSlice)
    case integer(Int64)
    /// The reference passes to the entry.
    case block(SharedBlock)

    /// The leanest form of `bytes`: an integer where the text is one and prints back as the same bytes.
    @inline(__always)
    public init(leanest bytes: ByteSlice) {
        // 20 digits are the most an Int64 takes; the first byte tells most text from numbers at once.
        if bytes.count <= Decimal.maximumCount, bytes.count > 0, bytes[0] <= 0x39, let integer = bytes.int64 {
            // One digit as text takes as much as one as an integer, but INCR wants integers.
            self = .integer(integer)
        } else {
            self = .bytes(bytes)
        }
    }
}

extension Entry {
    /// The bytes that `value` takes as an integer: 1, 2, 4 or 8.
    @inline(__always)
    static func integerWidth(_ value: Int64) -> Int {
        if value == Int64(Int8(truncatingIfNeeded: value)) { return 1 }
        if value == Int64(Int16(truncatingIfNeeded: value)) { return 2 }
        if value == Int64(Int32(truncatingIfNeeded: value)) { return 4 }
        return 8
    }

    /// A new entry, or nil when there is no memory.
    ///
    /// Bytes of `SharedBlock.threshold` and more go to a block of their own.
    ///
    /// - Parameters:
    ///   - key: at most `maximumKeyCount` bytes.
    ///   - expiry: the deadline in store milliseconds, or `noExpiry`.
    ///   - extensionBytes: as `EntryExtensionDraft` writes them. Their tags are retained for the entry by the caller.
    @inline(__always)
    static func make(
        type: EntryType, key: ByteSlice, value: EntryValue, expiry: Int64, extensionBytes: ByteSlice? = nil
    ) -> Entry? {
        switch value {
        case .bytes(let bytes):
            if bytes.count >= SharedBlock.threshold {
                return makeWithBlock(type: type, key, bytes, expiry, extensionBytes)
            }
            guard let entry = allocate(type, .inline, key, bytes.count, expiry, extensionBytes) else { return nil }
            memcpy(entry.storedValue, bytes.base, bytes.count)
            return entry
        case .integer(let integer):
            guard let entry = allocate(type, .integer, key, integerWidth(integer), expiry, extensionBytes)
            else { return nil }
            entry.writeInteger(integer)
            return entry
        case .block(let block):
            guard let entry = allocate(type, .block, key, 8, expiry, extensionBytes) else { return nil }
            nc_store64(entry.storedValue, UInt64(UInt(bitPattern: block.pointer)))
            return entry
        }
    }

    @inline(never)
    private static func makeWithBlock(
        type: EntryType, _ key: ByteSlice, _ bytes: ByteSlice, _ expiry: Int64, _ extensionBytes: ByteSlice?
    ) -> Entry? {
        guard let block = SharedBlock.make(bytes) else { return nil }
        guard
            let entry = make(
                type: type, key: key, value: .block(block), expiry: expiry, extensionBytes: extensionBytes)
        else {
            block.release()
            return nil
        }
        return entry
    }

    /// Header and key written, value not yet.
    @inline(__always)
    static func allocate(
        _ type: EntryType, _ encoding: EntryEncoding, _ key: ByteSlice, _ valueCount: Int, _ expiry: Int64,
        _ extensionBytes: ByteSlice? = nil
    ) -> Entry? {
        // Inline values stay below 16 KiB, so 2 bytes hold their count whenever the key is short.
        let wide = key.count > 255
        let hasExpiry = expiry != noExpiry
        let extensionOffset = (wide ? wideHeaderCount : narrowHeaderCount) + (hasExpiry ? 8 : 0)
        var header = extensionOffset
        if let extensionBytes { header += extensionBytes.count }
        let count = max(header + key.count + valueCount, 16)
        guard let pointer = nc_allocate(Int64(count)) else { return nil }
        var flags = type.rawValue | encoding.rawValue << encodingShift
        if hasExpiry { flags |= expiryFlag }
        if wide {
            flags |= wideFlag
            nc_store32(pointer + 1, UInt32(key.count))
            nc_store32(pointer + 5, UInt32(valueCount))
        } else {
            pointer.storeBytes(of: UInt8(truncatingIfNeeded: key.count), toByteOffset: 1, as: UInt8.self)
            nc_store16(pointer + 2, UInt16(truncatingIfNeeded: valueCount))
        }
        pointer.storeBytes(of: flags, as: UInt8.self)
        if hasExpiry { nc_store64(pointer + extensionOffset - 8, UInt64(bitPattern: expiry)) }
        if let extensionBytes, extensionBytes.count > 0 {
            pointer.storeBytes(of: flags | extensionFlag, as: UInt8.self)
            memcpy(pointer + extensionOffset, extensionBytes.base, extensionBytes.count)
        }
        memcpy(pointer + header, key.base, key.count)
        return Entry(pointer)
    }

    /// Writes an integer of `storedValueCount` bytes; the caller has checked that it fits.
    @inline(__always)
    func writeInteger(_ value: Int64) {
        let target = storedValue
        switch storedValueCount {
        case 1: target[0] = UInt8(truncatingIfNeeded: value)
        case 2: nc_store16(target, UInt16(truncatingIfNeeded: value))
        case 4: nc_store32(target, UInt32(truncatingIfNeeded: value))
        default: nc_store64(target, UInt64(bitPattern: value))
        }
    }

    /// Overwrites the deadline of an entry that has one.
    @inline(__always)
    func writeExpiry(_ expiry: Int64) {
        precondition(hasExpiry && expiry != Entry.noExpiry, "the entry has no room for an expiry")
        nc_store64(pointer + expiryOffset, UInt64(bitPattern: expiry))
    }

    /// A copy with another key, deadline or extension; a block is shared, not copied. Nil when there is no memory.
    ///
    /// - Parameter extensionBytes: its tags are retained for the copy by the caller.
    func copy(key: ByteSlice, expiry: Int64, extensionBytes: ByteSlice) -> Entry? {
        guard let copy = Entry.allocate(type, encoding, key, storedValueCount, expiry, extensionBytes)
        else { return nil }
        memcpy(copy.storedValue, storedValue, storedValueCount)
        if encoding == .block { storedBlock.retain() }
        if isChangedInline { copy.noteChangedInline() }
        return copy
    }
}
