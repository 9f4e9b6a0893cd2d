import CPrimitives
import Primitives

/// Frees detached tables in slices: FLUSHALL answers at once, and five million entries are freed at leisure by the
/// loops' background work, a slice of some hundred microseconds at a time.
final class Reclaimer: @unchecked Sendable {
    private var lockWord: UInt32 = 0
    private let ledger: MemoryLedger
    private let tags: TagTable
    private var tables: [(table: Table, position: UInt64)] = []
    /// Entries detached and not yet freed.
    private var pending = 0

    init(ledger: MemoryLedger, tags: TagTable) {
        self.ledger = ledger
        self.tags = tags
    }

    var pendingCount: Int {
        nc_spin_lock(&lockWord)
        defer { nc_spin_unlock(&lockWord) }
        return pending
    }

    /// Takes a detached table over.
    func add(_ table: Table, bytes: Int) {
        nc_spin_lock(&lockWord)
        tables.append((table, 0))
        pending += table.entryCount
        ledger.addDetached(bytes: bytes)
        nc_spin_unlock(&lockWord)
    }

    /// Frees up to `budget` entries; true when nothing is left.
    func step(budget: Int) -> Bool {
        // Another loop is at it: nothing to do here. The slice is short, but waiting for it would be pointless.
        guard nc_spin_try_lock(&lockWord) else { return false }
        defer { nc_spin_unlock(&lockWord) }
        var budget = budget
        while budget > 0, let last = tables.last {
            var (table, position) = last
            var bytes = 0
            if free(&table, from: &position, budget: &budget, bytes: &bytes) {
                tables.removeLast()
                bytes += table.blockSize
                table.freeMemory()
            } else {
                tables[tables.count - 1] = (table, position)
            }
            ledger.addDetached(bytes: -bytes)
        }
        return tables.isEmpty
    }

    /// Frees everything.
    func drain() { while !step(budget: Int.max) {} }

    var isIdle: Bool {
        nc_spin_lock(&lockWord)
        defer { nc_spin_unlock(&lockWord) }
        return tables.isEmpty
    }

    private func free(_ table: inout Table, from position: inout UInt64, budget: inout Int, bytes: inout Int) -> Bool {
        guard table.directory != nil else { return true }
        while budget > 0 {
            let segment = table.segment(for: position)
            let depth = segment.pointee.depth
            // All of the segment's entries are missed in the cache: fetch them together.
            segment.pointee.forEachSlot { _, _, slot in nc_prefetch_write(slot.pointee.entry.pointer) }
            var freed = 0
            segment.pointee.forEachSlot { _, _, slot in
                let entry = slot.pointee.entry
                bytes += entry.blockSize
                if entry.hasExtension { tags.unlink(entry.entryExtension, size: entry.blockSize) }
                entry.free()
                freed += 1
            }
            pending -= freed
            budget -= freed + 8
            guard let next = TablePosition.nextSegment(after: position, depth: depth) else { return true }
            position = next
        }
        return false
    }
}
