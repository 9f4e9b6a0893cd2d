import CPrimitives
import Primitives

/// Insertion, replacement, removal. Every change of a shard's content goes through these, so that ledger, policy,
/// expiry and observers stay true together.
extension Shard {
    /// Makes `entry` the value of `key`, in place of any it has. The shard owns the entry from here on.
    ///
    /// - Parameter old: where the key lies now, if it does.
    @inline(__always)
    mutating func put(_ entry: Entry, for key: Key, replacing old: Place?) {
        if let old {
            replace(old, with: entry, database: key.database)
        } else {
            insert(entry, for: key)
        }
        changed(key)
    }

    @inline(__always)
    private mutating func insert(_ entry: Entry, for key: Key) {
        let table = tables + key.database
        let tableBytesBefore = table.pointee.blockSize
        let segment = table.pointee.segmentWithRoom(for: key.hash, seed: seed)
        let fragment = Fragment(hash: key.hash, depth: segment.pointee.depth)
        let expiryClass = classify(entry, segment, table)
        let bytes = entry.blockSize
        let metadata = tracked(expiryClass) ? admit(hash: key.hash, database: key.database, bytes: bytes) : 0
        let slot = Slot(entry: entry, fragment: fragment, expiryClass: expiryClass, metadata: metadata)
        let stamp = segment.pointee.stamps == nil ? 0 : firstStamp()
        _ = segment.pointee.insert(fragment, slot, stamp: stamp)
        table.pointee.entryCount += 1
        if expiryClass != ExpiryClass.none { table.pointee.volatileCount += 1 }
        table.pointee.entryBytes += bytes
        if entry.hasExtension { linkExtension(of: entry, hash: key.hash) }
        bookSideStructures()
        book(tableBytes: table.pointee.blockSize - tableBytesBefore)
        book(entryBytes: bytes, entries: 1)
        if entry.hasExtension { tally(entry, bytes: bytes, entries: 1, database: key.database) }
    }

    /// Puts `entry` in the place of another one of the same key. A write is an access.
    @inline(__always)
    mutating func replace(_ place: Place, with entry: Entry, database: Int) {
        let slot = place.slot
        let old = slot.pointee.entry
        let oldBytes = old.blockSize
        let newBytes = entry.blockSize
        let oldClass = slot.pointee.expiryClass
        let table = tables + database
        let newClass = classify(entry, place.segment, table)
        if old.hasExtension || entry.hasExtension {
            exchangeExtensions(old, entry, database: database)
            tally(old, bytes: -oldBytes, entries: -1, database: database)
            tally(entry, bytes: newBytes, entries: 1, database: database)
        }
        slot.pointee.replaceEntry(entry, expiryClass: newClass)
        if (oldClass == ExpiryClass.none) != (newClass == ExpiryClass.none) {
            table.pointee.volatileCount += newClass == ExpiryClass.none ? -1 : 1
            volatilityChanged(place, database: database, oldClass: oldClass, bytes: oldBytes)
        }
        resized(place, by: newBytes - oldBytes)
        touch(place)
        old.free()
        table.pointee.entryBytes += newBytes - oldBytes
        book(entryBytes: newBytes - oldBytes, entries: 0)
    }

    /// Takes the entry out and frees it. Invalidates places of its table.
    @inline(__always)
    mutating func remove(_ place: Place, database: Int, _ event: KeyEvent = .removed) {
        let hash = observers == nil ? 0 : seed.hash(place.slot.pointee.entry.key)
        if observers != nil {
            changed(Key(bytes: place.slot.pointee.entry.key, hash: hash, database: database), event)
        } else {
            changeCount &+= 1
        }
        let segment = place.segment
        takeOut(place, database: database)
        let table = tables + database
        let before = table.pointee.blockSize
        table.pointee.shrinkIfSparse(segment)
        book(tableBytes: table.pointee.blockSize - before)
    }

    /// `remove` that leaves the segment's shape alone, for loops over its slots.
    @inline(__always)
    mutating func takeOut(_ place: Place, database: Int) {
        let slot = place.slot.pointee
        let entry = slot.entry
        let bytes = entry.blockSize
        if tracked(slot.expiryClass) { dismiss(slot, bytes: bytes) }
        let table = tables + database
        place.segment.pointee.clear(bucket: place.bucketIndex, lane: place.lane)
        table.pointee.entryCount -= 1
        table.pointee.entryBytes -= bytes
        if slot.expiryClass != ExpiryClass.none { table.pointee.volatileCount -= 1 }
        if entry.hasExtension {
            unlinkExtension(of: entry, database: database)
            tally(entry, bytes: -bytes, entries: -1, database: database)
        }
        entry.free()
        book(entryBytes: -bytes, entries: -1)
    }

    /// The expiry class of an entry that comes to lie in `segment`; the sweep's appointments are brought forward as needed.
    @inline(__always)
    private func classify(
        _ entry: Entry, _ segment: UnsafeMutablePointer<Segment>, _ table: UnsafeMutablePointer<Table>
    ) -> UInt8 {
        guard entry.hasExpiry else { return ExpiryClass.none }
        let (expiryClass, nextVisit) = ExpiryClass.of(deadline: entry.expiry, tick: tick)
        if nextVisit < segment.pointee.nextVisit { segment.pointee.nextVisit = nextVisit }
        if nextVisit < table.pointee.nextVisit { table.pointee.nextVisit = nextVisit }
        return expiryClass
    }

    /// Marks a change for WATCH, CLIENT TRACKING, LEASE and INFO.
    @inline(__always)
    mutating func changed(_ key: Key, _ event: KeyEvent = .written) {
        changeCount &+= 1
        if observers != nil { notifyObservers(of: key, event) }
    }
}
