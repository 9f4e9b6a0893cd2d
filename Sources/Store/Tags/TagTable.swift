import CAllocator
import CPrimitives
import Primitives

/// The tags of all databases: names, the numbers of their last invalidations, and who bears them.
///
/// Invalidations are numbered by one clock. An entry keeps the number that the clock showed when its value was computed, each tag
/// that of its last invalidation, and an entry is valid while none of its tags has a higher one: to invalidate a tag on a million
/// entries is one store, seen by all threads at once. What is void gives its memory back by way of the tag's records (`TagReaper`).
///
/// Tags belong to a namespace, each database having one: FLUSHDB gives the database another, SWAPDB exchanges two.
///
/// Locks: a stripe's lock is taken under a shard's, never the other way round.
///
/// A trivial handle over plain memory.
struct TagTable {
    static let stripeCount = 256
    static let noNamespace = UInt32.max
    private static let namespacesOffset = 64
    private static let stripesOffset = 64 + 128 * 4
    private static let floorsOffset = stripesOffset + stripeCount * TagStripe.byteCount
    /// Floors of each stripe.
    private static let floorCount = 64
    private static let byteCount = Int64(floorsOffset + stripeCount * floorCount * 8)

    private let base: UnsafeMutableRawPointer
    let ledger: MemoryLedger
    let seed: HashSeed
    let reapQueue: TagReapQueue

    static func make(databaseCount: Int, seed: HashSeed, ledger: MemoryLedger) -> TagTable {
        precondition(databaseCount <= 128)
        guard let base = nc_allocate_lines(byteCount) else { outOfMemory() }
        let table = TagTable(base: base, ledger: ledger, seed: seed, reapQueue: .make())
        for database in 0..<databaseCount { table.setNamespace(UInt32(database), of: database) }
        table.words[2] = UInt64(databaseCount)
        table.words[3] = UInt64(databaseCount)
        return table
    }

    func free() {
        reapQueue.free()
        for index in 0..<TagTable.stripeCount { stripe(index).free() }
        nc_free_lines(base, TagTable.byteCount)
    }

    private var words: UnsafeMutablePointer<UInt64> { base.assumingMemoryBound(to: UInt64.self) }
    private var clockWord: UnsafeMutablePointer<UInt64> { words }
    /// The highest number among the tags in this one of 16,384 parts, by the hash of the name, that were forgotten or that nobody
    /// bore when they were invalidated: whoever computed before it may not know of them. (With one floor for all of them, every
    /// invalidation would refuse the values of all leases whose tags nobody bears, and those of a key of its own seldom
    /// have another bearer.)
    private func floorWord(
        stripe number: Int, _ nameHash: UInt32, _ namespace: UInt32
    ) -> UnsafeMutablePointer<UInt64> {
        let part = nameHash &+ namespace &* 0x9E37_79B9  // a hash: overflow is as good
        let index = number * TagTable.floorCount + Int(part >> 8) & (TagTable.floorCount - 1)
        return (base + (TagTable.floorsOffset + 8 * index)).assumingMemoryBound(to: UInt64.self)
    }

    /// How many invalidations there were.
    @inline(__always)
    var clock: UInt64 { nc_atomic_load_acquire(clockWord) }

    @inline(__always)
    func stripe(_ index: Int) -> TagStripe {
        // index < stripeCount, as a tag's low byte is
        TagStripe(base: base + (TagTable.stripesOffset + index * TagStripe.byteCount))
    }

    @inline(__always)
    func slot(_ tag: TagID) -> UnsafeMutablePointer<TagSlot> { stripe(tag.stripe).slot(tag.index) }

    // MARK: Namespaces

    private func namespaceWord(_ database: Int) -> UnsafeMutablePointer<UInt32> {
        (base + (TagTable.namespacesOffset + 4 * database)).assumingMemoryBound(to: UInt32.self)  // database < 128
    }
    func namespace(of database: Int) -> UInt32 { nc_atomic_load32_acquire(namespaceWord(database)) }
    private func setNamespace(_ namespace: UInt32, of database: Int) {
        nc_atomic_store32_release(namespaceWord(database), namespace)
    }

    /// The database whose tags these are, or nil when it was flushed.
    func database(of namespace: UInt32, databaseCount: Int) -> Int? {
        for database in 0..<databaseCount where self.namespace(of: database) == namespace { return database }
        return nil
    }

    /// Makes a database forget its tags. Before its entries go: what is written meanwhile has tags that count.
    func renewNamespace(of database: Int) {
        // 2^32 - 1 flushes wrap: by then tags of the first are long forgotten.
        setNamespace(UInt32(truncatingIfNeeded: nc_atomic_add(words + 2, 1)) % TagTable.noNamespace, of: database)
    }

