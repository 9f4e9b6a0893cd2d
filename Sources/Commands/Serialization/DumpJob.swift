import Primitives
import RESP
import Store

/// DUMP of a large value in slices, outside of the lock of its shard: the payload is put together in a block, which the
/// reply then sends from where it lies.
final class DumpJob: Job {
    private let value: SharedBlock
    private let payload: SharedBlock
    private let headerCount: Int
    private var checksum: UInt64
    private var doneCount = 0

    /// Nil when there is no memory for the payload.
    init?(_ value: SharedBlock) {
        let header = DumpPayload.header(valueCount: value.count)
        let count = header.count + value.count + DumpPayload.footerCount
        guard let payload = SharedBlock.make(count: count, capacity: count) else { return nil }
        value.retain()
        self.value = value
        self.payload = payload
        headerCount = header.count
        UnsafeMutableRawPointer(payload.bytes).copyMemory(from: header, byteCount: header.count)
        checksum = CRC64.checksum(payload.slice.slice(from: 0, to: header.count))
    }

    deinit {
        value.release()
        payload.release()
    }

    func step(_ call: Call) -> Bool {
        let part = value.slice.slice(from: doneCount, to: doneCount + BlockJob.stepByteCount)
        (payload.bytes + headerCount + doneCount).update(from: part.base, count: part.count)
        checksum = CRC64.checksum(part, seed: checksum)
        doneCount += part.count
        if doneCount < value.count { return false }
        let footer = DumpPayload.footer(checksumBefore: checksum)
        // Header, value and footer are what the payload was made for.
        UnsafeMutableRawPointer(payload.bytes + headerCount + doneCount)
            .copyMemory(from: footer, byteCount: footer.count)
        payload.retain()
        call.reply.bulkReference(payload.slice, owner: payload.pointer, release: SharedBlock.releaseFunction)
        return true
    }
}
