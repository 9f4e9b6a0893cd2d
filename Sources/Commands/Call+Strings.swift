import Configuration
import Primitives
import RESP
import Store
import Telemetry

/// What string and bit commands share: limits and growing values.
extension Call {
    /// Whether a string of `count` and `addition` more bytes is allowed; replies with the error when it is not.
    func fitsString(_ count: Int, adding addition: Int) -> Bool {
        let (sum, overflow) = count.addingReportingOverflow(addition)
        if !overflow, sum <= maximumStringCount { return true }
        reply.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
        return false
    }

    /// Changes the value's bytes, or those of a new entry, and replies with the integer that `body` returns.
    ///
    /// - Parameters:
    ///   - entry: the key's entry, nil to make one.
    ///   - newCount: the value's new length; not below the present one.
    ///   - body: gets `newCount` bytes to write, the old ones first and zeros behind.
    func modify(
        _ key: Key, _ entry: EntryHandle?, newCount: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int64
    ) {
        var result: Int64 = 0
        guard modifyBytes(key, entry, newCount: newCount, { result = body($0) }) else { return }
        reply.integer(result)
    }

    /// `modify` without a reply; false when memory was short, which has been replied then.
    func modifyBytes(
        _ key: Key, _ entry: EntryHandle?, newCount: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Void
    ) -> Bool {
        if let entry {
            guard entry.modifyValue(newCount: newCount, body) else { return stored(false) }
            noteModified(entry)
            return true
        }
        if isRefused(key, valueCount: newCount) { return modifyNothing(key, newCount: newCount, body) }
        guard set(key, to: ("" as StaticString).slice) else { return false }
        if let made = peek(key) {
            if made.modifyValue(newCount: newCount, body) { return true }
            remove(made)
        }
        return stored(false)
    }

    /// `modifyBytes` of a new value that the key's rule does not let be stored: `body` works for its reply alone.
    private func modifyNothing(
        _ key: Key, newCount: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Void
    ) -> Bool {
        guard let block = SharedBlock.make(count: newCount, capacity: newCount) else { return stored(false) }
        block.bytes.initialize(repeating: 0, count: newCount)
        body(block.bytes)
        defer { block.release() }
        // Refused there, and counted.
        return set(key, to: block.slice)
    }

    /// `proto-max-bulk-len`: the longest string, in bytes.
    var maximumStringCount: Int { state.pointee.executor._withUnsafeGuaranteedRef { $0.settings.protoMaxBulkBytes } }

    /// The arguments from `index` on; none when there are fewer.
    func arguments(from index: Int) -> UnsafeBufferPointer<ByteSlice> {
        let start = min(index, argumentCount)
        return UnsafeBufferPointer(
            start: UnsafePointer(state.pointee.arguments) + start, count: argumentCount - start)
    }

    /// The entry for commands that ask about a key without using it: counts a hit or a miss, but is no access.
    func lookupUntouched(_ key: Key) -> EntryHandle? {
        let found = peek(key)
        countLookup(found, of: key)
        return found
    }
}
