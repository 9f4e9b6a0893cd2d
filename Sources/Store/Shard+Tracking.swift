import CPrimitives
import Primitives

/// What the policy does when an entry comes, is used, changes or goes. The hooks are the only places that know orders.
extension Shard {
    /// Whether the policy keeps account of entries of this expiry class.
    @inline(__always)
    func tracked(_ expiryClass: UInt8) -> Bool {
        eviction.pointee.tracks(expiryClass)
    }

    /// A new entry: its first metadata.
    @inline(__always)
    mutating func admit(hash: UInt64, database: Int, bytes: Int) -> UInt8 {
        let state = eviction
        switch state.pointee.order {
        case .s3fifo: return admitS3(hash: hash, database: database, bytes: bytes)
        case .recency, .insertion: return state.pointee.admitToClass(tick: tick)
        case .frequency: return state.pointee.admitCounter()
        case .random, .deadline: return 0
        }
    }

    /// An access to the entry at `place`.
    @inline(__always)
    func touch(_ place: Place) {
        let slot = place.slot
        let state = eviction
        switch state.pointee.order {
        case .s3fifo:
            // Entries that are at 3 already are not written: their line stays shared between cores.
            let metadata = slot.pointee.metadata
            if metadata & S3Metadata.frequencyMask != S3Metadata.frequencyMask {
                slot.pointee.metadata = metadata + S3Metadata.frequencyOne
            }
        case .recency:
            let metadata = slot.pointee.metadata
            if metadata != state.pointee.currentClass, tracked(slot.pointee.expiryClass) {
                slot.pointee.metadata = state.pointee.moveToCurrentClass(metadata, tick: tick)
            }
        case .frequency:
            if tracked(slot.pointee.expiryClass) {
                slot.pointee.metadata = state.pointee.countAccess(slot.pointee.metadata)
            }
        case .insertion, .random, .deadline: break
        }
        if place.segment.pointee.stamps != nil { restamp(place) }
    }

    /// An entry goes.
    @inline(__always)
    mutating func dismiss(_ slot: Slot, bytes: Int) {
        let state = eviction
        switch state.pointee.order {
        case .s3fifo: state.pointee.dismissS3(slot.metadata, bytes: bytes)
        case .recency, .insertion, .frequency:
            state.pointee.classCounts[Int(slot.metadata)] &-= 1  // counted at its admission
            state.pointee.trackedCount -= 1
        case .random, .deadline: break
        }
    }

    /// An entry gained or lost its deadline.
    @inline(never)
    mutating func volatilityChanged(_ place: Place, database: Int, oldClass: UInt8, bytes: Int) {
        guard eviction.pointee.isVolatileOnly else { return }
        if oldClass == ExpiryClass.none {
            place.slot.pointee.metadata = admit(hash: 0, database: database, bytes: bytes)
        } else {
            dismiss(place.slot.pointee, bytes: bytes)
            place.slot.pointee.metadata = 0
        }
    }

    /// An entry has grown or shrunk.
    @inline(__always)
    func resized(_ place: Place, by bytes: Int) {
        if eviction.pointee.order == .s3fifo, place.slot.pointee.metadata & S3Metadata.mainBit == 0 {
            eviction.pointee.smallBytes += bytes
        }
    }

    // MARK: Exact order

    /// The stamp of a new entry. A count of one above the sequence, so that LFU breaks ties by age.
    mutating func firstStamp() -> UInt64 {
        let sequence = ledger.nextSequence()
        return eviction.pointee.order == .frequency ? 1 << 44 | sequence & ExactOrder.sequenceMask : sequence
    }

    private func restamp(_ place: Place) {
        guard let stamp = place.stamp else { return }
        switch eviction.pointee.order {
        case .recency: stamp.pointee = ledger.nextSequence()
        case .frequency:
            let count = min((stamp.pointee >> 44) + 1, ExactOrder.maximumCount)
            stamp.pointee = count << 44 | ledger.nextSequence() & ExactOrder.sequenceMask
        case .insertion, .s3fifo, .random, .deadline: break
        }
    }
}

