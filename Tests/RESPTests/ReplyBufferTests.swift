import CLinux
import Primitives
import Testing

@testable import RESP

@Suite struct ReplyBufferTests {
    /// Counts the releases of one referenced value, and holds its bytes.
    private final class Owner {
        let bytes: UnsafeMutablePointer<UInt8>
        let count: Int
        var releaseCount = 0

        init(_ text: [UInt8]) {
            count = text.count
            bytes = .allocate(capacity: max(1, text.count))
            bytes.update(from: text, count: text.count)
        }

        deinit { bytes.deallocate() }

        func append(to buffer: inout ReplyBuffer) {
            let address = Unmanaged.passRetained(self).toOpaque()  // the buffer holds it, as it would a value
            buffer.appendReference(ByteSlice(base: bytes, count: count), owner: address) {
                Unmanaged<Owner>.fromOpaque($0).takeRetainedValue().releaseCount += 1
            }
        }
    }

    private enum Part {
        case inline(Int)
        case reference(Int)
    }

    /// Every run of at most four parts of 0 to 3 bytes, inline and by reference in turn.
    private static let layouts: [[Part]] = {
        var layouts: [[Part]] = [[]]
        var last: [[Part]] = [[]]
        for _ in 0..<4 {
            last = last.flatMap { layout in
                [.inline(1), .inline(3), .reference(1), .reference(2)].map { layout + [$0] }
            }
            layouts += last
        }
        return layouts
    }()

    private func lay(_ layout: [Part], into buffer: inout ReplyBuffer) -> (bytes: [UInt8], owners: [Owner]) {
        var bytes: [UInt8] = []
        var owners: [Owner] = []
        for part in layout {
            switch part {
            case .inline(let count):
                let text = (0..<count).map { UInt8(bytes.count + $0 + 1) }
                bytes += text
                append(text, to: &buffer)
            case .reference(let count):
                let owner = Owner((0..<count).map { UInt8(bytes.count + $0 + 1) })
                bytes += Array(UnsafeBufferPointer(start: owner.bytes, count: count))
                owners.append(owner)
                owner.append(to: &buffer)
            }
        }
        return (bytes, owners)
    }

    private func append(_ bytes: [UInt8], to buffer: inout ReplyBuffer) {
        bytes.withUnsafeBufferPointer {
            if let base = $0.baseAddress { buffer.append(ByteSlice(base: base, count: bytes.count)) }
        }
    }

