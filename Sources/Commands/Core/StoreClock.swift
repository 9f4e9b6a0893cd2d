import CPrimitives
import Primitives

/// Store time: unix milliseconds at the daemon's start, carried on by the monotonic clock, so that a step of the wall clock
/// neither expires entries nor keeps them. EXPIREAT and its like speak wall time and are converted by an offset.
public final class StoreClock: @unchecked Sendable {
    private let startWallMilliseconds: Int64
    private let startNanoseconds: UInt64
    /// Wall time minus store time, atomically written.
    private let offset: UnsafeMutablePointer<Int64>

    public init() {
        startWallMilliseconds = StoreClock.readWallMilliseconds()
        startNanoseconds = nc_monotonic_nanoseconds()
        offset = .allocate(capacity: 1)
        offset.initialize(to: 0)
    }

    deinit { offset.deallocate() }

    /// Store milliseconds at a time of the monotonic clock.
    @inline(__always)
    public func milliseconds(atNanoseconds now: UInt64) -> Int64 {
        // The monotonic clock never goes back; 2^63 ns are 292 years.
        startWallMilliseconds &+ Int64(truncatingIfNeeded: (now &- startNanoseconds) / 1_000_000)
    }

    public var startMilliseconds: Int64 { startWallMilliseconds }

    public var wallOffsetMilliseconds: Int64 { nc_atomic_load_signed(offset) }

    /// Follows the wall clock when it was set. Slewing of less than half a second is left alone: an entry's EXPIRETIME must
    /// read back as it was written.
    public func follow(nowMilliseconds: Int64) {
        let difference = StoreClock.readWallMilliseconds() - nowMilliseconds
        if (difference - wallOffsetMilliseconds).magnitude > 500 { nc_atomic_store_signed(offset, difference) }
    }

    /// Unix milliseconds, now.
    public static func readWallMilliseconds() -> Int64 { Int64(nc_wall_nanoseconds() / 1_000_000) }
}
