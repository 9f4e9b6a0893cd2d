import CAllocator
import CPrimitives
import Primitives

/// What a shard's policy remembers beside the eight bits in each slot.
///
/// Age is kept in classes: a clock of 256 (main queue of S3-FIFO: 32) values advances each time a fixed share of the
/// tracked entries has been inserted, an entry's metadata is the value at its insertion or last access, and
/// `classCounts` says how many entries each class holds. The victims are the members of the oldest class that is not empty;
/// a hand that walks the buckets in order finds them. One walk around the table takes one class, so a victim
/// costs a look at some 200 slots (30 bucket lines, in order of memory) at the most, and the order is exact to a 200th of the cache's life.
struct EvictionState {
    static let classCount = 256
    static let mainClassCount = 32

    var policy: EvictionPolicy = .noEviction
    var order: EvictionPolicy.Order = .recency
    var isVolatileOnly = false
    /// Whether a bound is set: without one, S3-FIFO's queues would only cost memory.
    var isBounded = false

    /// Entries per class, then the second in which each class began.
    let classCounts: UnsafeMutablePointer<UInt32>
    var trackedCount = 0
    var currentClass: UInt8 = 0
    var oldestClass: UInt8 = 0
    var insertionsInClass = 0
    var movesInClass = 0

    /// The hand: a database and a position in the order of the hash.
    var handDatabase = 0
    var handPosition: UInt64 = 0
    var generator: RandomGenerator

    // S3-FIFO
    var smallQueue = HashQueue()
    var smallCount = 0
    var smallBytes = 0
    var ghost = GhostQueue()
    var bookedBytes = 0
    /// Entries that are held past their deadline, in the order in which that came.
    var staleQueue = HashQueue()

    // LFU
    var logFactor = 10

    init(seed: UInt64) {
        guard let memory = nc_allocate_lines(Int64(EvictionState.classCount * 8)) else { outOfMemory() }
        classCounts = memory.bindMemory(to: UInt32.self, capacity: EvictionState.classCount * 2)
        generator = RandomGenerator(seed: seed)
    }

    func classStart(_ index: UInt8) -> UInt32 { classCounts[EvictionState.classCount + Int(index)] }

    /// Bytes of the side structures. What the shard has booked of them is `bookedBytes`.
    var blockSize: Int { smallQueue.blockSize + ghost.blockSize + staleQueue.blockSize + EvictionState.classCount * 8 }

    mutating func free() {
        smallQueue.free()
        ghost.free()
        staleQueue.free()
        nc_free_lines(classCounts, Int64(EvictionState.classCount * 8))
    }

    /// Forgets everything, for a new policy or an emptied shard.
    mutating func reset(policy: EvictionPolicy, isBounded: Bool) {
        self.policy = policy
        self.isBounded = isBounded
        order = policy.order
        isVolatileOnly = policy.isVolatileOnly
        memset(classCounts, 0, EvictionState.classCount * 8)
        trackedCount = 0
        currentClass = 0
        oldestClass = 0
        insertionsInClass = 0
        movesInClass = 0
        smallQueue.free()
        ghost.free()
        smallCount = 0
        smallBytes = 0
    }
}

/// Metadata of S3-FIFO: one bit for the queue, two for the frequency, five for the age class in the main queue.
///
///      7      6   5   4          0
///     ┌──────┬───────┬────────────┐
///     │ main │ freq  │ age class  │
///     └──────┴───────┴────────────┘
enum S3Metadata {
    static let mainBit: UInt8 = 0x80
    static let frequencyMask: UInt8 = 0x60
    static let frequencyOne: UInt8 = 0x20
    static let classMask: UInt8 = 0x1F
}

/// Redis's logarithmic counter (Morris 1978), with Redis's constants.
enum FrequencyCounter {
    static let initial: UInt8 = 5

    /// The counter after one more access: the higher it stands, the rarer it moves.
    @inline(__always)
    static func incremented(_ counter: UInt8, logFactor: Int, _ generator: inout RandomGenerator) -> UInt8 {
        if counter == 255 { return 255 }
        let base = counter > initial ? Int(counter - initial) : 0
        if base == 0 { return counter + 1 }
        return generator.below(base * logFactor + 1) == 0 ? counter + 1 : counter
    }
}
