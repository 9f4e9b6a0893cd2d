import CAllocator
import CPrimitives

/// A value for each rule number up to the highest that was used. Until the first is, it takes no memory.
struct ByRule<Value> {
    /// Numbers are given from 1 up, so few rules take little.
    private static var grain: Int { 8 }

    private var values: UnsafeMutablePointer<Value>?
    private var capacity = 0

    private static func size(_ capacity: Int) -> Int64 { Int64(capacity * MemoryLayout<Value>.stride) }

    /// Bytes from the allocator.
    var blockSize: Int { values == nil ? 0 : Int(nc_block_size(Self.size(capacity))) }

    /// The number's value, or nil when nothing was ever put there.
    subscript(number: UInt8) -> Value? { Int(number) < capacity ? values?[Int(number)] : nil }

    /// The place of a number's value, made if there is none.
    ///
    /// - Parameter zero: what new places hold; of a trivial type.
    @inline(__always)
    mutating func place(of number: UInt8, zero: Value) -> UnsafeMutablePointer<Value> {
        if let values, Int(number) < capacity { return values + Int(number) }
        return grow(to: number, zero)
    }

    @inline(never)
    private mutating func grow(to number: UInt8, _ zero: Value) -> UnsafeMutablePointer<Value> {
        let newCapacity = (Int(number) / Self.grain + 1) * Self.grain
        guard let memory = nc_allocate(Self.size(newCapacity)) else { outOfMemory() }
        let new = memory.bindMemory(to: Value.self, capacity: newCapacity)
        new.initialize(repeating: zero, count: newCapacity)
        if let values { new.update(from: values, count: capacity) }
        free()
        (values, capacity) = (new, newCapacity)
        return new + Int(number)
    }

    /// Gives the memory back; the value is not to be used again.
    func free() {
        if let values { nc_free(values, Self.size(capacity)) }
    }
}

/// What a table holds under a rule number.
///
/// It lies in the table, so that a database that is flushed or swapped takes its sums along.
struct RuleTally {
    var entryCount = 0
    var entryBytes = 0
    /// Entries past their deadline that are held for their window: they are counted above.
    var staleCount = 0
}

/// How entries under a rule number have gone, in one shard.
struct RuleEvents {
    var expiredCount: UInt64 = 0
    var evictedCount: UInt64 = 0
}
