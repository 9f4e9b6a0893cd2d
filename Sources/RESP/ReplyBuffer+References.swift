import CPrimitives
import Primitives

/// Values by reference, and going back to a mark.
extension ReplyBuffer {
    /// Appends `bytes` without copying them; worth its while from `referenceThreshold` on.
    ///
    /// - Parameters:
    ///   - bytes: must stay as they are until `release` is called.
    ///   - owner: what `release` is given, exactly once: when the bytes have been sent or dropped, on the thread that
    ///     sends or drops them; at once when the buffer overflows.
    public mutating func appendReference(
        _ bytes: ByteSlice, owner: UnsafeMutableRawPointer,
        release: @escaping @convention(c) (UnsafeMutableRawPointer) -> Void
    ) {
        guard bytes.count > 0, admits(bytes.count) else { return release(owner) }
        if referenceCount == referenceCapacity { growReferences() }
        let reference = Reference(offset: count, bytes: bytes, owner: owner, release: release)
        guard let references else { return release(owner) }
        (references + referenceCount).initialize(to: reference)
        referenceCount += 1
        referencedByteCount += bytes.count
        updateUsableCapacity()
    }

    /// The end of what is laid down, to come back to.
    @inline(__always)
    public var mark: Mark { Mark(count: count, referenceCount: referenceCount) }

    /// Drops what was appended since `mark`. An overflow since then is not undone.
    public mutating func truncate(to mark: Mark) {
        guard isValid(mark) else { return }
        for index in mark.referenceCount..<referenceCount {
            referencedByteCount -= references?[index].bytes.count ?? 0
        }
        releaseReferences(from: mark.referenceCount)
        count = mark.count
        updateUsableCapacity()
    }

    /// Inserts `bytes` at `mark`, before what was appended since: a header whose number is known only now. O(what was
    /// appended since).
    public mutating func insert(_ bytes: ByteSlice, at mark: Mark) {
        guard isValid(mark) else { return }
        _ = reserve(bytes.count)
        guard !overflowed else { return }
        let place = base + mark.count
        memmove(place + bytes.count, place, count - mark.count)
        memcpy(place, bytes.base, bytes.count)
        count += bytes.count
        for index in mark.referenceCount..<referenceCount { references?[index].offset += bytes.count }
    }

    /// Whether nothing behind `mark` has gone out.
    private func isValid(_ mark: Mark) -> Bool {
        mark.count >= sentCount && mark.count <= count
            && mark.referenceCount >= sentReferenceCount && mark.referenceCount <= referenceCount
    }

    /// Releases the references from `first` on and forgets them.
    mutating func releaseReferences(from first: Int) {
        for index in first..<referenceCount {
            if let reference = references?[index] { reference.release(reference.owner) }
        }
        referenceCount = min(first, referenceCount)
    }

    private mutating func growReferences() {
        let newCapacity = max(4, referenceCapacity * 2)
        let grown = UnsafeMutablePointer<Reference>.allocate(capacity: newCapacity)
        if let references {
            grown.update(from: references, count: referenceCount)
            references.deallocate()
        }
        references = grown
        referenceCapacity = newCapacity
    }
}
