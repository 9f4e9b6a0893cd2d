import CAllocator
import CPrimitives

/// Records on their way to the reaper: a list of tags' chunks, first in, first out.
///
///     ┌──────┬────────┬─────┬──────┬───────────┬───────────────┐
///     │ next │ chunks │ tag │ kind │ namespace │ records, left │
///     │ 8    │ 8      │ 4   │ 4    │ 4         │ 4             │
///     └──────┴────────┴─────┴──────┴───────────┴───────────────┘
///
/// Its lock is the last one: it is taken under a stripe's, and nothing under it.
struct TagReapQueue {
    enum Kind: UInt32 {
        /// Entries that lived when the tag was invalidated: they go.
        case void
        /// Each entry is judged: what is void goes, what is stale is made so, and what lives gets its record back.
        case judged
        /// All entries are gone: the chunks are freed.
        case freed
    }

    struct Item {
        var next: UnsafeMutablePointer<Item>?
        var chunk: PostingChunk?
        var tag: TagID
        var kind: Kind
        var namespace: UInt32
    }

    private struct Head {
        var lock: UInt32 = 0
        var first: UnsafeMutablePointer<Item>?
        var last: UnsafeMutablePointer<Item>?
        var appendedCount: UInt64 = 0
        var doneCount: UInt64 = 0
    }

    private let head: UnsafeMutablePointer<Head>

    static func make() -> TagReapQueue {
        let head = UnsafeMutablePointer<Head>.allocate(capacity: 1)
        head.initialize(to: Head())
        return TagReapQueue(head: head)
    }

    /// `Head` is laid out in the order of its declaration: lock (padded), first, last, and the two counts.
    private var appendedWord: UnsafeMutablePointer<UInt64> {
        (UnsafeMutableRawPointer(head) + 24).assumingMemoryBound(to: UInt64.self)
    }
    private var doneWord: UnsafeMutablePointer<UInt64> { appendedWord + 1 }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        let word = UnsafeMutableRawPointer(head).assumingMemoryBound(to: UInt32.self)  // `lock` is the first member
        nc_spin_lock(word)
        defer { nc_spin_unlock(word) }
        return body()
    }

    /// Records that were ever taken in, and those that were followed or freed: they come out in the order in which they came in. Need
    /// no lock.
    var appendedCount: UInt64 { nc_atomic_load_relaxed(appendedWord) }
    var doneCount: UInt64 { nc_atomic_load_relaxed(doneWord) }

    /// Records that nobody has followed yet.
    var recordCount: Int {
        // Done first: it never passes what was appended later.
        let done = doneCount
        return Int(appendedCount - done)
    }

    func append(_ chunk: PostingChunk, _ kind: Kind, tag: TagID, namespace: UInt32, recordCount: Int) {
        let item = UnsafeMutablePointer<Item>.allocate(capacity: 1)
        item.initialize(to: Item(next: nil, chunk: chunk, tag: tag, kind: kind, namespace: namespace))
        _ = nc_atomic_add(appendedWord, UInt64(recordCount))
        withLock {
            if let last = head.pointee.last { last.pointee.next = item } else { head.pointee.first = item }
            head.pointee.last = item
        }
    }

    /// The first item, which is the caller's from here on.
    func takeFirst() -> UnsafeMutablePointer<Item>? {
        withLock {
            guard let item = head.pointee.first else { return nil }
            head.pointee.first = item.pointee.next
            if item.pointee.next == nil { head.pointee.last = nil }
            return item
        }
    }

    /// Puts an item that is not done back at the front.
    func putBack(_ item: UnsafeMutablePointer<Item>) {
        withLock {
            item.pointee.next = head.pointee.first
            head.pointee.first = item
            if item.pointee.next == nil { head.pointee.last = item }
        }
    }

    /// Notes that records were followed or freed.
    func noteDone(_ count: Int) { _ = nc_atomic_add(doneWord, UInt64(count)) }

    /// Frees items and chunks. Nobody uses the queue any more.
    func free() {
        while let item = takeFirst() {
            var chunk = item.pointee.chunk
            while let present = chunk {
                chunk = present.next
                present.free()
            }
            item.deallocate()
        }
        head.deallocate()
    }
}
