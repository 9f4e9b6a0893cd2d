import CPrimitives
import Primitives

/// What some entries carry beyond key, value and deadline, between deadline and key. All others pay one bit for it.
///
///     ┌──────┬─────────┬────────────┬───────────┬─────────┬────────┐
///     │ kind │ [count] │ [sequence] │ [tag ids] │ [stale] │ [rule] │
///     │ 1    │ 1       │ 6          │ 4 × count │ 4       │ 1      │
///     └──────┴─────────┴────────────┴───────────┴─────────┴────────┘
///
///     kind:  7 … 4   3        2     1      0
///            0       retired  rule  stale  tags
///
/// An entry of a 16-byte key and a 64-byte value takes 84 bytes; three tags make that 104, and its class 112 instead of 96.
///
/// A trivial type: a pointer that is valid as long as the entry.
struct EntryExtension {
    /// Tags that an entry may bear at the most.
    static let maximumTagCount = 64
    /// Bytes of the longest extension.
    static let maximumByteCount = 1 + 7 + 4 * maximumTagCount + 4 + 1

    static let tagsBit: UInt8 = 1
    static let staleBit: UInt8 = 2
    static let ruleBit: UInt8 = 4
    /// Past its deadline, counted as stale, held for its window.
    static let retiredBit: UInt8 = 8

    let pointer: UnsafeMutablePointer<UInt8>

    @inline(__always)
    init(_ pointer: UnsafeMutablePointer<UInt8>) { self.pointer = pointer }

    @inline(__always) var kind: UInt8 { pointer[0] }
    @inline(__always) var hasTags: Bool { kind & EntryExtension.tagsBit != 0 }
    @inline(__always) var isRetired: Bool { kind & EntryExtension.retiredBit != 0 }

    @inline(__always)
    var tagCount: Int { hasTags ? Int(pointer[1]) : 0 }

    /// Bytes of the tags' part.
    @inline(__always)
    private var tagByteCount: Int { hasTags ? 7 + 4 * Int(pointer[1]) : 0 }

    @inline(__always)
    var byteCount: Int {
        let kind = kind
        let staleCount = kind & EntryExtension.staleBit != 0 ? 4 : 0
        return 1 + tagByteCount + staleCount + (kind & EntryExtension.ruleBit != 0 ? 1 : 0)
    }

    /// The store's number of invalidations when the value was computed. Only with tags.
    @inline(__always)
    var sequence: UInt64 { UInt64(nc_load32(pointer + 2)) | UInt64(nc_load16(pointer + 6)) << 32 }

    func writeSequence(_ sequence: UInt64) {
        nc_store32(pointer + 2, UInt32(truncatingIfNeeded: sequence))
        nc_store16(pointer + 6, UInt16(truncatingIfNeeded: sequence >> 32))
    }

    /// A tag, in ascending order of the numbers.
    @inline(__always)
    func tag(_ index: Int) -> TagID { TagID(rawValue: nc_load32(pointer + (8 + 4 * index))) }  // index < tagCount ≤ 64

    @inline(__always)
    func bears(_ tag: TagID) -> Bool {
        for index in 0..<tagCount where self.tag(index) == tag { return true }
        return false
    }

    /// How long the entry is held past its deadline, in milliseconds; 0 when it is not.
    var staleMilliseconds: Int64 {
        kind & EntryExtension.staleBit == 0 ? 0 : Int64(nc_load32(pointer + (1 + tagByteCount))) * 1000
    }

    /// The number of the rule under which it was written.
    var rule: UInt8? {
        kind & EntryExtension.ruleBit == 0 ? nil : pointer[byteCount - 1]
    }

    func noteRetired() { pointer[0] |= EntryExtension.retiredBit }

    var bytes: ByteSlice { ByteSlice(base: pointer, count: byteCount) }
}

/// An extension that is being put together.
struct EntryExtensionDraft {
    /// Ascending, each once; at most `EntryExtension.maximumTagCount`.
    var tags: UnsafeBufferPointer<TagID> = UnsafeBufferPointer(start: nil, count: 0)
    var sequence: UInt64 = 0
    /// How long to hold the entry past its deadline; 0 for not at all.
    var staleSeconds: UInt32 = 0
    var rule: UInt8?

    var isEmpty: Bool { tags.isEmpty && staleSeconds == 0 && rule == nil }

    /// Writes the extension.
    ///
    /// - Parameter target: has room for `EntryExtension.maximumByteCount` bytes.
    /// - Returns: what was written; nothing when there is nothing to carry.
    func write(to target: UnsafeMutablePointer<UInt8>) -> ByteSlice {
        guard !isEmpty else { return ByteSlice(base: target, count: 0) }
        let extensionInMaking = EntryExtension(target)
        var end = 1
        target[0] = 0
        if !tags.isEmpty {
            target[0] |= EntryExtension.tagsBit
            target[1] = UInt8(tags.count)
            extensionInMaking.writeSequence(sequence)
            for (index, tag) in tags.enumerated() { nc_store32(target + (8 + 4 * index), tag.rawValue) }
            end += 7 + 4 * tags.count
        }
        if staleSeconds > 0 {
            target[0] |= EntryExtension.staleBit
            nc_store32(target + end, staleSeconds)
            end += 4
        }
        if let rule {
            target[0] |= EntryExtension.ruleBit
            target[end] = rule
            end += 1
        }
        return ByteSlice(base: target, count: end)
    }
}
