import Primitives
import RESP
import Store

// MARK: - BITOP

extension BitCommands {
    static func operate(_ call: Call) {
        guard let operation = BitOperation(name: call[1]) else { return call.syntaxError() }
        let sourceCount = call.argumentCount - 3
        if let refusal = operation.refusal(sourceCount: sourceCount) { return call.reply.error(refusal) }
        // Integers have no bytes of their own: theirs are written here.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: sourceCount * Decimal.maximumCount) { digits in
            guard let digits = digits.baseAddress else { return }
            var sources: [ByteSlice] = []
            sources.reserveCapacity(sourceCount)
            for index in 0..<sourceCount {
                guard let entry = call.lookup(call.key(3 + index)) else {
                    sources.append(("" as StaticString).slice)
                    continue
                }
                guard entry.isString else { return call.wrongType() }
                sources.append(bytes(of: entry, digits + index * Decimal.maximumCount))
            }
            store(operation, sources, call)
        }
    }

    /// The entry's bytes, which stay where they are until the entry itself goes.
    private static func bytes(of entry: EntryHandle, _ digits: UnsafeMutablePointer<UInt8>) -> ByteSlice {
        if let raw = entry.entry.rawValue { return raw }
        return ByteSlice(base: digits, count: Decimal.write(entry.integerValue ?? 0, to: digits))
    }

    private static func store(_ operation: BitOperation, _ sources: [ByteSlice], _ call: Call) {
        let destination = call.key(2)
        let count = sources.reduce(0) { max($0, $1.count) }
        guard count > 0 else {
            if let old = call.lookupForWriting(destination) { call.remove(old) }
            return call.reply.integer(0)
        }
        let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
            operation.apply(sources, to: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initializedCount = count
        }
        result.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            if call.set(destination, to: ByteSlice(base: base, count: count)) { call.reply.integer(Int64(count)) }
        }
    }
}
