/// The leases on keys of one shard: who may compute which value, and who waits for it. A state machine without a clock, used
/// under the shard's lock.
///
///                    look                         look
///      no record ───────────► held by a token ◄────────── free: no token, some wait
///          ▲                     │        │                        ▲
///          └── written, flushed ─┘        └─ released, removed ────┘
///
/// A lease that has run out is as good as free. When the last waiter of a free one leaves, its record goes.
///
/// Waiters stand in line by their tickets. Only the first keeps an eye on the holder's deadline, so that a lease that runs out
/// wakes one client and not a thousand; whoever comes to be the first is told to look.
///
/// A record has the 64 bits of the key's hash and not the key: with a keyed hash two of a hundred thousand leased keys meet once in
/// some 10^9 such tables, and then one waits for the other's value, or is void with it. No value goes to the wrong key.
struct LeaseTable {
    struct Name: Hashable {
        let hash: UInt64
        let database: Int

        init(_ key: Key) { (hash, database) = (key.hash, key.database) }

        func hash(into hasher: inout Hasher) { hasher.combine(hash) }
    }

    struct LeaseRecord {
        /// 0: nobody holds it.
        var token: UInt64
        /// Store milliseconds.
        var deadline: Int64
        /// When it was taken, in store milliseconds.
        var began: Int64
        /// What the holder's tags are judged by: where the sequence of invalidations stood when the lease was taken.
        var sequence: UInt64
        /// Tickets in ascending order.
        var waiters: [UInt64]

        func isHeld(at now: Int64) -> Bool { token != 0 && deadline > now }
    }

    /// Leases of all shards at the most.
    static let maximumCount = 100_000
    /// What a record takes with its place in the dictionary, about, and what a waiter does, in bytes.
    private static let recordByteCount = 104
    private static let waiterByteCount = 16

    private(set) var records: [Name: LeaseRecord] = [:]
    private(set) var waiterCount = 0
    /// Tickets of those who are to look again.
    private(set) var wakes: [UInt64] = []
    /// No lease runs out before.
    private var earliestDeadline = Int64.max

    var count: Int { records.count }
    var isEmpty: Bool { records.isEmpty && wakes.isEmpty }
    /// About what the table takes, in bytes.
    var byteCount: Int { records.count * LeaseTable.recordByteCount + waiterCount * LeaseTable.waiterByteCount }

    // MARK: Looking

    /// Takes the lease if nobody holds it, or else stands in line. O(log waiters) and a move of their tickets.
    ///
    /// - Parameters:
    ///   - ticket: where to stand in line; 0 for not at all. Who stands there already stays.
    ///   - token: makes the token of a lease that is taken.
    mutating func look(
        _ name: Name, now: Int64, terms: LeaseTerms, ticket: UInt64, hasRoom: Bool, token: () -> UInt64
    ) -> LeaseAnswer {
        var waiters: [UInt64] = []
        if let place = records.index(forKey: name) {
            let record = records.values[place]
            if record.isHeld(at: now) {
                guard ticket != 0 else { return .held(until: record.deadline, isFirst: false) }
                insert(ticket, at: place)
                return .held(until: record.deadline, isFirst: records.values[place].waiters.first == ticket)
            }
            remove(ticket, at: place)
            waiters = records.values[place].waiters
        } else if !hasRoom {
            return .refused
        }
        let made = token()
        let deadline = now + terms.durationMilliseconds  // an hour at the most
        records[name] = LeaseRecord(
            token: made, deadline: deadline, began: now, sequence: terms.sequence, waiters: waiters)
        earliestDeadline = min(earliestDeadline, deadline)
        if let next = waiters.first { wakes.append(next) }
        return .taken(token: made)
    }

    /// The lease of `token`; nil when it is void.
    func held(_ name: Name, token: UInt64, now: Int64) -> HeldLease? {
        guard let record = records[name], record.isHeld(at: now), record.token == token else { return nil }
        // Loops read the clock at different moments.
        return HeldLease(sequence: record.sequence, ageMilliseconds: max(now - record.began, 0))
    }

