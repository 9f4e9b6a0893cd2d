import CAllocator
import CPrimitives
import Primitives

/// What is known of one tag, in a cache line.
///
///     0          8       16       24           32       36          40           44          48     56         60
///     ┌──────────┬───────┬────────┬────────────┬────────┬───────────┬────────────┬───────────┬──────┬──────────┬─────────┐
///     │ postings │ last  │ stale  │ live bytes │ live   │ reference │ record     │ namespace │ name │ name's   │ state   │
///     │          │       │        │            │ count  │ count     │ count      │           │      │ hash     │         │
///     └──────────┴───────┴────────┴────────────┴────────┴───────────┴────────────┴───────────┴──────┴──────────┴─────────┘
///
/// What is first is read under the lock only: the thread sanitizer takes a change of any member for one of the first.
///
/// `last` and `stale` are the numbers of the last invalidation and of the last soft one: an entry is void when one of its tags has a
/// `last` above the entry's sequence. They are read without a lock, all else under the stripe's.
///
/// An entry counts as live for a tag from the time it is linked until it is taken out, or retired as stale, or an invalidation of
/// the tag sets the count to 0: the numbers tell which came first. Each live entry has at least one record in the postings.
struct TagSlot {
    /// The first chunk of the records, the one that has room.
    var postings: PostingChunk?
    var last: UInt64
    var stale: UInt64
    /// Bytes of the live entries.
    var liveBytes: Int64
    var liveCount: UInt32
    /// Entries that bear the tag, live or not, and whoever else holds the number.
    var referenceCount: UInt32
    var recordCount: UInt32
    var namespace: UInt32
    var name: TagName
    var nameHash: UInt32
    /// 1 while the records are being thinned out.
    var isBeingCompacted: UInt32
}

/// A tag's name with two times, in one allocation.
///
///     ┌─────────────────┬────────────┬───────┬──────┐
///     │ invalidated, ms │ staled, ms │ count │ name │
///     │ 8               │ 8          │ 2     │      │
///     └─────────────────┴────────────┴───────┴──────┘
struct TagName {
    /// The longest name, in bytes.
    static let maximumCount = 512
    private static let headerCount = 18

    let pointer: UnsafeMutableRawPointer

    /// Nil when there is no memory.
    static func make(_ name: ByteSlice) -> TagName? {
        guard let pointer = nc_allocate(Int64(headerCount + name.count)) else { return nil }
        nc_store64(pointer, 0)
        nc_store64(pointer + 8, 0)
        nc_store16(pointer + 16, UInt16(name.count))  // at most `maximumCount`
        memcpy(pointer + headerCount, name.base, name.count)
        return TagName(pointer: pointer)
    }

    private var requestedCount: Int { TagName.headerCount + Int(nc_load16(pointer + 16)) }
    var blockSize: Int { Int(nc_block_size(Int64(requestedCount))) }
    func free() { nc_free(pointer, Int64(requestedCount)) }

    var bytes: ByteSlice {
        ByteSlice(
            base: UnsafePointer((pointer + TagName.headerCount).assumingMemoryBound(to: UInt8.self)),
            count: Int(nc_load16(pointer + 16)))
    }

    /// When the tag was invalidated last, in store milliseconds; 0 for never.
    var invalidatedMilliseconds: Int64 {
        get { Int64(bitPattern: nc_load64(pointer)) }
        nonmutating set { nc_store64(pointer, UInt64(bitPattern: newValue)) }
    }

    /// When its entries were made stale last, in store milliseconds. Read without the lock too.
    var staledMilliseconds: Int64 {
        get { Int64(bitPattern: nc_atomic_load_relaxed(words + 1)) }
        nonmutating set { nc_atomic_store_relaxed(words + 1, UInt64(bitPattern: newValue)) }
    }

    private var words: UnsafeMutablePointer<UInt64> {
        pointer.assumingMemoryBound(to: UInt64.self)  // an allocation is aligned to 16
    }
}
