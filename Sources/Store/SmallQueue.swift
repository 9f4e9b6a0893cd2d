import CAllocator

/// S3-FIFO's small queue: a ring of the keys' hashes in the order of their insertion, 8 bytes for each of the tenth of
/// the entries that are in it.
///
///      63                     7 6        0
///     ┌────────────────────────┬──────────┐
///     │ hash without low bits  │ database │     the low bits of the hash chose the shard
///     └────────────────────────┴──────────┘
///
/// A deleted entry leaves its record behind; whoever takes it out finds no slot for it and goes on.
struct SmallQueue {
    /// A store has at least 128 shards, so a hash's low seven bits are the same for all of a shard's keys.
    static let databaseMask: UInt64 = 0x7F

    private var records: UnsafeMutablePointer<UInt64>?
    private var capacity = 0
    private var head = 0
    private(set) var count = 0

    var blockSize: Int { records == nil ? 0 : Int(nc_block_size(Int64(capacity * 8))) }

    static func record(hash: UInt64, database: Int) -> UInt64 { hash & ~databaseMask | UInt64(database) & databaseMask }
    static func hash(of record: UInt64) -> UInt64 { record & ~databaseMask }
    static func database(of record: UInt64) -> Int { Int(record & databaseMask) }

    var first: UInt64? { count == 0 ? nil : records?[head] }

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
            let database = SmallQueue.database(of: records[index])
            if database == a { records[index] = records[index] & ~SmallQueue.databaseMask | UInt64(b) }
            if database == b { records[index] = records[index] & ~SmallQueue.databaseMask | UInt64(a) }
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
        head = 0
    }

    mutating func free() {
        if let records { nc_free(records, Int64(capacity * 8)) }
        self = SmallQueue()
    }
}
