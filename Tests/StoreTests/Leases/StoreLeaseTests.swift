import Primitives
import Testing

@testable import Store

/// Leases among the shards: what voids them, who is woken, and that nothing of them stays.
@Suite struct StoreLeaseTests {
    private func look(
        _ cache: TestCache, _ key: [UInt8], database: Int = 0, ticket: UInt64 = 0, duration: Int64 = 1000
    ) -> LeaseAnswer {
        cache.locked(key, database: database) {
            cache.store.access.lookForLease(
                $0, now: cache.now, terms: LeaseTerms(durationMilliseconds: duration, sequence: 0), ticket: ticket)
        }
    }

    private func take(_ cache: TestCache, _ key: [UInt8], database: Int = 0) -> UInt64 {
        guard case .taken(let token) = look(cache, key, database: database) else { return 0 }
        return token
    }

    private func isGood(_ cache: TestCache, _ token: UInt64, _ key: [UInt8], database: Int = 0) -> Bool {
        cache.locked(key, database: database) {
            cache.store.access.heldLease(of: $0, token: token, now: cache.now) != nil
        }
    }

    private func expectNothingLeft(_ cache: TestCache) {
        #expect(cache.store.leaseCount == 0)
        #expect(!cache.store.hasLeaseWakes)
        #expect(cache.store.statistics().foreignBytes == cache.store.tagBytes)
        cache.store.forEachShard { #expect($0.pointee.observers == nil) }
    }

    @Test func aTokenIsGoodForItsKeyAlone() {
        let cache = TestCache()
        let token = take(cache, [1])
        #expect(isGood(cache, token, [1]))
        #expect(!isGood(cache, token, [2]))
        #expect(!isGood(cache, token, [1], database: 1))
        #expect(!isGood(cache, 0, [1]))
        let other = take(cache, [2])
        #expect(other != token)
        #expect(!isGood(cache, token, [2]))
        // The same of another process.
        #expect(take(TestCache(), [1]) != token)
    }

    @Test func writesRemovalsAndFlushesVoid() {
        let cache = TestCache()
        let changes: [(String, () -> Void)] = [
            ("set", { cache.set([1], [0]) }),
            (
                "set and removed",
                {
                    cache.set([1], [0]); cache.remove([1])
                }
            ),
            ("noted", { cache.locked([1]) { cache.store.access.noteChange(of: $0) } }),
            ("flushed", { cache.store.flush(database: 0, now: cache.now) }),
            ("all flushed", { cache.store.flush(database: nil, now: cache.now) }),
            (
                "exchanged",
                {
                    cache.store.lockAll()
                    cache.store.swapDatabases(0, 1, now: cache.now)
                    cache.store.unlockAll()
                }
            ),
        ]
        for (name, change) in changes {
            cache.remove([1])
            let token = take(cache, [1])
            let elsewhere = take(cache, [2])
            change()
            #expect(!isGood(cache, token, [1]), "\(name)")
            cache.locked([2]) { _ = cache.store.access.releaseLease(of: $0, token: elsewhere, now: cache.now) }
        }
        cache.remove([1])
        expectNothingLeft(cache)
    }

    @Test func ageDoesNotVoid() {
        let cache = TestCache(policy: .allKeysFIFO, maximumEntryCount: 1)
        cache.set([1], [0], expiry: cache.now + 500)
        let token = take(cache, [1])
        cache.locked([1]) {
            _ = cache.store.access.find($0, now: cache.now, touching: false)?.setExpiry(cache.now + 600)
        }
        #expect(isGood(cache, token, [1]))
        cache.now += 700
        #expect(!cache.exists([1]))
        #expect(isGood(cache, token, [1]))
        // Evicted for another.
        cache.set([3], [0])
        let evicted = take(cache, [3])
        cache.set([4], [0])
        #expect(!cache.exists([3]))
        #expect(isGood(cache, evicted, [3]))
    }

    @Test func waitersAreWokenAndForgotten() {
        let cache = TestCache()
        let token = take(cache, [1])
        for ticket: UInt64 in 1...3 { _ = look(cache, [1], ticket: ticket) }
        #expect(cache.store.statistics().leaseWaiterCount == 3)
        #expect(!cache.store.hasLeaseWakes)
        cache.set([1], [0])
        #expect(cache.store.hasLeaseWakes)
        #expect(cache.store.takeLeaseWakes() == [1, 2, 3])
        #expect(!isGood(cache, token, [1]))
        expectNothingLeft(cache)
    }

    @Test func recordsAreBoundedAndSwept() {
        let cache = TestCache()
        for number in 0..<10_000 { #expect(take(cache, Array("key \(number)".utf8)) != 0) }
        #expect(cache.store.leaseCount == 10_000)
        let bytes = cache.store.statistics().foreignBytes - cache.store.tagBytes
        #expect(bytes > 0 && bytes <= 10_000 * 128)
        cache.now += 1000
        cache.sweepAll()
        expectNothingLeft(cache)
    }

    @Test func moreThanTheBoundAreRefused() {
        let cache = TestCache()
        var answer = LeaseAnswer.refused
        for number in 0...LeaseTable.maximumCount { answer = look(cache, Array("key \(number)".utf8)) }
        #expect(answer == .refused)
        #expect(cache.store.leaseCount == LeaseTable.maximumCount)
        // What has run out makes room, though nobody has swept.
        cache.now += 1000
        guard case .taken = look(cache, Array("key \(LeaseTable.maximumCount)".utf8)) else {
            return #expect(Bool(false))
        }
    }
}
