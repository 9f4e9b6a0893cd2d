import CAllocator
import CPrimitives

/// A piece of a tag's records: hashes of the keys whose entries bear it. Pieces double from two records to 4 KiB and are never
/// copied: a tag on a million entries grows as smoothly as one on ten.
///
///     ┌──────┬───────┬──────────┬──────────────── ─ ─
///     │ next │ count │ capacity │ hashes
///     │ 8    │ 4     │ 4        │ 8 each
///     └──────┴───────┴──────────┴──────────────── ─ ─
///
/// Hashes and not pointers: an entry may move, grow and be written again without a change here. A record may outlive its entry, and
/// an entry may have two: whoever follows a record judges what it finds.
struct PostingChunk {
    private static let headerCount = 16
    static let firstCapacity = 2
    static let largestCapacity = 510

    let pointer: UnsafeMutableRawPointer

    /// Nil when there is no memory.
    static func make(capacity: Int, next: PostingChunk?) -> PostingChunk? {
        guard let pointer = nc_allocate(Int64(headerCount + 8 * capacity)) else { return nil }
        nc_store64(pointer, UInt64(UInt(bitPattern: next?.pointer)))
        nc_store32(pointer + 8, 0)
        nc_store32(pointer + 12, UInt32(capacity))  // at most `largestCapacity`
        return PostingChunk(pointer: pointer)
    }

    var next: PostingChunk? {
        UnsafeMutableRawPointer(bitPattern: UInt(nc_load64(pointer))).map(PostingChunk.init)
    }
    var count: Int { Int(nc_load32(pointer + 8)) }
    var capacity: Int { Int(nc_load32(pointer + 12)) }
    var isFull: Bool { count == capacity }

    func hash(_ index: Int) -> UInt64 { nc_load64(pointer + (PostingChunk.headerCount + 8 * index)) }  // index < count

    /// Takes a record in; the chunk is not full.
    func append(_ hash: UInt64) {
        let count = count
        nc_store64(pointer + (PostingChunk.headerCount + 8 * count), hash)
        nc_store32(pointer + 8, UInt32(count + 1))
    }

    /// The capacity of the chunk before this one in a list that grows.
    var followingCapacity: Int { min(capacity * 2 + 2, PostingChunk.largestCapacity) }

    private var requestedCount: Int { PostingChunk.headerCount + 8 * capacity }
    var blockSize: Int { Int(nc_block_size(Int64(requestedCount))) }
    func free() { nc_free(pointer, Int64(requestedCount)) }
}
