import CPrimitives

/// Counts of durations in buckets that grow with the duration: 64 to each power of two, so that a bucket is at most
/// 1/64 (1.6 %) wide of its value, from 1 ns to 4.5 minutes; what is longer counts in the last bucket. 17 KiB.
///
/// ```
/// bucket   0 ... 127 | 128 ... 191 | 192 ... 255 | ...
/// ns       0 ... 127 | 128 ... 255 | 256 ... 511 | ...
/// width    1         | 2           | 4           |
/// ```
///
/// One thread records; any may read at any time.
public struct LatencyHistogram: @unchecked Sendable {
    /// Buckets to one power of two, as a power of two.
    private static let resolutionBits = 6
    /// The first power of two that is out of range: 2^38 ns are 4.6 minutes.
    private static let rangeBits = 38
    static let bucketCount = (rangeBits - resolutionBits + 1) << resolutionBits
    static let byteCount = bucketCount * MemoryLayout<UInt64>.stride

    private let counts: UnsafeMutablePointer<UInt64>

    /// An empty histogram. It is not freed by itself: see `deallocate`.
    public init() {
        counts = .allocate(capacity: Self.bucketCount)
        counts.initialize(repeating: 0, count: Self.bucketCount)
    }

    /// The histogram at an address that `address` gave.
    init?(address: UInt64) {
        guard let pointer = UnsafeMutablePointer<UInt64>(bitPattern: UInt(address)) else { return nil }
        counts = pointer
    }

    /// Frees the memory; nobody may read or record any more.
    public func deallocate() { counts.deallocate() }

    var address: UInt64 { UInt64(UInt(bitPattern: counts)) }

    /// Counts one duration. Only by the thread that owns the histogram. O(1), some 2 ns.
    @inline(__always)
    public func record(nanoseconds: UInt64) {
        nc_counter_add(counts + Self.bucket(nanoseconds), 1)
    }

    /// Sets all counts to zero. From another thread than the owner's, the bucket that is being counted in may survive.
    public func reset() {
        for index in 0..<Self.bucketCount { nc_atomic_store_relaxed(counts + index, 0) }
    }

    func count(_ bucket: Int) -> UInt64 { nc_atomic_load_relaxed(counts + bucket) }

    /// The bucket of a duration, 0 to `bucketCount` - 1.
    @inline(__always)
    static func bucket(_ nanoseconds: UInt64) -> Int {
        let value = min(nanoseconds, 1 << UInt64(rangeBits) - 1)
        let bits = 64 - value.leadingZeroBitCount
        // Up to 2 << resolutionBits the width is 1; above, each power of two doubles it.
        let shift = max(0, bits - resolutionBits - 1)
        return shift << resolutionBits + Int(truncatingIfNeeded: value >> UInt64(shift))
    }

    /// The longest duration, in nanoseconds, that counts in a bucket.
    static func upperBound(_ bucket: Int) -> UInt64 {
        let shift = max(0, bucket >> resolutionBits - 1)
        let position = UInt64(bucket - shift << resolutionBits)
        return (position + 1) << UInt64(shift) - 1
    }
}

/// What one or several histograms held at one moment.
public struct LatencySummary: Sendable {
    private var counts = [UInt64](repeating: 0, count: LatencyHistogram.bucketCount)
    /// The number of durations.
    public private(set) var total: UInt64 = 0

    public init() {}

    /// Adds the counts of `histogram`. O(buckets).
    public mutating func add(_ histogram: LatencyHistogram) {
        for bucket in 0..<LatencyHistogram.bucketCount {
            let count = histogram.count(bucket)
            counts[bucket] += count
            total += count
        }
    }

    /// The duration in nanoseconds that `percentile` percent of durations do not pass, at most 1.6 % above the true one;
    /// 0 when nothing was counted.
    ///
    /// - Parameter percentile: 0 to 100.
    /// - Complexity: O(buckets).
    public func nanoseconds(percentile: Double) -> UInt64 {
        let wanted = max(1, UInt64((min(max(percentile, 0), 100) / 100 * Double(total)).rounded(.up)))
        var seen: UInt64 = 0
        for bucket in counts.indices {
            seen += counts[bucket]
            if seen >= wanted { return LatencyHistogram.upperBound(bucket) }
        }
        return 0
    }

    /// The cumulative distribution over powers of two of microseconds, as LATENCY HISTOGRAM shows it: for each power at
    /// which the count grew, the number of durations up to it.
    public var cumulativeMicroseconds: [(microseconds: UInt64, count: UInt64)] {
        var result: [(microseconds: UInt64, count: UInt64)] = []
        var seen: UInt64 = 0
        var bucket = 0
        for power in 0..<30 {
            let limit: UInt64 = 1 << UInt64(power)
            let before = seen
            // A bucket that the limit cuts goes to the power in which it begins: at most 1.6 % off.
            while bucket < counts.count, bucket == 0 || LatencyHistogram.upperBound(bucket - 1) < limit * 1000 {
                seen += counts[bucket]
                bucket += 1
            }
            if seen > before { result.append((microseconds: limit, count: seen)) }
        }
        return result
    }
}
