import CAllocator
import CPrimitives
import Primitives

/// A large value on its own, counted by reference: the entry holds it, and so does every reply that still sends it.
///
///      0            4            8                16               24
///     ┌────────────┬────────────┬────────────────┬────────────────┬──────── ─ ─
///     │ references │ unused     │ count          │ capacity       │ bytes
///     └────────────┴────────────┴────────────────┴────────────────┴──────── ─ ─
///
/// Replies send a block from where it lies, so it must never change while anybody but the entry holds it: writers copy a
/// block whose count of references is above one.
public struct SharedBlock {
    /// Values of this size and more go to a block: copying 16 KiB under a shard's lock takes about a microsecond.
    public static let threshold = 16 * 1024
    static let headerCount = 24

    public let pointer: UnsafeMutableRawPointer

    @inline(__always)
    public init(pointer: UnsafeMutableRawPointer) { self.pointer = pointer }

    /// A block with one reference and `count` bytes not yet written, or nil when there is no memory.
    ///
    /// - Parameter capacity: at least `count`; room to grow in place.
    public static func make(count: Int, capacity: Int) -> SharedBlock? {
        guard let pointer = nc_allocate(Int64(headerCount + max(capacity, 1))) else { return nil }
        nc_store32(pointer, 1)
        nc_store32(pointer + 4, 0)
        nc_store64(pointer + 8, UInt64(count))
        nc_store64(pointer + 16, UInt64(max(capacity, 1)))
        return SharedBlock(pointer: pointer)
    }

    /// A block with a copy of `bytes`.
    public static func make(_ bytes: ByteSlice) -> SharedBlock? {
        guard let block = make(count: bytes.count, capacity: bytes.count) else { return nil }
        memcpy(block.bytes, bytes.base, bytes.count)
        return block
    }

    public var bytes: UnsafeMutablePointer<UInt8> {
        (pointer + SharedBlock.headerCount).assumingMemoryBound(to: UInt8.self)
    }
    public var count: Int {
        get { Int(truncatingIfNeeded: nc_load64(pointer + 8)) }
        nonmutating set { nc_store64(pointer + 8, UInt64(newValue)) }
    }
    public var capacity: Int { Int(truncatingIfNeeded: nc_load64(pointer + 16)) }
    public var slice: ByteSlice { ByteSlice(base: bytes, count: count) }

    /// What the block takes from the allocator, in bytes.
    public var blockSize: Int { Int(nc_block_size(Int64(SharedBlock.headerCount + capacity))) }

    /// Whether only one holder is left, so that it may be written.
    public var isUnique: Bool { nc_atomic_load32_acquire(references) == 1 }

    public func retain() { _ = nc_atomic_add32(references, 1) }

    /// Gives up one reference; the last one frees the block.
    public func release() {
        if nc_atomic_subtract32(references, 1) == 1 {
            nc_free(pointer, Int64(SharedBlock.headerCount + capacity))
        }
    }

    /// `release` as a C function, for replies that hold a block until it is written.
    public static let releaseFunction: @convention(c) (UnsafeMutableRawPointer) -> Void = {
        SharedBlock(pointer: $0).release()
    }

    private var references: UnsafeMutablePointer<UInt32> { pointer.assumingMemoryBound(to: UInt32.self) }
}
