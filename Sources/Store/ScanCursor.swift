/// SCAN's cursor: a shard and a position in its table, as one number below 2^53, which every client's number type holds.
///
///     cursor = reversed 40 leading bits of the position × shards + shard
///
/// A position has few leading bits that are not zero, so its reversal is a small number, as Redis's cursors are. 0 is
/// the start, and the end. Any 64-bit number is safe: positions are only compared, shards are checked.
struct ScanCursor {
    var shard: Int
    var position: UInt64

    private static let positionBits: UInt64 = 40

    init(shard: Int, position: UInt64) {
        self.shard = shard
        self.position = position
    }

    init(decoding cursor: UInt64, shardCount: Int) {
        shard = Int(cursor % UInt64(shardCount))
        let reversed = cursor / UInt64(shardCount)
        // Bits above 40 can only come from a made-up cursor; they would shift out.
        position = ScanCursor.reverse(reversed & ((1 << ScanCursor.positionBits) - 1)) << (64 - ScanCursor.positionBits)
    }

    func encoded(shardCount: Int) -> UInt64 {
        ScanCursor.reverse(position >> (64 - ScanCursor.positionBits)) * UInt64(shardCount) + UInt64(shard)
    }

    private static func reverse(_ bits: UInt64) -> UInt64 {
        var (rest, result): (UInt64, UInt64) = (bits, 0)
        for _ in 0..<positionBits {
            result = result << 1 | rest & 1
            rest >>= 1
        }
        return result
    }
}

extension Store {
    /// Home buckets that one call walks at the most, however few entries they hold.
    private static let bucketsPerScan = 4096

    /// Walks a database from `cursor` on until `count` entries were seen or a bounded number of buckets is done.
    ///
    /// Every entry that is present from the first call to the last is seen exactly once, whatever happens to the tables in
    /// between.
    ///
    /// - Parameters:
    ///   - cursor: 0 or what the last call returned; any number is safe.
    ///   - count: at least 1; a home bucket is never cut, so up to some ten entries more may be seen.
    ///   - locking: false when the caller holds all shards.
    ///   - skippingVoid: false to see entries that commands do not see as well: stale ones, and those that wait for removal.
    ///   - body: sees each entry under its shard's lock; must not change the store.
    /// - Returns: the next cursor, 0 at the end.
    public func scan(
        database: Int, cursor: UInt64, count: Int, now: Int64, locking: Bool = true, skippingVoid: Bool = true,
        _ body: (Entry) -> Void
    ) -> UInt64 {
        var place = ScanCursor(decoding: cursor, shardCount: shardCount)
        var buckets = Store.bucketsPerScan
        var left = count
        while true {
            let shard = access.shard(place.shard)
            if locking { shard.lock() }
            let next = shard.pointee.scan(
                database: database, from: place.position, count: left, bucketLimit: &buckets, now: now,
                skippingVoid: skippingVoid
            ) { entry in
                left -= 1
                body(entry)
            }
            if locking { shard.unlock() }
            if let next {
                return ScanCursor(shard: place.shard, position: next).encoded(shardCount: shardCount)
            }
            guard place.shard + 1 < shardCount else { return 0 }
            place = ScanCursor(shard: place.shard + 1, position: 0)
            if left <= 0 || buckets <= 0 { return place.encoded(shardCount: shardCount) }
        }
    }
}
