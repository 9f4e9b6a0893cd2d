import CAllocator
import CPrimitives
import Primitives

/// One key with its value and metadata, in one allocation.
///
///     ┌───────┬───────────┬─────────────┬───────────┬─────────────┬─────────┬──────────────── ─ ─
///     │ flags │ key count │ value count │ [expiry]  │ [extension] │ key     │ value
///     │ 1     │ 1 or 4    │ 2 or 4      │ 0 or 8    │             │         │ inline bytes, integer or block pointer
///     └───────┴───────────┴─────────────┴───────────┴─────────────┴─────────┴──────────────── ─ ─
///
///     flags:  7      6          5        4  3        2  1  0
///             wide   extension  expiry   encoding    type
///
/// Narrow counts take 1 and 2 bytes (keys up to 255 bytes, values below 16 KiB), wide ones 4 each. An integer's count is its
/// width, a block's is 8. A field that is not used costs nothing: a 16-byte key with a 64-byte value takes 84 bytes, 92
/// with an expiry, and both fit jemalloc's class of 96. The extension holds tags and the like (`EntryExtension`).
///
/// A trivial type: a pointer that is valid under the lock of the entry's shard.
public struct Entry {
    /// The deadline of an entry that has none.
    public static let noExpiry = Int64.max
    /// The longest key, in bytes; longer ones are refused by the command that brings them.
    public static let maximumKeyCount = Int(Int32.max)

    static let typeMask: UInt8 = 0x07
    static let encodingShift: UInt8 = 3
    static let changedInlineBits: UInt8 = 3 << encodingShift
    static let expiryFlag: UInt8 = 0x20
    static let extensionFlag: UInt8 = 0x40
    static let wideFlag: UInt8 = 0x80
    static let narrowHeaderCount = 4
    static let wideHeaderCount = 9

    public let pointer: UnsafeMutableRawPointer

