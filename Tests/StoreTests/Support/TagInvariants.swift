import CAllocator
import CPrimitives
import Primitives

@testable import Store

/// What must hold of the index of tags: its counts are counted anew from the entries.
struct TagInvariants {
    private struct Tally {
        var live = 0
        var liveBytes = 0
        var bearers = 0
        /// Keys of entries that must have a record.
        var hashes: Set<UInt64> = []
    }

    private var tallies: [TagID: Tally] = [:]
    private var violations: [String] = []

    /// The violations; none are looked for while records wait for the reaper, or entries for the reclaimer. The caller is alone with
    /// the store.
    static func violations(of store: Store) -> [String] {
        guard store.tags.reapQueue.recordCount == 0, store.reclaimer.isIdle else { return [] }
        var checker = TagInvariants()
        var stale = 0
        store.forEachShard { shard in
            for database in 0..<shard.pointee.databaseCount {
                stale += shard.pointee.tables[database].staleCount
                for place in shard.pointee.tables[database].places {
                    checker.add(place.slot.pointee.entry, store, seed: shard.pointee.seed)
                }
            }
        }
        if store.staleEntryCount != stale { checker.violations.append("the ledger's count of stale entries") }
        checker.check(store)
        return checker.violations
    }

    private mutating func add(_ entry: Entry, _ store: Store, seed: HashSeed) {
        guard entry.hasExtension else { return }
        let entryExtension = entry.entryExtension
        if !store.tags.isValid(entryExtension) { violations.append("a void entry is left: no record led there") }
        for index in 0..<entryExtension.tagCount {
            let tag = entryExtension.tag(index)
            let slot = store.tags.slot(tag)
            tallies[tag, default: Tally()].bearers += 1
            if !entryExtension.isRetired, slot.counts(entryExtension.sequence) {
                tallies[tag]?.live += 1
                tallies[tag]?.liveBytes += entry.blockSize
            }
            if slot.last <= entryExtension.sequence { tallies[tag]?.hashes.insert(seed.hash(entry.key)) }
        }
    }

    private mutating func check(_ store: Store) {
        let table = store.tags
        var names = 0
        var bytes = 0
        for number in 0..<TagTable.stripeCount {
            let stripe = table.stripe(number)
            names += stripe.nameCount
            bytes += Self.blockSize(of: stripe)
            for index in 0..<stripe.slotCount where stripe.slot(index).pointee.namespace != TagTable.noNamespace {
                let slot = stripe.slot(index)
                check(TagID(stripe: number, index: index), slot)
                bytes += slot.pointee.name.blockSize
            }
        }
        if names != tallies.count { violations.append("\(names) tags are known, \(tallies.count) are borne") }
        if store.tagBytes != bytes { violations.append("the tags' bytes are \(store.tagBytes), must be \(bytes)") }
    }

    private mutating func check(_ tag: TagID, _ slot: UnsafeMutablePointer<TagSlot>) {
        let tally = tallies[tag] ?? Tally()
        let name = slot.pointee.name.bytes.string
        if Int(slot.pointee.liveCount) != tally.live {
            violations.append("tag \(name): \(slot.pointee.liveCount) live, must be \(tally.live)")
        }
        if Int(slot.pointee.liveBytes) != tally.liveBytes {
            violations.append("tag \(name): \(slot.pointee.liveBytes) bytes, must be \(tally.liveBytes)")
        }
        if Int(slot.pointee.referenceCount) != tally.bearers {
            violations.append("tag \(name): \(slot.pointee.referenceCount) references, must be \(tally.bearers)")
        }
        var records = 0
        var missing = tally.hashes
        var chunk = slot.pointee.postings
        while let present = chunk {
            records += present.count
            for index in 0..<present.count { missing.remove(present.hash(index)) }
            chunk = present.next
        }
        if records != Int(slot.pointee.recordCount) { violations.append("tag \(name): the count of records") }
        if !missing.isEmpty { violations.append("tag \(name): \(missing.count) entries have no record") }
    }

    private static func blockSize(of stripe: TagStripe) -> Int {
        var bytes = stripe.capacity == 0 ? 0 : Int(nc_block_size(Int64(stripe.capacity * 4)))
        for number in 0..<TagStripe.levelCount where stripe.level(number).pointee != 0 {
            let count = TagStripe.firstLevelCount << number
            bytes += Int(nc_block_size(Int64(count * MemoryLayout<TagSlot>.stride)))
        }
        for index in 0..<stripe.slotCount where stripe.slot(index).pointee.namespace != TagTable.noNamespace {
            var chunk = stripe.slot(index).pointee.postings
            while let present = chunk {
                bytes += present.blockSize
                chunk = present.next
            }
        }
        return bytes
    }
}
