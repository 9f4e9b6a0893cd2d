import CPrimitives
import Primitives

/// Keys that tracking clients have read since their last change, each with those clients. By name, whatever the database, as
/// in Redis: the message that a key has changed names no database.
///
///     places: hash ──► index       entries: [ hash, key, readers ] …     dense, so that one is found at random
struct TrackedKeys {
    private struct Entry {
        let hash: UInt64
        let key: [UInt8]
        var readers: TrackedReaders
    }

    /// What a key takes besides its bytes: the array's header and rounding, an entry and a place, each with the room in which
    /// its collection grows.
    private static let overheadByteCount = 160

    private var places: [UInt64: Int] = [:]
    private var entries: [Entry] = []
    /// Readers of all keys.
    private(set) var readerCount = 0
    private var keyByteCount = 0

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }
    /// About what the table takes, in bytes.
    var byteCount: Int {
        keyByteCount + entries.count * TrackedKeys.overheadByteCount
            + (readerCount - entries.count) * MemoryLayout<UInt64>.stride
    }

    /// Notes that `reader` has read `key`. O(1) for the first reader of a key, O(readers) for others.
    ///
    /// - Returns: another key with the same 64 bits of hash, which has had to go.
    mutating func insert(_ key: ByteSlice, hash: UInt64, reader: UInt64) -> KeyChange? {
        var displaced: KeyChange?
        if let place = places[hash] {
            if entries[place].key.elementsEqual(key.buffer) {
                if entries[place].readers.insert(reader) { readerCount += 1 }
                return nil
            }
            displaced = remove(at: place)
        }
        places[hash] = entries.count
        entries.append(Entry(hash: hash, key: key.array, readers: TrackedReaders(reader)))
        readerCount += 1
        keyByteCount += key.count
        return displaced
    }

    /// Forgets `key`. O(1).
    ///
    /// - Returns: who has read it.
    mutating func remove(_ key: ByteSlice, hash: UInt64) -> TrackedReaders {
        guard let place = places[hash], entries[place].key.elementsEqual(key.buffer) else { return TrackedReaders() }
        return removeEntry(at: place).readers
    }

    /// Forgets the key at `place`, from 0 up to `count` - 1. O(1).
    mutating func remove(at place: Int) -> KeyChange {
        let entry = removeEntry(at: place)
        return KeyChange(key: entry.key, writer: 0, readers: entry.readers, isForAll: false)
    }

    /// Forgets readers, and the keys that have none left. O(count).
    mutating func removeReaders(_ readers: Set<UInt64>) {
        // From the end: what takes the place of a removed entry has been looked at.
        for place in entries.indices.reversed() {
            readerCount -= entries[place].readers.remove(readers)
            if entries[place].readers.isEmpty { _ = removeEntry(at: place) }
        }
    }

    private mutating func removeEntry(at place: Int) -> Entry {
        let entry = entries[place]
        places[entry.hash] = nil
        let last = entries.removeLast()
        if place < entries.count {
            entries[place] = last
            places[last.hash] = place
        }
        readerCount -= entry.readers.count
        keyByteCount -= entry.key.count
        return entry
    }
}

/// The clients that have read a key: mostly one, which takes no memory of its own.
public struct TrackedReaders: Sendable {
    /// In ascending order, the first apart.
    private var first: UInt64?
    private var others: [UInt64] = []

    init() {}
    init(_ reader: UInt64) { first = reader }

    public var isEmpty: Bool { first == nil }
    public var count: Int { first == nil ? 0 : 1 + others.count }

    public func forEach(_ body: (UInt64) -> Void) {
        if let first { body(first) }
        for reader in others { body(reader) }
    }

    /// False when it was there.
    mutating func insert(_ reader: UInt64) -> Bool {
        guard let smallest = first else {
            first = reader
            return true
        }
        if reader == smallest { return false }
        if reader < smallest {
            others.insert(smallest, at: 0)
            first = reader
            return true
        }
        var low = 0
        var high = others.count
        while low < high {
            let middle = (low + high) / 2
            if others[middle] < reader { low = middle + 1 } else { high = middle }
        }
        if low < others.count, others[low] == reader { return false }
        others.insert(reader, at: low)
        return true
    }

    /// How many of `readers` were there.
    mutating func remove(_ readers: Set<UInt64>) -> Int {
        let before = count
        others.removeAll { readers.contains($0) }
        if let smallest = first, readers.contains(smallest) {
            first = others.isEmpty ? nil : others.removeFirst()
        }
        return before - count
    }
}
