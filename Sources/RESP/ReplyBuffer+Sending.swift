import CLinux
import CPrimitives
import Primitives

/// From the buffer to the socket.
extension ReplyBuffer {
    /// The unsent inline bytes: all there is to send when there are no references.
    @inline(__always)
    public var unsentBytes: ByteSlice { ByteSlice(base: base + sentCount, count: count - sentCount) }

    /// Fills `vectors` with the first unsent bytes, for sendmsg or writev. No vector is empty.
    ///
    /// - Parameter capacity: the number of vectors there is room for, at most IOV_MAX (1,024).
    /// - Returns: the number filled; 0 when nothing is left to be sent.
    public func fillVectors(_ vectors: UnsafeMutablePointer<iovec>, capacity: Int) -> Int {
        var filled = 0
        var offset = sentCount
        var index = sentReferenceCount
        while filled < capacity {
            guard index < referenceCount, let reference = references?[index] else { break }
            if reference.offset > offset {
                vectors[filled] = iovec(iov_base: base + offset, iov_len: reference.offset - offset)
                offset = reference.offset
            } else {
                vectors[filled] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: reference.bytes.base), iov_len: reference.bytes.count)
                index += 1
            }
            filled += 1
        }
        if filled < capacity, index == referenceCount, offset < count {
            vectors[filled] = iovec(iov_base: base + offset, iov_len: count - offset)
            filled += 1
        }
        return filled
    }

    /// Takes the first `n` unsent bytes out, which the socket has taken; releases the references sent to the end.
    ///
    /// - Parameter n: at most `byteCount`.
    public mutating func consume(_ n: Int) {
        precondition(n >= 0 && n <= byteCount)
        if n == byteCount { return removeSent() }
        var rest = n
        while rest > 0 {
            guard sentReferenceCount < referenceCount, let reference = references?[sentReferenceCount] else {
                sentCount += rest
                break
            }
            let inlineCount = min(rest, reference.offset - sentCount)
            sentCount += inlineCount
            rest -= inlineCount
            let taken = min(rest, reference.bytes.count)
            guard taken > 0 else { break }
            rest -= taken
            referencedByteCount -= taken
            if taken == reference.bytes.count {
                reference.release(reference.owner)
                sentReferenceCount += 1
            } else {
                references?[sentReferenceCount].bytes = reference.bytes.dropFirst(taken)
            }
        }
        compact()
        updateUsableCapacity()
    }

    /// Moves all unsent bytes to the end of `other`, the references with them. Overflows `other` when its limit says so;
    /// this buffer is empty afterwards, an overflow of it forgotten.
    public mutating func moveRemainder(to other: inout ReplyBuffer) {
        var offset = sentCount
        let firstReference = sentReferenceCount
        let endReference = referenceCount
        // Handed over one by one: from here on `other` answers for releasing them.
        referenceCount = 0
        sentReferenceCount = 0
        for index in firstReference..<endReference {
            guard let reference = references?[index] else { break }
            other.append(ByteSlice(base: base + offset, count: reference.offset - offset))
            other.appendReference(reference.bytes, owner: reference.owner, release: reference.release)
            offset = reference.offset
        }
        other.append(ByteSlice(base: base + offset, count: count - offset))
        if overflowed { other.markOverflowed() }
        removeAll()
    }

    private mutating func markOverflowed() {
        overflowed = true
        usableCapacity = -1
    }

    /// Everything has been sent. An overflow stays: what was dropped is still missing.
    private mutating func removeSent() {
        let hadOverflowed = overflowed
        removeAll()
        if hadOverflowed { markOverflowed() }
    }

    /// Moves the unsent bytes to the front once they are the smaller part: each byte moves once on average.
    private mutating func compact() {
        guard sentCount > count - sentCount else { return }
        memmove(base, base + sentCount, count - sentCount)
        count -= sentCount
        for index in sentReferenceCount..<referenceCount {
            guard var reference = references?[index] else { break }
            reference.offset -= sentCount
            references?[index - sentReferenceCount] = reference
        }
        referenceCount -= sentReferenceCount
        sentReferenceCount = 0
        sentCount = 0
    }
}