    /// The caller holds all shards' locks.
    func swapNamespaces(_ a: Int, _ b: Int) {
        let first = namespace(of: a)
        setNamespace(namespace(of: b), of: a)
        setNamespace(first, of: b)
    }

    // MARK: Names

    /// The same in all namespaces: `forEachFlushed` looks in one place.
    private func hash(_ name: ByteSlice) -> UInt64 { seed.hash(name) }

    /// Runs `body` with the stripe of a tag locked.
    @inline(__always)
    func withLock<Result>(_ stripe: TagStripe, _ body: () -> Result) -> Result {
        nc_spin_lock(stripe.lockWord)
        defer { nc_spin_unlock(stripe.lockWord) }
        return body()
    }

    /// Runs `body` with the tag of that name, its stripe locked, or `unborne` with its floor when nobody bears it.
    func withTag<Result>(
        _ name: ByteSlice, database: Int, unborne: (UnsafeMutablePointer<UInt64>) -> Result? = { _ in nil },
        _ body: (TagID, UnsafeMutablePointer<TagSlot>) -> Result
    ) -> Result? {
        let namespace = namespace(of: database)
        let hash = hash(name)
        let number = Int(hash & 0xFF)
        let nameHash = UInt32(truncatingIfNeeded: hash >> 32)
        let stripe = stripe(number)
        return withLock(stripe) {
            guard let index = stripe.find(name, hash: nameHash, namespace: namespace) else {
                return unborne(floorWord(stripe: number, nameHash, namespace))
            }
            return body(TagID(stripe: number, index: index), stripe.slot(index))
        }
    }

    /// The number of the tag of that name, made if need be, for one more who bears it. Nil without memory.
    func retain(_ name: ByteSlice, database: Int) -> TagID? {
        let namespace = namespace(of: database)
        let hash = hash(name)
        let number = Int(hash & 0xFF)
        let nameHash = UInt32(truncatingIfNeeded: hash >> 32)
        let stripe = stripe(number)
        var bytes = 0
        let index = withLock(stripe) { () -> Int? in
            let found =
                stripe.find(name, hash: nameHash, namespace: namespace)
                ?? stripe.insert(
                    name, hash: nameHash, namespace: namespace,
                    last: nc_atomic_load_acquire(floorWord(stripe: number, nameHash, namespace)), bytes: &bytes)
            if let found { stripe.slot(found).pointee.referenceCount += 1 }
            return found
        }
        if bytes != 0 { ledger.addTags(bytes: bytes) }
        return index.map { TagID(stripe: number, index: $0) }
    }

    /// One more who bears a tag that somebody bears.
    func retain(_ tag: TagID) {
        let stripe = stripe(tag.stripe)
        withLock(stripe) { stripe.slot(tag.index).pointee.referenceCount += 1 }
    }

    /// One fewer; a tag that nobody bears is forgotten.
    func release(_ tag: TagID) {
        let stripe = stripe(tag.stripe)
        var bytes = 0
        withLock(stripe) { release(tag, stripe, bytes: &bytes) }
        if bytes != 0 { ledger.addTags(bytes: bytes) }
    }

    func release(_ tag: TagID, _ stripe: TagStripe, bytes: inout Int) {
        let slot = stripe.slot(tag.index)
        slot.pointee.referenceCount -= 1
        guard slot.pointee.referenceCount == 0 else { return }
        dropRecords(slot)
        let floor = floorWord(stripe: tag.stripe, slot.pointee.nameHash, slot.pointee.namespace)
        raiseFloor(floor, to: max(slot.last, slot.stale))
        stripe.remove(tag.index, bytes: &bytes)
    }

    private func raiseFloor(_ word: UnsafeMutablePointer<UInt64>, to number: UInt64) {
        var present = nc_atomic_load_acquire(word)
        while number > present, !nc_atomic_compare_exchange(word, &present, number) {}
    }

    // MARK: Validity

    /// Whether no tag of the entry was invalidated, softly or not, since its value was computed. Needs no lock but the entry's.
    @inline(__always)
    func isCurrent(_ tags: EntryExtension) -> Bool {
        let sequence = tags.sequence
        for index in 0..<Int(tags.pointer[1]) where !slot(tags.tag(index)).counts(sequence) { return false }
        return true
    }

    /// Whether no tag of the entry was invalidated for good.
    func isValid(_ tags: EntryExtension) -> Bool {
        let sequence = tags.sequence
        for index in 0..<tags.tagCount where slot(tags.tag(index)).last > sequence { return false }
        return true
    }

