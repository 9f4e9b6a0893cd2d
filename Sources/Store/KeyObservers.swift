import CPrimitives
import Primitives

/// Who is to be told of changes in one shard: transactions that watch keys, clients that keep copies of what they have read
/// (CLIENT TRACKING), clients that are told of every change (its BCAST), and clients that compute a value or wait for one
/// (LEASE). Used under the shard's lock.
///
/// Nothing is sent from here: a change is noted, and the thread that made it takes the notes when it has given up the lock.
final class KeyObservers {
    struct WatchedKey: Hashable {
        let database: Int
        let key: [UInt8]
    }

    var flags: [WatchedKey: [WatchFlag]] = [:]
    var tracked = TrackedKeys()
    var leases = LeaseTable()
    /// Whether every change is noted.
    var notesAll = false
    /// The tracking client whose command runs now; 0 for everybody else.
    var writer: UInt64 = 0
    var notes: [KeyChange] = []
    /// Where to say that there are notes; set by who asks for them.
    var noted: NotedShards?
    var leaseDesk: LeaseDesk?

    var isIdle: Bool { flags.isEmpty && tracked.isEmpty && leases.isEmpty && !notesAll && notes.isEmpty }
}

/// A key that was changed, removed, or dropped from the table of those that are tracked.
public struct KeyChange: Sendable {
    public let key: [UInt8]
    /// The tracking client whose command changed it; 0 when it was somebody else.
    public let writer: UInt64
    /// The clients that have read it since it was changed last.
    public let readers: TrackedReaders
    /// Whether it is for those who are told of every change. Not so when only the table has no more room for the key.
    public let isForAll: Bool
    /// Its place among the changes of all shards: a command's keys are told in the order in which it changed them.
    fileprivate(set) var sequence: UInt64 = 0
}

/// The shards that have notes, a bit each: what one thread notes under a shard's lock any may take. Behind the bits a count of
/// all notes.
struct NotedShards {
    private let words: UnsafeMutablePointer<UInt64>
    private let wordCount: Int

    init(shardCount: Int) {
        wordCount = (shardCount + 63) / 64
        words = .allocate(capacity: wordCount + 1)
        words.initialize(repeating: 0, count: wordCount + 1)
    }

    func free() { words.deallocate() }

    func insert(_ index: Int) { nc_atomic_or(words + (index >> 6), 1 << UInt64(index & 63)) }

    func nextSequence() -> UInt64 { nc_atomic_add(words + wordCount, 1) }

    var isEmpty: Bool {
        for word in 0..<wordCount where nc_atomic_load_relaxed(words + word) != 0 { return false }
        return true
    }

    /// Clears all bits and calls `body` with the index of each that was set.
    func takeAll(_ body: (Int) -> Void) {
        for word in 0..<wordCount where nc_atomic_load_relaxed(words + word) != 0 {
            var bits = nc_atomic_exchange(words + word, 0)
            while bits != 0 {
                body(word << 6 | bits.trailingZeroBitCount)
                bits &= bits &- 1  // not 0
            }
        }
    }
}

extension Shard {
    /// The observers, made if there were none.
    mutating func madeObservers() -> KeyObservers {
        if let present = observers { return present }
        let made = KeyObservers()
        observers = made
        return made
    }

    mutating func dropIdleObservers() {
        if observers?.isIdle == true { observers = nil }
    }

    @inline(never)
    func notifyObservers(of key: Key, _ event: KeyEvent) {
        guard let observers else { return }
        if !observers.leases.isEmpty { noteToLeases(key, event, observers) }
        if !observers.flags.isEmpty {
            let watched = KeyObservers.WatchedKey(database: key.database, key: key.bytes.array)
            for flag in observers.flags[watched] ?? [] { flag.raise() }
        }
        guard observers.notesAll || !observers.tracked.isEmpty else { return }
        let readers = account(observers) { $0.tracked.remove(key.bytes, hash: key.hash) }
        guard observers.notesAll || !readers.isEmpty else { return }
        let (writer, isForAll) = (observers.writer, observers.notesAll)
        note(KeyChange(key: key.bytes.array, writer: writer, readers: readers, isForAll: isForAll), observers)
    }

    private func note(_ change: KeyChange, _ observers: KeyObservers) {
        guard let noted = observers.noted else { return }
        var change = change
        change.sequence = noted.nextSequence()
        observers.notes.append(change)
        noted.insert(index)
    }

    /// Books what `body` makes the table of tracked keys grow or shrink by.
    private func account<Result>(_ observers: KeyObservers, _ body: (KeyObservers) -> Result) -> Result {
        let (bytes, count) = (observers.tracked.byteCount, observers.tracked.count)
        let result = body(observers)
        if observers.tracked.byteCount != bytes { ledger.addForeign(bytes: observers.tracked.byteCount - bytes) }
        if observers.tracked.count != count { ledger.addTrackedKeys(observers.tracked.count - count) }
        return result
    }

    // MARK: Tracking

    /// Notes the next change of `key` for `reader`, which has just read it.
    mutating func track(_ key: Key, reader: UInt64, noted: NotedShards) {
        let observers = madeObservers()
        observers.noted = noted
        let displaced = account(observers) { $0.tracked.insert(key.bytes, hash: key.hash, reader: reader) }
        if let displaced { note(displaced, observers) }
    }

    /// Notes every change from now on, or only those of watched and tracked keys.
    mutating func setNotesAll(_ notesAll: Bool, noted: NotedShards) {
        let observers = madeObservers()
        observers.noted = noted
        observers.notesAll = notesAll
        dropIdleObservers()
    }

    mutating func takeNotes() -> [KeyChange] {
        guard let observers else { return [] }
        defer {
            observers.notes = []
            dropIdleObservers()
        }
        return observers.notes
    }

    /// Forgets all tracked keys without a note.
    mutating func forgetTrackedKeys() {
        guard let observers else { return }
        account(observers) { $0.tracked = TrackedKeys() }
        dropIdleObservers()
    }

    /// Drops a tracked key at random, with a note for those who have read it. False when there is none.
    mutating func dropTrackedKey() -> Bool {
        guard let observers, !observers.tracked.isEmpty else { return false }
        let state = eviction
        let place = state.pointee.generator.below(observers.tracked.count)
        note(account(observers) { $0.tracked.remove(at: place) }, observers)
        return true
    }

    /// Takes readers out of the table.
    mutating func forgetReaders(_ readers: Set<UInt64>) {
        guard let observers else { return }
        account(observers) { $0.tracked.removeReaders(readers) }
        dropIdleObservers()
    }
}
