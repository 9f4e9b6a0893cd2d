import Primitives

/// Leases: the right to compute one missing value, given to one client, void once the key changes. The shard of the key is
/// locked by the caller.
extension StoreAccess {
    /// Takes the lease on a key that has no value to be had, or stands in line for it. Who stands in line calls this again when
    /// it is woken, and the first in line when the holder's time is up.
    ///
    /// - Parameters:
    ///   - now: store milliseconds.
    ///   - ticket: a number above 0 by which the caller is woken, unique, the lower the earlier in line; 0 for who does not wait.
    public func lookForLease(_ key: Key, now: Int64, terms: LeaseTerms, ticket: UInt64) -> LeaseAnswer {
        shard(hash: key.hash).pointee.lookForLease(key, now: now, terms: terms, ticket: ticket, desk: leaseDesk)
    }

    /// The lease that `token` stands for, or nil when it is void: run out, released, or the key was written or removed, or its
    /// database emptied or exchanged.
    public func heldLease(of key: Key, token: UInt64, now: Int64) -> HeldLease? {
        shard(hash: key.hash).pointee.observers?.leases.held(LeaseTable.Name(key), token: token, now: now)
    }

    /// Whether a value that was computed at `attributes.sequence` may bear its tags, and those of the key's present entry if they are
    /// kept: none was invalidated since, softly or not. O(tags).
    public func isCurrent(_ attributes: EntryAttributes, for key: Key, now: Int64) -> Bool {
        guard let sequence = attributes.sequence else { return true }
        let tags = shard(hash: key.hash).pointee.tags
        for name in attributes.tags where !tags.counts(name, database: key.database, sequence: sequence) {
            return false
        }
        guard attributes.keepsTags, let old = find(key, now: now, touching: false), old.entry.hasExtension else {
            return true
        }
        let oldTags = old.entry.entryExtension
        return (0..<oldTags.tagCount).allSatisfy { tags.slot(oldTags.tag($0)).counts(sequence) }
    }

    /// Gives a lease back, to who is first in line; false when it is void.
    public func releaseLease(of key: Key, token: UInt64, now: Int64) -> Bool {
        shard(hash: key.hash).pointee.releaseLease(key, token: token, now: now)
    }

    /// Voids the lease of a key that is not there, as the removal of one that is there does.
    public func voidLease(of key: Key) {
        let shard = shard(hash: key.hash)
        if let observers = shard.pointee.observers { shard.pointee.noteToLeases(key, .removed, observers) }
    }

    /// Stands in line no more. Everybody who has stood there calls this, unless a look gave the lease.
    public func leaveLease(of key: Key, ticket: UInt64) {
        shard(hash: key.hash).pointee.leaveLease(key, ticket: ticket)
    }
}

extension Store {
    /// Voids all leases of a database: an invalidation by pattern cannot tell which of them it means. No shard may be locked by the
    /// caller unless it says `locking: false`.
    public func voidLeases(database: Int, locking: Bool = true) {
        guard leaseCount > 0 else { return }
        forEachShard(locking: locking) { $0.pointee.voidLeases(database: database) }
    }

    /// Whether there are tickets to be taken.
    public var hasLeaseWakes: Bool { !access.leaseDesk.woken.isEmpty }

    /// Takes the tickets of those who are to look again. No shard may be locked by the caller.
    public func takeLeaseWakes() -> [UInt64] {
        var tickets: [UInt64] = []
        access.leaseDesk.woken.takeAll { index in
            let shard = access.shard(index)
            shard.lock()
            tickets += shard.pointee.takeLeaseWakes()
            shard.unlock()
        }
        return tickets
    }

    /// Leases that there may be at a time.
    public static let maximumLeaseCount = LeaseTable.maximumCount

    /// Leases held now, or not yet forgotten.
    public var leaseCount: Int { ledger.leaseCount }
}
