import Primitives

/// The complete arguments of a request under way, as offsets from its first byte: the input may move before the rest
/// arrives. No heap while empty.
struct ArgumentRanges: ~Copyable {
    private struct Range {
        let start: Int
        let count: Int
    }

    private(set) var count = 0
    private var capacity = 0
    private var ranges: UnsafeMutablePointer<Range>?

    init() {}

    deinit { ranges?.deallocate() }

    var byteCount: Int { capacity * MemoryLayout<Range>.stride }

    /// Grows with the arguments received, not with the number announced.
    mutating func append(start: Int, count byteCount: Int) {
        if count == capacity {
            let grown = UnsafeMutablePointer<Range>.allocate(capacity: max(4, capacity * 2))
            if let ranges {
                grown.update(from: ranges, count: count)
                ranges.deallocate()
            }
            ranges = grown
            capacity = max(4, capacity * 2)
        }
        ranges?[count] = Range(start: start, count: byteCount)
        count += 1
    }

    /// Writes the arguments as slices of the request at `base`.
    func write(to target: UnsafeMutablePointer<ByteSlice>, base: UnsafePointer<UInt8>) {
        guard let ranges else { return }
        for index in 0..<count {
            target[index] = ByteSlice(base: base + ranges[index].start, count: ranges[index].count)
        }
    }

    mutating func removeAll() {
        guard let ranges else { return }
        ranges.deallocate()
        self.ranges = nil
        count = 0
        capacity = 0
    }
}
