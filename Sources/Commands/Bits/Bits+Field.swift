import Primitives
import RESP
import Store

// MARK: - BITFIELD

extension BitCommands {
    static func field(_ call: Call) { field(call, isReadOnly: false) }
    static func readField(_ call: Call) { field(call, isReadOnly: true) }

    private static func field(_ call: Call, isReadOnly: Bool) {
        let operations: [BitfieldOperation]
        do throws(ArgumentFailure) {
            operations = try BitfieldOperation.parse(
                call.arguments(from: 2), isReadOnly: isReadOnly, maximumByteCount: call.maximumStringCount)
        } catch {
            return call.fail(error)
        }
        let key = call.key(1)
        // The value grows to the last integer that is written, even if the write then fails by its overflow rule.
        let written = operations.lazy.filter { $0.kind != .get }.map(\.neededByteCount).max()
        let entry = written == nil ? call.lookup(key) : call.lookupForWriting(key)
        if let entry, !entry.isString { return call.wrongType() }
        var results: [Int64?] = []
        results.reserveCapacity(operations.count)
        if let written {
            let count = max(entry?.valueCount ?? 0, written)
            guard count <= call.maximumStringCount else { return call.fail(.bitOffset) }
            let isDone = call.modifyBytes(key, entry, newCount: count) { bytes in
                for operation in operations { results.append(operation.apply(bytes, count: count)) }
            }
            guard isDone else { return }
        } else {
            func read(_ value: ByteSlice) {
                for operation in operations { results.append(operation.integer.read(value, at: operation.bitOffset)) }
            }
            if let entry { entry.withValue(read) } else { read(("" as StaticString).slice) }
        }
        call.reply.array(results.count)
        for result in results {
            if let result { call.reply.integer(result) } else { call.reply.null() }
        }
    }
}

extension BitfieldOperation {
    /// Carries the operation out; the number to reply, nil when the overflow rule forbids the write.
    ///
    /// - Parameter bytes: `count` bytes, which hold the integer if it is written.
    func apply(_ bytes: UnsafeMutablePointer<UInt8>, count: Int) -> Int64? {
        let old = integer.read(ByteSlice(base: bytes, count: count), at: bitOffset)
        switch kind {
        case .get:
            return old
        case .set(let number):
            guard let new = integer.fittedForSetting(number, overflow) else { return nil }
            integer.write(new, bytes, at: bitOffset)
            return old
        case .increment(let delta):
            guard let new = integer.sum(old, delta, overflow) else { return nil }
            integer.write(new, bytes, at: bitOffset)
            return new
        }
    }
}
