import CPrimitives

/// The bytes of an unfinished request, of one connection. Empty it holds no memory.
struct InputBuffer: ~Copyable {
    private(set) var base: UnsafeMutablePointer<UInt8>?
    private(set) var count = 0
    private(set) var capacity = 0

    init() {}

    deinit { base?.deallocate() }

    /// Bytes that can be received behind what is there.
    var freeCount: Int { capacity - count }

    /// Makes room to receive more: twice what has arrived, or just what the request needs in all when that is less. Memory
    /// follows the bytes received, never the length announced.
    ///
    /// - Parameter expectedByteCount: what the request is known to need in all; 0 if unknown.
    mutating func makeRoom(expectedByteCount: Int) {
        let isKnown = expectedByteCount > count
        guard freeCount < (isKnown ? min(expectedByteCount - count, 16_384) : 16_384) else { return }
        let doubled = max(count * 2, 65_536)
        grow(to: isKnown ? min(doubled, expectedByteCount) : doubled)
    }

    /// The bytes that were received behind what was there.
    mutating func received(_ byteCount: Int) {
        precondition(byteCount >= 0 && byteCount <= freeCount)
        count += byteCount
    }

    /// Drops the first `byteCount` bytes.
    mutating func removeFirst(_ byteCount: Int) {
        precondition(byteCount >= 0 && byteCount <= count)
        guard byteCount < count, let base else { return removeAll() }
        guard byteCount > 0 else { return }
        count -= byteCount
        memmove(base, base + byteCount, count)
    }

    /// Holds a copy of `byteCount` bytes, and nothing else.
    mutating func replace(with bytes: UnsafePointer<UInt8>, _ byteCount: Int) {
        if capacity < byteCount || capacity > 2 * byteCount + 1024 {
            base?.deallocate()
            capacity = byteCount
            base = .allocate(capacity: byteCount)
        }
        count = byteCount
        if let base { memcpy(base, bytes, byteCount) }
    }

    /// Drops everything and gives the memory back.
    mutating func removeAll() {
        base?.deallocate()
        base = nil
        count = 0
        capacity = 0
    }

    private mutating func grow(to newCapacity: Int) {
        guard newCapacity > capacity else { return }
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
        if let base {
            memcpy(grown, base, count)
            base.deallocate()
        }
        base = grown
        capacity = newCapacity
    }
}
