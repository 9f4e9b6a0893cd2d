import CPrimitives
import Primitives

/// Replies on their way out: bytes laid down here, and between them large values that stay where they lie.
///
/// A loop has one that all its connections' replies are written into; what a socket does not take at once moves to the
/// connection's own, its backlog. One without bytes holds no memory.
///
///     base ──► [ sent ][ unsent inline bytes ............ ][ room ]
///                             ▲              ▲
///       references:   at offset, 20 KB   at offset, 1 MB          go out before the inline byte at their offset
public struct ReplyBuffer: ~Copyable {
    /// A value that is sent from where it lies.
    struct Reference {
        var offset: Int
        var bytes: ByteSlice
        let owner: UnsafeMutableRawPointer
        let release: @convention(c) (UnsafeMutableRawPointer) -> Void
    }

    /// A place between two replies, to come back to. Void once bytes have been consumed or moved away.
    public struct Mark {
        let count: Int
        let referenceCount: Int
    }

    /// From this size on a value is better sent by reference than copied, in bytes.
    public static let referenceThreshold = 16_384

    /// What `removeAll` leaves allocated at the most: a loop's buffer goes back to this after a huge reply.
    private static let retainedCapacity = 1 << 18

    /// The inline bytes, those already sent first.
    public internal(set) var base: UnsafeMutablePointer<UInt8>
    /// Inline bytes laid down, sent ones counted in.
    public internal(set) var count = 0
    public internal(set) var capacity = 0
    /// Whether something was dropped because it would have passed `hardLimit`: the connection is to be closed, its
    /// stream of replies has a hole.
    public internal(set) var overflowed = false
    /// Bytes to be held at the most, inline and referenced.
    public var hardLimit: Int { didSet { updateUsableCapacity() } }

    /// `reserve` takes its short way up to here: the capacity, or less when the hard limit comes first.
    var usableCapacity = 0
    /// Inline bytes that have been sent.
    var sentCount = 0
    /// Unsent bytes of the references.
    public internal(set) var referencedByteCount = 0
    var references: UnsafeMutablePointer<Reference>?
    var referenceCount = 0
    var referenceCapacity = 0
    /// References, from the first on, that have been sent and released.
    var sentReferenceCount = 0

    /// An empty buffer, without memory.
    public init(hardLimit: Int = .max) {
        // Some address that is not null; with a capacity of 0 nothing is ever written there.
        base = UnsafeMutablePointer(mutating: ("" as StaticString).utf8Start)
        self.hardLimit = hardLimit
    }

    deinit {
        for index in sentReferenceCount..<referenceCount {
            if let reference = references?[index] { reference.release(reference.owner) }
        }
        references?.deallocate()
        if capacity > 0 { base.deallocate() }
    }

    /// Bytes still to be sent: inline and referenced.
    @inline(__always)
    public var byteCount: Int { count - sentCount + referencedByteCount }

    @inline(__always)
    public var isEmpty: Bool { byteCount == 0 }

    /// Whether large values are among the unsent bytes: then `unsentBytes` is not all there is.
    @inline(__always)
    public var hasReferences: Bool { referenceCount > sentReferenceCount }

    /// Bytes of heap that the buffer takes, referenced values not among them.
    public var heapByteCount: Int { capacity + referenceCapacity * MemoryLayout<Reference>.stride }

    // MARK: Appending

    /// Room for `n` bytes behind what is there; what was written counts after `advance`. Past the hard limit there is
    /// room all the same, but `advance` drops it.
    @inline(__always)
    public mutating func reserve(_ n: Int) -> UnsafeMutablePointer<UInt8> {
        if usableCapacity - count < n { makeRoom(n) }
        return base + count
    }

    /// Takes `n` bytes, that were written where `reserve` said, into the buffer.
    @inline(__always)
    public mutating func advance(_ n: Int) {
        if overflowed { return }
        count += n
    }

    /// Copies `bytes` to the end.
    @inline(__always)
    public mutating func append(_ bytes: ByteSlice) {
        // Asked first, so that what is to be dropped needs no memory.
        if usableCapacity - count < bytes.count, !admits(bytes.count) { return }
        memcpy(reserve(bytes.count), bytes.base, bytes.count)
        count += bytes.count
    }

    /// Whether `n` more bytes keep to the hard limit; if not, the buffer has overflowed.
    @inline(never)
    mutating func admits(_ n: Int) -> Bool {
        if !overflowed, n > hardLimit - byteCount {
            overflowed = true
            usableCapacity = -1
        }
        return !overflowed
    }

    @inline(never)
    private mutating func makeRoom(_ n: Int) {
        _ = admits(n)
        if capacity - count < n { grow(to: count + n) }
    }

    /// Doubles until there is room for `minimum` bytes in all.
    private mutating func grow(to minimum: Int) {
        let newCapacity = max(minimum, capacity * 2, 256)
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: newCapacity)
        memcpy(grown, base, count)
        if capacity > 0 { base.deallocate() }
        base = grown
        capacity = newCapacity
        updateUsableCapacity()
    }

    /// To be called whenever capacity, limit, sent or referenced bytes change.
    mutating func updateUsableCapacity() {
        guard !overflowed else { return }
        // hardLimit is at least 0 and the counts are of bytes in memory: only the sum with sentCount could overflow.
        let (limit, overflow) = max(0, hardLimit - referencedByteCount).addingReportingOverflow(sentCount)
        usableCapacity = overflow ? capacity : min(capacity, limit)
    }

    // MARK: Emptying

    /// Drops everything, sent or not, releases what was referenced and forgets an overflow. Keeps some of its memory.
    public mutating func removeAll() {
        if referenceCount > 0 { releaseReferences(from: sentReferenceCount) }
        referenceCount = 0
        sentReferenceCount = 0
        count = 0
        sentCount = 0
        referencedByteCount = 0
        overflowed = false
        if capacity > Self.retainedCapacity { freeMemory() }
        updateUsableCapacity()
    }

    /// As `removeAll`, and gives all memory back.
    public mutating func removeAllFreeingMemory() {
        removeAll()
        freeMemory()
        references?.deallocate()
        references = nil
        referenceCapacity = 0
    }

    private mutating func freeMemory() {
        if capacity > 0 { base.deallocate() }
        base = UnsafeMutablePointer(mutating: ("" as StaticString).utf8Start)
        capacity = 0
        updateUsableCapacity()
    }
}
