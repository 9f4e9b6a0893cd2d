import Primitives
import RESP
import Store

/// Commands on the bits of string values.
enum BitCommands {}

extension BitCommands {
    static func setBit(_ call: Call) {
        let offset: Int
        do throws(ArgumentFailure) {
            offset = try BitfieldOperation.bitOffset(
                call[2], integerBitCount: nil, maximumByteCount: call.maximumStringCount)
        } catch {
            return call.fail(error)
        }
        guard let bit = call[3].int64, bit == 0 || bit == 1 else {
            return call.reply.error("ERR bit is not an integer or out of range")
        }
        let key = call.key(1)
        let entry = call.lookupForWriting(key)
        if let entry, !entry.isString { return call.wrongType() }
        let index = offset >> 3
        let mask: UInt8 = 0x80 >> UInt8(truncatingIfNeeded: offset & 7)
        // A bit that is so already is no change, which WATCH would see.
        if let entry, entry.withValue({ index < $0.count && ($0[index] & mask != 0) == (bit == 1) }) {
            entry.noteChangedInline()
            return call.reply.integer(bit)
        }
        call.modify(key, entry, newCount: max(entry?.valueCount ?? 0, index + 1)) { bytes in
            let old: Int64 = bytes[index] & mask == 0 ? 0 : 1
            if bit == 1 { bytes[index] |= mask } else { bytes[index] &= ~mask }
            return old
        }
    }

    static func getBit(_ call: Call) {
        let offset: Int
        do throws(ArgumentFailure) {
            offset = try BitfieldOperation.bitOffset(
                call[2], integerBitCount: nil, maximumByteCount: call.maximumStringCount)
        } catch {
            return call.fail(error)
        }
        guard let entry = call.lookup(call.key(1)) else { return call.reply.integer(0) }
        guard entry.isString else { return call.wrongType() }
        let isSet = entry.withValue { value in
            offset >> 3 < value.count && value[offset >> 3] & (0x80 >> UInt8(truncatingIfNeeded: offset & 7)) != 0
        }
        call.reply.integer(isSet ? 1 : 0)
    }

    /// BITCOUNT. The end may be left out, as in Valkey; arguments are checked before the key, as from Redis 7.2 on.
    static func countBits(_ call: Call) {
        guard call.argumentCount <= 5 else { return call.syntaxError() }
        guard let bounds = Bounds(call, first: 2) else { return }
        guard let entry = call.lookup(call.key(1)) else { return call.reply.integer(0) }
        guard entry.isString else { return call.wrongType() }
        // Redis empties a range that is backwards before it clamps it, here only: -1 -100 of one byte is no bit.
        if bounds.start < 0, bounds.end < 0, bounds.start > bounds.end { return call.reply.integer(0) }
        guard let range = bounds.range(byteCount: entry.valueCount) else { return call.reply.integer(0) }
        guard let block = entry.entry.block else {
            return call.reply.integer(Int64(entry.withValue { range.countOnes(in: $0) }))
        }
        var (rest, count) = (range, 0)
        call.session.pointee.job = BlockJob(block) { value, reply in
            let (head, tail) = rest.split(after: BlockJob.stepByteCount)
            count += head.countOnes(in: value)
            if let tail { rest = tail } else { reply.integer(Int64(count)) }
            return tail == nil
        }
    }

    static func findBit(_ call: Call) {
        guard let bit = call[2].int64 else { return call.notInteger() }
        guard bit == 0 || bit == 1 else { return call.reply.error("ERR The bit argument must be 1 or 0.") }
        guard call.argumentCount <= 6 else { return call.syntaxError() }
        guard let bounds = Bounds(call, first: 3) else { return }
        // A value that is not there is all zeros.
        guard let entry = call.lookup(call.key(1)) else { return call.reply.integer(bit == 1 ? -1 : 0) }
        guard entry.isString else { return call.wrongType() }
        guard let range = bounds.range(byteCount: entry.valueCount) else { return call.reply.integer(-1) }
        // With no end given, the value counts as followed by zeros.
        let missing = bit == 0 && !bounds.hasEnd ? Int64(entry.valueCount) * 8 : -1
        guard let block = entry.entry.block else {
            let index = entry.withValue { range.firstIndex(of: bit == 1, in: $0) }
            return call.reply.integer(index.map(Int64.init) ?? missing)
        }
        var rest = range
        call.session.pointee.job = BlockJob(block) { value, reply in
            let (head, tail) = rest.split(after: BlockJob.stepByteCount)
            let index = head.firstIndex(of: bit == 1, in: value)
            if index == nil, let tail {
                rest = tail
                return false
            }
            reply.integer(index.map(Int64.init) ?? missing)
            return true
        }
    }

    /// The range arguments of BITCOUNT and BITPOS.
    private struct Bounds {
        private(set) var start: Int64 = 0
        private(set) var end: Int64 = -1
        private(set) var hasEnd = false
        private var unit = BitRange.Unit.byte

        /// Reads the arguments from `first` on; nil when they are wrong, which has been replied then.
        init?(_ call: Call, first: Int) {
            if call.argumentCount > first {
                guard let start = call[first].int64 else {
                    call.notInteger()
                    return nil
                }
                self.start = start
            }
            if call.argumentCount > first + 1 {
                guard let end = call[first + 1].int64 else {
                    call.notInteger()
                    return nil
                }
                self.end = end
                hasEnd = true
            }
            if call.argumentCount > first + 2 {
                guard let unit = BitRange.Unit(option: call[first + 2]) else {
                    call.syntaxError()
                    return nil
                }
                self.unit = unit
            }
        }

        func range(byteCount: Int) -> BitRange? {
            BitRange(start: start, end: end, unit: unit, byteCount: byteCount)
        }
    }
}
