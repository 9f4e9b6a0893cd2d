import Primitives
import RESP
import Store

// MARK: - Changing

extension StringCommands {
    static func append(_ call: Call) {
        let key = call.key(1)
        let addition = call[2]
        guard let entry = call.lookupForWriting(key) else {
            if call.set(key, to: addition) { call.reply.integer(Int64(addition.count)) }
            return
        }
        guard entry.isString else { return call.wrongType() }
        let oldCount = entry.valueCount
        guard call.fitsString(oldCount, adding: addition.count) else { return }
        if addition.isEmpty, oldCount >= SharedBlock.threshold {
            // Nothing to copy, but as in Redis it counts as a change.
            entry.noteChange()
            return call.reply.integer(Int64(oldCount))
        }
        let newCount = oldCount + addition.count
        call.modify(key, entry, newCount: newCount) { bytes in
            (bytes + oldCount).update(from: addition.base, count: addition.count)
            return Int64(newCount)
        }
    }

    static func setRange(_ call: Call) {
        guard let offset = call[2].int64 else { return call.notInteger() }
        guard offset >= 0 else { return call.reply.error("ERR offset is out of range") }
        let key = call.key(1)
        let value = call[3]
        let entry = call.lookupForWriting(key)
        if let entry, !entry.isString { return call.wrongType() }
        let oldCount = entry?.valueCount ?? 0
        if value.isEmpty { return call.reply.integer(Int64(oldCount)) }
        guard call.fitsString(Int(offset), adding: value.count) else { return }
        let newCount = max(oldCount, Int(offset) + value.count)
        call.modify(key, entry, newCount: newCount) { bytes in
            (bytes + Int(offset)).update(from: value.base, count: value.count)
            return Int64(newCount)
        }
    }

    // MARK: Numbers

    static func increment(_ call: Call) { add(call, 1) }
    static func decrement(_ call: Call) { add(call, -1) }

    static func incrementBy(_ call: Call) {
        guard let delta = call[2].int64 else { return call.notInteger() }
        add(call, delta)
    }

    static func decrementBy(_ call: Call) {
        guard let delta = call[2].int64 else { return call.notInteger() }
        guard delta != .min else { return call.reply.error("ERR decrement would overflow") }
        add(call, -delta)
    }

    private static func add(_ call: Call, _ delta: Int64) {
        let key = call.key(1)
        guard let entry = call.lookupForWriting(key) else {
            if call.set(key, toInteger: delta) { call.reply.integer(delta) }
            return
        }
        guard entry.isString else { return call.wrongType() }
        guard let old = entry.integerValue ?? entry.withValue({ $0.int64 }) else { return call.notInteger() }
        let (sum, overflow) = old.addingReportingOverflow(delta)
        guard !overflow else { return call.reply.error("ERR increment or decrement would overflow") }
        guard call.stored(entry.replaceInteger(sum)) else { return }
        call.noteModified(entry)
        call.reply.integer(sum)
    }

    static func incrementByFloat(_ call: Call) {
        let key = call.key(1)
        let entry = call.lookupForWriting(key)
        if let entry, !entry.isString { return call.wrongType() }
        let expiry = entry?.expiry ?? Entry.noExpiry
        func store(_ current: ByteSlice?) {
            do throws(FloatSum.Failure) {
                try FloatSum.with(current, call[2]) { sum in
                    let isStored =
                        entry.map { call.replace($0, with: .bytes(sum), expiry: expiry) }
                        ?? call.set(key, toNew: .bytes(sum), expiry: expiry)
                    if isStored { call.reply.bulk(sum) }
                }
            } catch {
                switch error {
                case .notFloat: call.notFloat()
                case .outOfRange: call.reply.error("ERR increment would produce NaN or Infinity")
                }
            }
        }
        if let entry { entry.withValue { store($0) } } else { store(nil) }
    }

    // MARK: Conditional deletion

    /// DELIFEQ of Valkey.
    static func deleteIfEqual(_ call: Call) {
        guard let entry = call.lookupForWriting(call.key(1)) else { return call.reply.integer(0) }
        guard entry.isString else { return call.wrongType() }
        guard entry.withValue({ $0.equals(call[2]) }) else { return call.reply.integer(0) }
        call.remove(entry)
        call.reply.integer(1)
    }

    /// DELEX of Redis.
    static func deleteConditionally(_ call: Call) {
        guard call.argumentCount == 2 || call.argumentCount == 4 else { return call.wrongArgumentCount() }
        let comparison = call.argumentCount == 4 ? ValueCondition.Comparison(option: call[2]) : nil
        guard call.argumentCount == 2 || comparison != nil else {
            return call.reply.error("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE")
        }
        guard let entry = call.lookupForWriting(call.key(1)) else { return call.reply.integer(0) }
        if let comparison {
            guard entry.isString else {
                return call.reply.error("ERR Key should be of string type if conditions are specified")
            }
            do throws(ArgumentFailure) {
                let condition = ValueCondition(comparison: comparison, operand: call[3])
                guard try condition.holds(for: entry) else { return call.reply.integer(0) }
            } catch {
                return call.fail(error)
            }
        }
        call.remove(entry)
        call.reply.integer(1)
    }
}

extension ValueCondition {
    /// Whether the condition holds for the entry's value. O(n).
    func holds(for entry: EntryHandle) throws(ArgumentFailure) -> Bool {
        try entry.withValue { value in
            Result { () throws(ArgumentFailure) -> Bool in try holds(for: value) }
        }.get()
    }
}