/// Stamps of exact order: for LFU 20 bits of accesses above 44 bits of sequence, otherwise the sequence alone.
enum ExactOrder {
    static let sequenceMask: UInt64 = (1 << 44) - 1
    static let maximumCount: UInt64 = (1 << 20) - 1
    /// The orders that stamps can make exact. Random has none; S3-FIFO's queues are exact as they are.
    static func applies(to policy: EvictionPolicy) -> Bool {
        switch policy.order {
        case .recency, .insertion, .frequency, .deadline: policy != .noEviction
        case .s3fifo, .random: false
        }
    }
    /// Up to this bound on entries order is exact across shards: people try policies with three keys.
    static let largestBound = 4096
}

extension EvictionState {
    /// Whether the policy keeps account of entries of this expiry class.
    @inline(__always)
    func tracks(_ expiryClass: UInt8) -> Bool { !isVolatileOnly || expiryClass != ExpiryClass.none }

    // MARK: Age classes (LRU, FIFO)

    @inline(__always)
    mutating func admitToClass(tick: UInt32) -> UInt8 {
        insertionsInClass += 1
        trackedCount += 1
        if insertionsInClass > trackedCount >> 7 { advanceClass(tick: tick, last: UInt8.max) }
        classCounts[Int(currentClass)] &+= 1  // at most the entries of a shard, far below 2^32
        return currentClass
    }

    @inline(__always)
    mutating func moveToCurrentClass(_ metadata: UInt8, tick: UInt32) -> UInt8 {
        movesInClass += 1
        if movesInClass > trackedCount >> 2 { advanceClass(tick: tick, last: UInt8.max) }
        classCounts[Int(metadata)] &-= 1  // the entry was counted there
        classCounts[Int(currentClass)] &+= 1
        return currentClass
    }

    /// Opens a new class, unless that would run into the oldest: then the current one grows on.
    ///
    /// - Parameter last: the highest class there is; the clock wraps behind it.
    @inline(never)
    mutating func advanceClass(tick: UInt32, last: UInt8) {
        findOldestClass(last: last)
        let next = currentClass == last ? 0 : currentClass + 1
        guard next != oldestClass || classCounts[Int(next)] == 0 else { return }
        currentClass = next
        classCounts[EvictionState.classCount + Int(next)] = tick
        insertionsInClass = 0
        movesInClass = 0
    }

    /// Opens a new class once the current one spans a 64th of the time that all span, so that idle times are told from the
    /// clock even where nothing is inserted. Called once a second.
    mutating func advanceClass(withTime tick: UInt32) {
        guard classCounts[Int(currentClass)] > 0 else {
            classCounts[EvictionState.classCount + Int(currentClass)] = tick
            return
        }
        findOldestClass(last: UInt8.max)
        let start = classStart(currentClass)
        let oldest = classStart(oldestClass)
        guard tick > start, tick > oldest else { return }
        if tick - start > (tick - oldest) / 64 { advanceClass(tick: tick, last: UInt8.max) }
    }

    /// Moves `oldestClass` to the first class from there on that has members.
    mutating func findOldestClass(last: UInt8) {
        while classCounts[Int(oldestClass)] == 0, oldestClass != currentClass {
            oldestClass = oldestClass == last ? 0 : oldestClass + 1
        }
    }

    // MARK: Counters (LFU)

    @inline(__always)
    mutating func admitCounter() -> UInt8 {
        trackedCount += 1
        classCounts[Int(FrequencyCounter.initial)] &+= 1
        return FrequencyCounter.initial
    }

    @inline(__always)
    mutating func countAccess(_ metadata: UInt8) -> UInt8 {
        let counter = FrequencyCounter.incremented(metadata, logFactor: logFactor, &generator)
        if counter != metadata {
            classCounts[Int(metadata)] &-= 1  // the entry was counted there
            classCounts[Int(counter)] &+= 1
        }
        return counter
    }
}
