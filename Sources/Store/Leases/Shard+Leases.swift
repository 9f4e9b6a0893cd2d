import CPrimitives

/// What a change of a key means to those who only care for its content.
enum KeyEvent {
    /// It has another value.
    case written
    /// A command has removed it.
    case removed
    /// Its time has run out, or was changed, or it was evicted: nobody has said that its content is out of date.
    case aged
}

extension Shard {
    /// See `LeaseTable.look`.
    mutating func lookForLease(
        _ key: Key, now: Int64, terms: LeaseTerms, ticket: UInt64, desk: LeaseDesk
    ) -> LeaseAnswer {
        let observers = madeObservers()
        observers.leaseDesk = desk
        var hasRoom = ledger.leaseCount < LeaseTable.maximumCount
        if !hasRoom {
            changeLeases(observers) { $0.removeOverdue(now: now) }
            hasRoom = ledger.leaseCount < LeaseTable.maximumCount
        }
        let answer = changeLeases(observers) {
            $0.look(
                LeaseTable.Name(key), now: now, terms: terms, ticket: ticket, hasRoom: hasRoom,
                token: desk.nextToken)
        }
        dropIdleObservers()
        return answer
    }

    mutating func releaseLease(_ key: Key, token: UInt64, now: Int64) -> Bool {
        guard let observers else { return false }
        let isReleased = changeLeases(observers) { $0.release(LeaseTable.Name(key), token: token, now: now) }
        dropIdleObservers()
        return isReleased
    }

    mutating func leaveLease(_ key: Key, ticket: UInt64) {
        guard let observers else { return }
        changeLeases(observers) { $0.leave(LeaseTable.Name(key), ticket: ticket) }
        dropIdleObservers()
    }

    mutating func removeOverdueLeases(now: Int64) {
        guard let observers, !observers.leases.isEmpty else { return }
        changeLeases(observers) { $0.removeOverdue(now: now) }
        dropIdleObservers()
    }

    /// The keys of a database (nil: of all) may have other values, or none.
    mutating func voidLeases(database: Int?) {
        guard let observers, !observers.leases.isEmpty else { return }
        changeLeases(observers) { $0.flushed(database: database) }
        dropIdleObservers()
    }

    mutating func takeLeaseWakes() -> [UInt64] {
        guard let observers else { return [] }
        defer { dropIdleObservers() }
        return observers.leases.takeWakes()
    }

    /// A key has changed.
    func noteToLeases(_ key: Key, _ event: KeyEvent, _ observers: KeyObservers) {
        switch event {
        case .written: changeLeases(observers) { $0.written(LeaseTable.Name(key)) }
        case .removed: changeLeases(observers) { $0.removed(LeaseTable.Name(key)) }
        case .aged: break
        }
    }

    /// Books what `body` makes the table grow or shrink by, and marks the shard when there is somebody to be woken.
    private func changeLeases<Result>(_ observers: KeyObservers, _ body: (inout LeaseTable) -> Result) -> Result {
        let (bytes, count) = (observers.leases.byteCount, observers.leases.count)
        let result = body(&observers.leases)
        if observers.leases.byteCount != bytes { ledger.addForeign(bytes: observers.leases.byteCount - bytes) }
        if observers.leases.count != count { ledger.addLeases(observers.leases.count - count) }
        if !observers.leases.wakes.isEmpty { observers.leaseDesk?.woken.insert(index) }
        return result
    }
}

/// What all shards' leases share: the shards that have somebody to wake, and the source of tokens.
struct LeaseDesk {
    let woken: NotedShards
    /// A secret of its own, drawn once per process: tokens go to clients.
    private let seed: HashSeed

    init(shardCount: Int) {
        woken = NotedShards(shardCount: shardCount)
        seed = .random()
    }

    func free() { woken.free() }

    /// A token that nobody can guess, that no other key has and no other process gives, but with a probability of 2^-64: the
    /// keyed hash of a count.
    func nextToken() -> UInt64 {
        var number = woken.nextSequence()
        let token = nc_siphash13(seed.k0, seed.k1, &number, 8)
        return token == 0 ? 1 : token
    }
}
