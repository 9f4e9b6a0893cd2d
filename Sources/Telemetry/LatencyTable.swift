import CPrimitives

/// One thread's histograms, one to each command (or other number), each allocated at its first use: most of some 200
/// commands are never called, and 17 KiB for each of them on each loop would be 7 MB.
///
/// One thread records; any may read.
public struct LatencyTable: @unchecked Sendable {
    /// Addresses of histograms; 0 where there is none yet.
    private let slots: UnsafeMutablePointer<UInt64>
    public let count: Int

    /// - Parameter count: histograms 0 to `count` - 1 can be used.
    public init(count: Int) {
        self.count = count
        slots = .allocate(capacity: max(count, 1))
        slots.initialize(repeating: 0, count: max(count, 1))
    }

    /// Frees the memory; nobody may read or record any more.
    public func deallocate() {
        for index in 0..<count { self[index]?.deallocate() }
        slots.deallocate()
    }

    /// The histogram number `index`, nil when nothing was recorded.
    public subscript(index: Int) -> LatencyHistogram? {
        precondition(index >= 0 && index < count, "a latency table is asked only for what it was made for")
        return LatencyHistogram(address: nc_atomic_load_acquire(slots + index))
    }

    /// Counts one duration. Only by the owning thread.
    @inline(__always)
    public func record(_ index: Int, nanoseconds: UInt64) {
        if let histogram = self[index] { return histogram.record(nanoseconds: nanoseconds) }
        let histogram = LatencyHistogram()
        histogram.record(nanoseconds: nanoseconds)
        nc_atomic_store_release(slots + index, histogram.address)
    }

    /// Sets all counts to zero.
    public func reset() {
        for index in 0..<count { self[index]?.reset() }
    }
}

extension [LatencyTable] {
    /// What histogram `index` of all threads holds together; nil when nothing was recorded.
    public func summary(_ index: Int) -> LatencySummary? {
        var summary = LatencySummary()
        for table in self {
            if let histogram = table[index] { summary.add(histogram) }
        }
        return summary.total > 0 ? summary : nil
    }
}