    /// When a tag of the entry was made stale behind the entry's back, in store milliseconds; the earliest known.
    func staledMilliseconds(_ tags: EntryExtension) -> Int64? {
        var earliest: Int64?
        for index in 0..<tags.tagCount {
            let slot = slot(tags.tag(index))
            guard slot.stale > tags.sequence else { continue }
            earliest = min(earliest ?? Int64.max, slot.pointee.name.staledMilliseconds)
        }
        return earliest
    }

    /// Whether a value that was computed when the clock showed `sequence` may bear the tag of that name: it was not invalidated
    /// since, softly or not. In one of 16,384 cases also no when another tag was that nobody bears.
    func counts(_ name: ByteSlice, database: Int, sequence: UInt64) -> Bool {
        withTag(name, database: database, unborne: { nc_atomic_load_acquire($0) <= sequence }) { _, slot in
            slot.counts(sequence)
        } ?? true
    }

    // MARK: Invalidation

    /// Calls `body` with tags of that name whose database is being flushed: entries of shards that the flush has not come to are
    /// seen still, and must not be when an invalidation in the meantime is acknowledged.
    private func forEachFlushed(_ name: ByteSlice, _ body: (UnsafeMutablePointer<TagSlot>) -> Void) {
        let hash = hash(name)
        let stripe = stripe(Int(hash & 0xFF))
        withLock(stripe) {
            stripe.forEach(name, hash: UInt32(truncatingIfNeeded: hash >> 32)) { index in
                let slot = stripe.slot(index)
                if database(of: slot.pointee.namespace, databaseCount: Int(words[3])) == nil { body(slot) }
            }
        }
    }

    /// Notes the invalidation of a tag that nobody bears: a value may be on its way that will. The stripe is locked.
    private func noteInvalidation(_ floor: UnsafeMutablePointer<UInt64>) -> Int {
        raiseFloor(floor, to: nextNumber())
        return 0
    }

    /// Makes all entries void that bear the tag now. O(1).
    ///
    /// - Returns: how many there were.
    func invalidate(_ name: ByteSlice, database: Int, now: Int64) -> Int {
        defer { forEachFlushed(name) { nc_atomic_store_release($0.lastWord, nextNumber()) } }
        return withTag(name, database: database, unborne: noteInvalidation) { tag, slot in
            // The highest number while ours is drawn: TAG ADD takes the clock first and looks at the tags behind that.
            nc_atomic_store_release(slot.lastWord, UInt64.max)
            nc_atomic_store_release(slot.lastWord, nextNumber())
            slot.pointee.name.invalidatedMilliseconds = now
            let count = slot.forgetLive()
            detachRecords(tag, slot, .void)
            return count
        } ?? 0
    }

    /// Makes all entries stale that bear the tag now. O(1).
    ///
    /// - Returns: how many there were.
    func makeStale(_ name: ByteSlice, database: Int, now: Int64) -> Int {
        defer { forEachFlushed(name) { nc_atomic_store_release($0.lastWord, nextNumber()) } }
        return withTag(name, database: database, unborne: noteInvalidation) { tag, slot in
            slot.pointee.name.staledMilliseconds = now
            nc_atomic_store_release(slot.staleWord, UInt64.max)
            nc_atomic_store_release(slot.staleWord, nextNumber())
            let count = slot.forgetLive()
            detachRecords(tag, slot, .judged)
            return count
        } ?? 0
    }

    private func nextNumber() -> UInt64 { nc_atomic_add(clockWord, 1) + 1 }
}

/// The stripe is locked, but for the three that tell validity.
extension UnsafeMutablePointer where Pointee == TagSlot {
    /// `TagSlot` is laid out in the order of its declaration: `last` is its second word, `stale` the third.
    @inline(__always)
    var lastWord: UnsafeMutablePointer<UInt64> {
        (UnsafeMutableRawPointer(self) + 8).assumingMemoryBound(to: UInt64.self)
    }
    @inline(__always)
    var staleWord: UnsafeMutablePointer<UInt64> { lastWord + 1 }
    @inline(__always) var last: UInt64 { nc_atomic_load_acquire(lastWord) }
    @inline(__always) var stale: UInt64 { nc_atomic_load_acquire(staleWord) }

    /// Whether an entry of this sequence counts as live by this tag.
    @inline(__always)
    func counts(_ sequence: UInt64) -> Bool { last <= sequence && stale <= sequence }

    /// Sets the count of live entries to 0 and returns what it was.
    func forgetLive() -> Int {
        let count = Int(pointee.liveCount)
        pointee.liveCount = 0
        pointee.liveBytes = 0
        return count
    }
}
