import Primitives
import RESP
import Store

/// DUMP and RESTORE: values to and from a real Redis.
enum SerializationCommands {}

extension SerializationCommands {
    static func dump(_ call: Call) {
        guard let entry = call.lookup(call.key(1)) else { return call.reply.null() }
        guard entry.isString else { return call.wrongType() }
        if let block = entry.entry.block {
            guard let job = DumpJob(block) else { return call.outOfMemory() }
            call.session.pointee.job = job
            return
        }
        let payload = entry.withValue { DumpPayload.encode($0, integer: entry.integerValue) }
        payload.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            call.reply.bulk(ByteSlice(base: base, count: bytes.count))
        }
    }

    static func restore(_ call: Call) {
        guard let options = RestoreOptions(call) else { return }
        let key = call.key(1)
        if !options.replaces, call.lookupForWriting(key) != nil {
            return call.reply.error("BUSYKEY Target key name already exists.")
        }
        guard let lifetime = call[2].int64 else { return call.notInteger() }
        guard lifetime >= 0 else { return call.reply.error("ERR Invalid TTL value, must be >= 0") }
        let value: DumpPayload.Value
        do throws(DumpPayload.Failure) {
            value = try DumpPayload.decode(call[3], maximumCount: call.maximumStringCount)
        } catch {
            return call.fail(error)
        }
        var expiry = Entry.noExpiry
        if lifetime > 0 {
            let unit: ExpiryArgument.Unit = options.isAbsolute ? .unixMilliseconds : .milliseconds
            do throws(ArgumentFailure) {
                let deadline = try ExpiryArgument.deadline(lifetime, unit, nowMilliseconds: call.wallMilliseconds)
                guard deadline > call.wallMilliseconds else { return restoreExpired(key, call) }
                expiry = call.deadline(unixMilliseconds: deadline)
            } catch {
                return call.fail(error)
            }
        }
        if store(value, key, expiry, call) { call.reply.ok() }
    }

    /// A value whose time has passed is not created; the key it was to replace goes.
    private static func restoreExpired(_ key: Key, _ call: Call) {
        if let old = call.lookupForWriting(key) { call.remove(old) }
        call.reply.ok()
    }

    private static func store(_ value: borrowing DumpPayload.Value, _ key: Key, _ expiry: Int64, _ call: Call) -> Bool {
        switch value {
        case .integer(let number): return call.set(key, toInteger: number, expiry: expiry)
        case .bytes(let bytes): return call.set(key, to: bytes, expiry: expiry)
        case .unpacked(let bytes):
            return bytes.withUnsafeBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return call.stored(false) }
                return call.set(key, to: ByteSlice(base: base, count: buffer.count), expiry: expiry)
            }
        }
    }
}

/// RESTORE's options. IDLETIME and FREQ are checked and do no more: an entry begins as one just written, since policies
/// other than LRU and LFU have no place for either.
private struct RestoreOptions {
    private(set) var replaces = false
    private(set) var isAbsolute = false

    /// Reads the options of a call; nil when they are wrong, which has been replied then.
    init?(_ call: Call) {
        var idleTime: Int64?
        var frequency: Int64?
        var index = 4
        while index < call.argumentCount {
            let option = call[index]
            let hasOperand = index + 1 < call.argumentCount
            if option.equalsIgnoringCase("replace") {
                replaces = true
            } else if option.equalsIgnoringCase("absttl") {
                isAbsolute = true
            } else if option.equalsIgnoringCase("idletime"), hasOperand, frequency == nil {
                index += 1
                idleTime = call[index].int64
                guard let idleTime else {
                    call.notInteger()
                    return nil
                }
                guard idleTime >= 0 else {
                    call.reply.error("ERR Invalid IDLETIME value, must be >= 0")
                    return nil
                }
            } else if option.equalsIgnoringCase("freq"), hasOperand, idleTime == nil {
                index += 1
                frequency = call[index].int64
                guard let frequency else {
                    call.notInteger()
                    return nil
                }
                guard (0...255).contains(frequency) else {
                    call.reply.error("ERR Invalid FREQ value, must be >= 0 and <= 255")
                    return nil
                }
            } else {
                call.syntaxError()
                return nil
            }
            index += 1
        }
    }
}

extension Call {
    fileprivate func fail(_ failure: DumpPayload.Failure) {
        switch failure {
        case .versionOrChecksum: reply.error("ERR DUMP payload version or checksum are wrong")
        case .unsupportedType(let type):
            reply.error("ERR Bad data format: only strings can be restored, the payload has RDB type \(type)")
        case .damaged: reply.error("ERR Bad data format")
        case .tooLong: reply.error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
        }
    }
}