    @inline(__always)
    init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }

    @inline(__always)
    private var flags: UInt8 { pointer.load(as: UInt8.self) }

    @inline(__always)
    public var type: EntryType { EntryType(rawValue: flags & Entry.typeMask) ?? .string }

    @inline(__always)
    public var encoding: EntryEncoding { EntryEncoding(rawValue: (flags >> Entry.encodingShift) & 3) ?? .inline }

    /// Whether the value lies inline and was changed there, byte by byte: Redis calls that raw, however short it is.
    var isChangedInline: Bool { flags & Entry.changedInlineBits == Entry.changedInlineBits }

    /// Notes that a value that lies inline was changed there.
    func noteChangedInline() {
        guard encoding == .inline else { return }
        pointer.storeBytes(of: flags | Entry.changedInlineBits, as: UInt8.self)
    }

    @inline(__always)
    public var hasExpiry: Bool { flags & Entry.expiryFlag != 0 }

    @inline(__always)
    var hasExtension: Bool { flags & Entry.extensionFlag != 0 }

    /// Whether the entry may be there and yet not be valid: it has a deadline or an extension.
    @inline(__always)
    var mayBeVoid: Bool { flags & (Entry.expiryFlag | Entry.extensionFlag) != 0 }

    @inline(__always)
    private var isWide: Bool { flags & Entry.wideFlag != 0 }

    @inline(__always)
    var keyCount: Int {
        isWide ? Int(nc_load32(pointer + 1)) : Int(pointer.load(fromByteOffset: 1, as: UInt8.self))
    }

    /// Bytes that the value takes in the entry: of an integer its width, of a block 8.
    @inline(__always)
    var storedValueCount: Int { isWide ? Int(nc_load32(pointer + 5)) : Int(nc_load16(pointer + 2)) }

    @inline(__always)
    var expiryOffset: Int { isWide ? Entry.wideHeaderCount : Entry.narrowHeaderCount }

    @inline(__always)
    private var extensionOffset: Int { expiryOffset + (hasExpiry ? 8 : 0) }

    /// What the entry carries beyond key, value and deadline. Only if `hasExtension`.
    @inline(__always)
    var entryExtension: EntryExtension {
        EntryExtension((pointer + extensionOffset).assumingMemoryBound(to: UInt8.self))
    }

    /// The extension's bytes, none without one.
    var extensionBytes: ByteSlice {
        hasExtension ? entryExtension.bytes : ByteSlice(base: ("" as StaticString).utf8Start, count: 0)
    }

    @inline(__always)
    private var keyOffset: Int { extensionOffset + (hasExtension ? entryExtension.byteCount : 0) }

    /// The deadline in store milliseconds, or `noExpiry`.
    @inline(__always)
    public var expiry: Int64 {
        hasExpiry ? Int64(bitPattern: nc_load64(pointer + expiryOffset)) : Entry.noExpiry
    }

    /// Until when the entry is held past its deadline, in store milliseconds; its deadline without a window. Saturates.
    var staleEnd: Int64 {
        guard hasExtension, hasExpiry else { return expiry }
        let (sum, overflow) = expiry.addingReportingOverflow(entryExtension.staleMilliseconds)
        return overflow ? Entry.noExpiry - 1 : sum
    }

    /// Whether the entry is stale and counted as such.
    var isRetired: Bool { hasExtension && entryExtension.isRetired }

    @inline(__always)
    func isExpired(at nowMilliseconds: Int64) -> Bool { hasExpiry && expiry <= nowMilliseconds }

    @inline(__always)
    public var key: ByteSlice {
        ByteSlice(base: (pointer + keyOffset).assumingMemoryBound(to: UInt8.self), count: keyCount)
    }

    @inline(__always)
    var storedValue: UnsafeMutablePointer<UInt8> {
        (pointer + keyOffset + keyCount).assumingMemoryBound(to: UInt8.self)
    }

    /// The value when it is an integer, else nil.
    @inline(__always)
    public var integerValue: Int64? { encoding == .integer ? storedInteger : nil }

    @inline(__always)
    var storedInteger: Int64 {
        let source = storedValue
        switch storedValueCount {
        case 1: return Int64(Int8(bitPattern: source[0]))
        case 2: return Int64(Int16(bitPattern: nc_load16(source)))
        case 4: return Int64(Int32(bitPattern: nc_load32(source)))
        default: return Int64(bitPattern: nc_load64(source))
        }
    }

    /// The block when the value lies in one, else nil.
    @inline(__always)
    public var block: SharedBlock? { encoding == .block ? storedBlock : nil }

    @inline(__always)
    var storedBlock: SharedBlock {
        // A block's pointer was stored from a non-null pointer by `make`.
        SharedBlock(pointer: UnsafeMutableRawPointer(bitPattern: UInt(nc_load64(storedValue))).unsafelyUnwrapped)
    }

    /// The value's bytes when they lie as such in memory, nil for an integer.
    @inline(__always)
    public var rawValue: ByteSlice? {
        switch encoding {
        case .inline: return ByteSlice(base: storedValue, count: storedValueCount)
        case .block: return storedBlock.slice
        case .integer: return nil
        }
    }

    /// The value's length as text, in bytes.
    public var valueCount: Int {
        switch encoding {
        case .inline: return storedValueCount
        case .block: return storedBlock.count
        case .integer: return Decimal.textCount(storedInteger)
        }
    }

    /// Bytes that were asked of the allocator for the entry itself.
    @inline(__always)
    var requestedCount: Int { max(keyOffset + keyCount + storedValueCount, 16) }

    /// Bytes the entry takes from the allocator, its block included. What the ledger counts.
    @inline(__always)
    public var blockSize: Int {
        let own = Int(nc_block_size(Int64(requestedCount)))
        return encoding == .block ? own + storedBlock.blockSize : own
    }

    /// Frees the entry, and its block unless a reply still sends it.
    @inline(__always)
    func free() {
        if encoding == .block { storedBlock.release() }
        nc_free(pointer, Int64(requestedCount))
    }

    /// The same entry in another place, this one's memory freed: out of a sparse slab into a fuller one. Nil, and the entry as it
    /// was, when there is no memory. A value in a block of its own stays where it is.
    func relocated() -> Entry? {
        let count = requestedCount
        guard let place = nc_allocate_compactly(Int64(count)) else { return nil }
        memcpy(place, pointer, count)
        nc_free_compactly(pointer, Int64(count))
        return Entry(place)
    }

    /// Whether the entry's key is `key`. The tag matched already, so the answer is nearly always yes.
    @inline(__always)
    func hasKey(_ key: ByteSlice) -> Bool {
        let own = self.key
        guard own.count == key.count else { return false }
        return equalBytes(own.base, key.base, own.count)
    }
}

/// memcmp(…) == 0 without the call: keys are short, and the call costs as much as the comparison of 16 bytes.
@inline(__always)
func equalBytes(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    if count >= 8 {
        // Steps of 8, the last one overlapping: offsets stay within 0...count-8.
        var offset = 0
        while offset + 8 <= count {
            if nc_load64(a + offset) != nc_load64(b + offset) { return false }
            offset += 8
        }
        return nc_load64(a + (count - 8)) == nc_load64(b + (count - 8))
    }
    if count >= 4 {
        return nc_load32(a) == nc_load32(b) && nc_load32(a + (count - 4)) == nc_load32(b + (count - 4))
    }
    for i in 0..<count where a[i] != b[i] { return false }
    return true
}