    // MARK: Ends

    /// Gives a lease back; false when it is void.
    mutating func release(_ name: Name, token: UInt64, now: Int64) -> Bool {
        guard held(name, token: token, now: now) != nil else { return false }
        free(name)
        return true
    }

    /// The key has another value: the lease is void, and all who wait are to have a look at the value.
    mutating func written(_ name: Name) {
        guard let record = records.removeValue(forKey: name) else { return }
        wakes += record.waiters
        waiterCount -= record.waiters.count
    }

    /// The key is gone: the lease is void, and who is first in line may compute.
    mutating func removed(_ name: Name) {
        if let record = records[name], record.token != 0 { free(name) }
    }

    /// All keys of a database (nil: of all) may be others: as `written` for each.
    mutating func flushed(database: Int?) {
        for name in records.keys where database == nil || name.database == database { written(name) }
    }

    private mutating func free(_ name: Name) {
        guard let place = records.index(forKey: name) else { return }
        guard let next = records.values[place].waiters.first else {
            records.remove(at: place)
            return
        }
        records.values[place].token = 0
        wakes.append(next)
    }

    /// Forgets leases that have run out and that nobody waits for. O(1) when none has.
    mutating func removeOverdue(now: Int64) {
        guard earliestDeadline <= now else { return }
        records = records.filter { $0.value.isHeld(at: now) || !$0.value.waiters.isEmpty }
        earliestDeadline = records.values.reduce(Int64.max) { min($0, $1.deadline) }
    }

    // MARK: The line

    /// Leaves the line. What the leaver may have been told is told to the next.
    mutating func leave(_ name: Name, ticket: UInt64) {
        guard let place = records.index(forKey: name), let first = records.values[place].waiters.first else { return }
        remove(ticket, at: place)
        guard first == ticket else { return }
        if let next = records.values[place].waiters.first {
            wakes.append(next)
        } else if records.values[place].token == 0 {
            records.remove(at: place)
        }
    }

    mutating func takeWakes() -> [UInt64] {
        defer { wakes = [] }
        return wakes
    }

    private mutating func insert(_ ticket: UInt64, at place: [Name: LeaseRecord].Index) {
        let (index, isThere) = find(ticket, at: place)
        guard !isThere else { return }
        records.values[place].waiters.insert(ticket, at: index)
        waiterCount += 1
    }

    private mutating func remove(_ ticket: UInt64, at place: [Name: LeaseRecord].Index) {
        let (index, isThere) = find(ticket, at: place)
        guard isThere else { return }
        records.values[place].waiters.remove(at: index)
        waiterCount -= 1
    }

    /// Where a ticket is in the line, or belongs.
    private func find(_ ticket: UInt64, at place: [Name: LeaseRecord].Index) -> (index: Int, isThere: Bool) {
        let waiters = records.values[place].waiters
        var (low, high) = (0, waiters.count)
        while low < high {
            let middle = (low + high) / 2
            if waiters[middle] < ticket { low = middle + 1 } else { high = middle }
        }
        return (low, low < waiters.count && waiters[low] == ticket)
    }
}

/// For how long a lease is wanted, and what it is judged by.
public struct LeaseTerms: Sendable {
    /// From 1 to an hour's.
    public let durationMilliseconds: Int64
    /// Where the sequence of tag invalidations stands.
    public let sequence: UInt64

    public init(durationMilliseconds: Int64, sequence: UInt64) {
        self.durationMilliseconds = durationMilliseconds
        self.sequence = sequence
    }
}

/// What is known of a lease that holds.
public struct HeldLease: Equatable, Sendable {
    /// Its terms' sequence.
    public let sequence: UInt64
    public let ageMilliseconds: Int64
}

/// What comes of a look for a lease.
public enum LeaseAnswer: Equatable, Sendable {
    /// It is the caller's.
    case taken(token: UInt64)
    /// Somebody holds it, until the time in store milliseconds at the latest. The first in line is to look again then.
    case held(until: Int64, isFirst: Bool)
    /// There are as many leases as there may be.
    case refused
}
