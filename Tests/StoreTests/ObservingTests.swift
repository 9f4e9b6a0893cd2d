import Primitives
import Testing

@testable import Store

/// What the store notes for CLIENT TRACKING.
@Suite struct ObservingTests {
    private func track(_ cache: TestCache, _ key: [UInt8], _ reader: UInt64) {
        cache.locked(key) { cache.store.access.track($0, reader: reader) }
    }

    /// The readers of each note's key.
    private func notes(_ cache: TestCache) -> [[UInt8]: [UInt64]] {
        var notes: [[UInt8]: [UInt64]] = [:]
        for note in cache.store.takeNotes() {
            var readers: [UInt64] = []
            note.readers.forEach { readers.append($0) }
            notes[note.key, default: []] += readers
        }
        return notes
    }

    @Test func aChangeIsNotedOnceForAllReaders() {
        let cache = TestCache()
        for reader: UInt64 in [5, 3, 9, 3, 4, 9] { track(cache, [1], reader) }
        track(cache, [2], 7)
        #expect(cache.store.trackedKeyCount == 2)
        #expect(cache.store.statistics().trackedReaderCount == 5)
        #expect(!cache.store.hasNotes)
        cache.set([1], [0])
        #expect(cache.store.hasNotes)
        cache.set([1], [1])
        #expect(notes(cache) == [[1]: [3, 4, 5, 9]])
        #expect(!cache.store.hasNotes)
        #expect(cache.store.trackedKeyCount == 1)
        // Whatever the database.
        cache.set([2], [0], database: 1)
        #expect(notes(cache) == [[2]: [7]])
        #expect(cache.store.trackedKeyCount == 0)
        #expect(cache.store.statistics().foreignBytes == 0)
    }

    @Test func theWriterIsNoted() {
        let cache = TestCache()
        track(cache, [1], 5)
        cache.locked([1]) { key in
            cache.store.access.setWriter(5, hash: key.hash)
            _ = [UInt8]([0]).withSlice {
                cache.store.access.set(key, to: EntryValue(leanest: $0), expiry: Entry.noExpiry)
            }
            cache.store.access.setWriter(0, hash: key.hash)
        }
        #expect(cache.store.takeNotes().map(\.writer) == [5])
        track(cache, [1], 5)
        cache.set([1], [1])
        #expect(cache.store.takeNotes().map(\.writer) == [0])
    }

    @Test func removalExpiryAndEvictionAreChanges() {
        let cache = TestCache(policy: .allKeysFIFO, maximumEntryCount: 3)
        for key: UInt8 in 1...3 {
            cache.set([key], [0], expiry: key == 2 ? cache.now + 1000 : Entry.noExpiry)
            track(cache, [key], 1)
        }
        #expect(cache.remove([3]))
        #expect(notes(cache) == [[3]: [1]])
        cache.now += 3000
        cache.sweepAll()
        #expect(notes(cache) == [[2]: [1]])
        for key: UInt8 in 4...6 { cache.set([key], [0]) }
        #expect(notes(cache) == [[1]: [1]])
    }

    @Test func everyChangeIsNotedWhenAskedFor() {
        let cache = TestCache()
        cache.set([1], [0])
        cache.store.setNotesAll(true)
        cache.set([1], [1])
        cache.set([2], [1])
        let notes = cache.store.takeNotes()
        #expect(notes.map(\.key) == [[1], [2]])
        #expect(notes.allSatisfy { $0.isForAll && $0.readers.isEmpty })
        cache.store.setNotesAll(false)
        cache.set([1], [2])
        #expect(!cache.store.hasNotes)
        cache.store.forEachShard { #expect($0.pointee.observers == nil) }
    }

    @Test func aFlushForgetsWithoutNotes() {
        let cache = TestCache()
        for number in 0..<1000 { track(cache, [UInt8](number: number), 1) }
        #expect(cache.store.statistics().foreignBytes > 100_000)
        cache.store.flush(database: 1, now: cache.now)
        #expect(cache.store.trackedKeyCount == 0)
        #expect(cache.store.statistics().foreignBytes == 0)
        #expect(!cache.store.hasNotes)
    }

    @Test func theTableKeepsToItsBound() {
        let cache = TestCache()
        for number in 0..<1000 { track(cache, [UInt8](number: number), 1) }
        #expect(!cache.store.dropTrackedKeys(downTo: 10, budget: 100))
        #expect(cache.store.trackedKeyCount == 900)
        #expect(cache.store.dropTrackedKeys(downTo: 10, budget: 10_000))
        #expect(cache.store.trackedKeyCount == 10)
        let dropped = cache.store.takeNotes()
        #expect(dropped.count == 990)
        #expect(dropped.allSatisfy { !$0.isForAll && $0.readers.count == 1 })
        #expect(Set(dropped.map(\.key)).count == 990)
        #expect(cache.store.dropTrackedKeys(downTo: 0, budget: 100))
        #expect(cache.store.statistics().foreignBytes == 0)
    }

    @Test func readersThatAreGoneAreForgotten() {
        let cache = TestCache()
        for number in 0..<1000 {
            track(cache, [UInt8](number: number), 1)
            if number % 2 == 0 { track(cache, [UInt8](number: number), 2) }
            if number % 4 == 0 { track(cache, [UInt8](number: number), 3) }
        }
        for shard in 0..<cache.store.shardCount { cache.store.forgetReaders([1, 3], shard: shard) }
        #expect(cache.store.trackedKeyCount == 500)
        #expect(cache.store.statistics().trackedReaderCount == 500)
        cache.set([UInt8](number: 4), [0])
        cache.set([UInt8](number: 5), [0])
        #expect(notes(cache) == [[UInt8](number: 4): [2]])
        for shard in 0..<cache.store.shardCount { cache.store.forgetReaders([2], shard: shard) }
        #expect(cache.store.statistics().foreignBytes == 0)
        cache.store.forEachShard { #expect($0.pointee.observers == nil) }
    }

    @Test func keysOfTheSameHashPushEachOtherOut() {
        var table = TrackedKeys()
        let insert = { (table: inout TrackedKeys, key: [UInt8]) in
            key.withSlice { table.insert($0, hash: 42, reader: 1) }
        }
        #expect(insert(&table, [1])?.key == nil)
        #expect(insert(&table, [2])?.key == [1])
        let other = [UInt8]([1]).withSlice { table.remove($0, hash: 42) }
        #expect(other.isEmpty)
        #expect(table.count == 1 && table.readerCount == 1)
    }
}