    /// The bytes that the first `capacity` vectors point at.
    private func gather(_ buffer: borrowing ReplyBuffer, capacity: Int) -> [UInt8] {
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: capacity) { vectors in
            guard let base = vectors.baseAddress else { return [] }
            let count = buffer.fillVectors(base, capacity: capacity)
            #expect(count <= capacity)
            return (0..<count).flatMap { index in
                #expect(base[index].iov_len > 0)
                return Array(UnsafeRawBufferPointer(start: base[index].iov_base, count: base[index].iov_len))
            }
        }
    }

    /// Every layout, taken out in steps of every size: the bytes come in order, and each reference is released once,
    /// when its last byte has gone.
    @Test func partialWrites() {
        for layout in Self.layouts {
            for step in 1...5 {
                var buffer = ReplyBuffer()
                let (bytes, owners) = lay(layout, into: &buffer)
                var sent = 0
                while sent < bytes.count {
                    #expect(buffer.byteCount == bytes.count - sent)
                    #expect(gather(buffer, capacity: 16) == Array(bytes[sent...]))
                    for capacity in 1...3 {
                        let some = gather(buffer, capacity: capacity)
                        #expect(!some.isEmpty && some == Array(bytes[sent..<sent + some.count]))
                    }
                    let taken = min(step, bytes.count - sent)
                    buffer.consume(taken)
                    sent += taken
                    expectReleased(owners, layout, sent: sent)
                }
                let isEmpty = buffer.isEmpty
                #expect(isEmpty)
                #expect(gather(buffer, capacity: 4).isEmpty)
            }
        }
    }

    /// As above, with more appended behind what has been sent in part.
    @Test func appendingBehindPartialWrites() {
        for layout in Self.layouts where layout.count <= 3 {
            for split in 0...12 {
                var buffer = ReplyBuffer()
                let (first, firstOwners) = lay(layout, into: &buffer)
                guard split <= first.count else { continue }
                buffer.consume(split)
                let (second, secondOwners) = lay(layout, into: &buffer)
                let expected = Array(first[split...]) + second
                #expect(gather(buffer, capacity: 16) == expected)
                buffer.consume(expected.count)
                for owner in firstOwners + secondOwners { #expect(owner.releaseCount == 1) }
            }
        }
    }

    @Test func moveRemainder() {
        for layout in Self.layouts {
            for split in 0...12 {
                var buffer = ReplyBuffer()
                var backlog = ReplyBuffer()
                append([0xFF], to: &backlog)
                let (bytes, owners) = lay(layout, into: &buffer)
                guard split <= bytes.count else { continue }
                buffer.consume(split)
                buffer.moveRemainder(to: &backlog)
                let isEmpty = buffer.isEmpty
                #expect(isEmpty)
                #expect(backlog.byteCount == 1 + bytes.count - split)
                #expect(gather(backlog, capacity: 16) == [0xFF] + Array(bytes[split...]))
                expectReleased(owners, layout, sent: split)
                backlog.removeAll()
                for owner in owners { #expect(owner.releaseCount == 1) }
            }
        }
    }

    @Test func droppingReleasesOnce() {
        for layout in Self.layouts {
            for split in 0...12 {
                var owners: [Owner] = []
                do {
                    var buffer = ReplyBuffer()
                    let laid = lay(layout, into: &buffer)
                    owners = laid.owners
                    buffer.consume(min(split, laid.bytes.count))
                }
                for owner in owners { #expect(owner.releaseCount == 1) }
            }
        }
    }

    @Test func truncateAndInsert() {
        for front in Self.layouts where front.count <= 2 {
            for back in Self.layouts where back.count <= 2 {
                var buffer = ReplyBuffer()
                let (first, firstOwners) = lay(front, into: &buffer)
                let mark = buffer.mark
                let (_, dropped) = lay(back, into: &buffer)
                buffer.truncate(to: mark)
                for owner in dropped { #expect(owner.releaseCount == 1) }
                for owner in firstOwners { #expect(owner.releaseCount == 0) }
                #expect(gather(buffer, capacity: 16) == first)
                let (second, secondOwners) = lay(back, into: &buffer)
                buffer.insert(("<>" as StaticString).slice, at: mark)
                #expect(gather(buffer, capacity: 16) == first + [0x3C, 0x3E] + second)
                #expect(buffer.byteCount == first.count + 2 + second.count)
                buffer.removeAll()
                for owner in firstOwners + secondOwners { #expect(owner.releaseCount == 1) }
            }
        }
    }

    @Test func hardLimit() {
        for limit in 0...12 {
            for layout in Self.layouts {
                var buffer = ReplyBuffer(hardLimit: limit)
                let (bytes, owners) = lay(layout, into: &buffer)
                #expect(buffer.overflowed == (bytes.count > limit))
                #expect(buffer.byteCount <= limit)
                if !buffer.overflowed { #expect(gather(buffer, capacity: 16) == bytes) }
                let held = buffer.byteCount
                buffer.consume(held)
                #expect(buffer.overflowed == (bytes.count > limit))
                buffer.removeAll()
                #expect(buffer.overflowed == false)
                for owner in owners { #expect(owner.releaseCount == 1) }
            }
        }
    }

    @Test func pastTheHardLimitMemoryStays() {
        var buffer = ReplyBuffer(hardLimit: 10_000)
        let value = [UInt8](repeating: 0x76, count: 8_000)
        value.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            withUnsafeMutablePointer(to: &buffer) { pointer in
                for _ in 0..<1_000 {
                    ReplyWriter(pointer, version: 2).bulk(ByteSlice(base: base, count: bytes.count))
                }
            }
        }
        #expect(buffer.overflowed == true)
        #expect(buffer.byteCount <= 10_000)
        #expect(buffer.heapByteCount < 40_000)
    }

    @Test func hugeRepliesGiveTheirMemoryBack() {
        var buffer = ReplyBuffer()
        #expect(buffer.heapByteCount == 0)
        _ = buffer.reserve(10_000_000)
        #expect(buffer.heapByteCount >= 10_000_000)
        buffer.removeAll()
        #expect(buffer.heapByteCount <= 1 << 18)
        append([1, 2, 3], to: &buffer)
        buffer.removeAllFreeingMemory()
        #expect(buffer.heapByteCount == 0)
        append([1, 2, 3], to: &buffer)
        #expect(buffer.unsentBytes.array == [1, 2, 3])
    }

    private func expectReleased(_ owners: [Owner], _ layout: [Part], sent: Int) {
        var end = 0
        var index = 0
        for part in layout {
            switch part {
            case .inline(let count): end += count
            case .reference(let count):
                end += count
                #expect(owners[index].releaseCount == (end <= sent ? 1 : 0))
                index += 1
            }
        }
    }
}
