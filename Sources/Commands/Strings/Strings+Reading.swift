import Primitives
import RESP
import Store

/// Commands on string values.
enum StringCommands {}

// MARK: - Reading

extension StringCommands {
    static func get(_ call: Call) {
        guard let entry = call.lookup(call.key(1)) else { return call.reply.null() }
        guard entry.isString else { return call.wrongType() }
        call.reply.value(entry)
    }

    static func getDelete(_ call: Call) {
        let key = call.key(1)
        guard let entry = call.lookup(key) else {
            call.removeHidden(key)
            return call.reply.null()
        }
        guard entry.isString else { return call.wrongType() }
        call.reply.value(entry)
        call.remove(entry)
    }

    /// GETEX: as in Redis, a bad time for a key that does not exist is no error.
    static func getExpire(_ call: Call) {
        let options: StringOptions
        do throws(ArgumentFailure) {
            options = try StringOptions(call.arguments(from: 2), for: .get)
        } catch {
            return call.fail(error)
        }
        guard let entry = call.lookup(call.key(1)) else { return call.reply.null() }
        guard entry.isString else { return call.wrongType() }
        switch options.lifetime {
        case .unsaid, .keep:
            call.reply.value(entry)
        case .persist:
            call.reply.value(entry)
            if entry.expiry != Entry.noExpiry { call.setExpiry(of: entry, to: Entry.noExpiry) }
        case .expiry(let expiry):
            let deadline: Int64
            do throws(ArgumentFailure) {
                deadline = try expiry.positiveDeadline(nowMilliseconds: call.wallMilliseconds)
            } catch {
                return call.fail(error)
            }
            call.reply.value(entry)
            if deadline <= call.wallMilliseconds {
                call.remove(entry)
            } else {
                call.setExpiry(of: entry, to: call.deadline(unixMilliseconds: deadline))
            }
        }
    }

    static func getMany(_ call: Call) {
        call.reply.array(call.argumentCount - 1)
        for index in 1..<call.argumentCount {
            if let entry = call.lookup(call.key(index)), entry.isString {
                call.reply.value(entry)
            } else {
                call.reply.null()
            }
        }
    }

    static func length(_ call: Call) {
        guard let entry = call.lookup(call.key(1)) else { return call.reply.integer(0) }
        guard entry.isString else { return call.wrongType() }
        call.reply.integer(Int64(entry.valueCount))
    }

    /// GETRANGE and its old name SUBSTR.
    static func getRange(_ call: Call) {
        guard let start = call[2].int64, let end = call[3].int64 else { return call.notInteger() }
        guard let entry = call.lookup(call.key(1)) else { return call.reply.bulk("") }
        guard entry.isString else { return call.wrongType() }
        guard let range = byteRange(start: start, end: end, count: entry.valueCount) else {
            return call.reply.bulk("")
        }
        if let block = entry.entry.block, range.count >= SharedBlock.threshold {
            block.retain()
            return call.reply.bulkReference(
                block.slice.slice(from: range.lowerBound, to: range.upperBound), owner: block.pointer,
                release: SharedBlock.releaseFunction)
        }
        entry.withValue { call.reply.bulk($0.slice(from: range.lowerBound, to: range.upperBound)) }
    }

    /// The bytes from `start` to `end`, both included and counted from the end when negative; nil when there are none.
    static func byteRange(start: Int64, end: Int64, count: Int) -> Range<Int>? {
        if start < 0, end < 0, start > end { return nil }
        // A negative number plus a count does not overflow.
        let total = Int64(count)
        let first = max(start < 0 ? start + total : start, 0)
        let last = min(max(end < 0 ? end + total : end, 0), total - 1)
        return first <= last ? Int(first)..<Int(last) + 1 : nil
    }

    static func digest(_ call: Call) {
        guard let entry = call.lookup(call.key(1)) else { return call.reply.null() }
        guard entry.isString else { return call.wrongType() }
        call.reply(to: entry) { value, reply in
            let digest = ValueDigest(of: value)
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ValueDigest.textCount) { digits in
                guard let base = digits.baseAddress else { return }
                digest.write(to: base)
                reply.bulk(ByteSlice(base: base, count: ValueDigest.textCount))
            }
        }
    }
}
