import CAllocator

/// A queue of entries: a ring of their keys' hashes in the order of their insertion, 8 bytes each. S3-FIFO's small queue is one, a
/// tenth of the entries being in it; the stale entries are another.
///
///      63                     7 6        0
///     ┌────────────────────────┬──────────┐
///     │ hash without low bits  │ database │     the low bits of the hash chose the shard
///     └────────────────────────┴──────────┘
///
/// A deleted entry leaves its record behind; whoever takes it out finds no slot for it and goes on. Before the ring grows
/// on account of such records, `compact` drops them.
struct HashQueue {
    /// A store has at least 128 shards, so a hash's low seven bits are the same for all of a shard's keys.
    static let databaseMask: UInt64 = 0x7F

    private var records: UnsafeMutablePointer<UInt64>?
    private var capacity = 0
    private var head = 0
    private(set) var count = 0

    /// Bytes that the ring takes from the allocator.
    private(set) var blockSize = 0

    static func record(hash: UInt64, database: Int) -> UInt64 { hash & ~databaseMask | UInt64(database) & databaseMask }
    static func hash(of record: UInt64) -> UInt64 { record & ~databaseMask }
    static func database(of record: UInt64) -> Int { Int(record & databaseMask) }

    mutating func append(_ record: UInt64) {
        if count == capacity { grow() }
        records?[(head + count) & (capacity - 1)] = record
        count += 1
    }

    mutating func removeFirst() -> UInt64? {
        guard count > 0, let record = records?[head] else { return nil }
        head = (head + 1) & (capacity - 1)
        count -= 1
        if capacity > 64, count < capacity / 8 { resize(to: capacity / 2) }
        return record
    }

    /// Exchanges two databases in all records (SWAPDB). O(count).
    func swapDatabases(_ a: Int, _ b: Int) {
        guard let records else { return }
        for offset in 0..<count {
            let index = (head + offset) & (capacity - 1)
            let database = HashQueue.database(of: records[index])
            if database == a { records[index] = records[index] & ~HashQueue.databaseMask | UInt64(b) }
            if database == b { records[index] = records[index] & ~HashQueue.databaseMask | UInt64(a) }
        }
    }

    private mutating func grow() { resize(to: max(capacity * 2, 16)) }

    private mutating func resize(to newCapacity: Int) {
        guard let memory = nc_allocate(Int64(newCapacity * 8)) else { outOfMemory() }
        let target = memory.bindMemory(to: UInt64.self, capacity: newCapacity)
        if let records {
            for offset in 0..<count { target[offset] = records[(head + offset) & (capacity - 1)] }
            nc_free(records, Int64(capacity * 8))
        }
        records = target
        capacity = newCapacity
        blockSize = Int(nc_block_size(Int64(newCapacity * 8)))
        head = 0
    }

    /// Whether the next record makes the ring grow.
    var isFull: Bool { count == capacity }

    /// Keeps the records for which `isCurrent` says so, asked from the newest to the oldest. O(count).
    mutating func compact(keepingWhere isCurrent: (UInt64) -> Bool) {
        guard let records else { return }
        var kept = 0
        for offset in stride(from: count - 1, through: 0, by: -1) {
            let record = records[(head + offset) & (capacity - 1)]
            guard isCurrent(record) else { continue }
            kept += 1
            // Never before the record just read: as many were kept as read at the most.
            records[(head + count - kept) & (capacity - 1)] = record
        }
        head = (head + count - kept) & (capacity - 1)
        count = kept
    }

    mutating func free() {
        if let records { nc_free(records, Int64(capacity * 8)) }
        self = HashQueue()
    }
}
