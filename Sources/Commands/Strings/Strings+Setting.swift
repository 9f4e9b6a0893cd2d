import Primitives
import RESP
import Store

// MARK: - Setting

extension StringCommands {
    static func set(_ call: Call) {
        if call.argumentCount == 3 {
            if call.set(call.key(1), to: call[2]) { call.reply.ok() }
            return
        }
        do throws(ArgumentFailure) {
            try setWithOptions(call)
        } catch {
            call.fail(error)
        }
    }

    private static func setWithOptions(_ call: Call) throws(ArgumentFailure) {
        let options = try StringOptions(call.arguments(from: 3), for: .set)
        let lifetime = try NewLifetime(options.lifetime, call)
        let key = call.key(1)
        let old = options.returnsOldValue ? call.lookup(key) : call.lookupForWriting(key)
        if let old, !old.isString, options.returnsOldValue || options.condition != nil { return call.wrongType() }
        var isAllowed = try allows(options, old)
        guard call.accepts(tagCount: options.keepsTags ? 0 : options.tags?.count ?? 0, of: key) else { return }
        var attributes = attributes(of: options)
        if isAllowed, let token = options.leaseToken { isAllowed = call.mayFulfil(token, of: key, &attributes) }
        // The old value is written first: setting the new one ends its entry.
        let mark = call.reply.buffer.pointee.mark
        if options.returnsOldValue, let old {
            call.reply.value(old)
        } else if isAllowed, !options.returnsOldValue {
            call.reply.ok()
        } else {
            call.reply.null()
        }
        guard isAllowed else { return }
        if options.hasAttributes || options.leaseToken != nil {
            lifetime.set(key, to: call[2], old, call, mark, attributes)
        } else {
            lifetime.set(key, to: call[2], old, call, mark)
        }
    }

    private static func attributes(of options: StringOptions) -> EntryAttributes {
        var attributes = EntryAttributes(tags: options.tags ?? UnsafeBufferPointer(start: nil, count: 0))
        attributes.keepsTags = options.keepsTags
        attributes.staleSeconds = options.staleSeconds
        return attributes
    }

    private static func allows(_ options: StringOptions, _ old: EntryHandle?) throws(ArgumentFailure) -> Bool {
        if let condition = options.condition {
            guard let old else { return condition.holdsWithoutValue }
            return try condition.holds(for: old)
        }
        switch options.existence {
        case .any: return true
        case .missing: return old == nil
        case .present: return old != nil
        }
    }

    static func setIfMissing(_ call: Call) {
        let key = call.key(1)
        if call.lookupForWriting(key) != nil { return call.reply.integer(0) }
        if call.set(key, to: call[2]) { call.reply.integer(1) }
    }

    /// SETEX and PSETEX.
    static func setWithExpiry(_ call: Call, _ unit: ExpiryArgument.Unit) {
        do throws(ArgumentFailure) {
            let lifetime = try NewLifetime(.expiry(ExpiryArgument(text: call[2], unit: unit)), call)
            if lifetime.set(call.key(1), to: call[3], nil, call) { call.reply.ok() }
        } catch {
            call.fail(error)
        }
    }

    static func getSet(_ call: Call) {
        let key = call.key(1)
        let mark = call.reply.buffer.pointee.mark
        if let old = call.lookup(key) {
            guard old.isString else { return call.wrongType() }
            call.reply.value(old)
        } else {
            call.reply.null()
        }
        NewLifetime.none.set(key, to: call[2], nil, call, mark)
    }

    // MARK: Several keys

    static func setMany(_ call: Call) {
        guard call.argumentCount % 2 == 1 else { return call.wrongArgumentCount() }
        if setPairs(call, from: 1, to: call.argumentCount, .none) { call.reply.ok() }
    }

    static func setManyIfMissing(_ call: Call) {
        guard call.argumentCount % 2 == 1 else { return call.wrongArgumentCount() }
        for index in stride(from: 1, to: call.argumentCount, by: 2) where call.lookupForWriting(call.key(index)) != nil
        {
            return call.reply.integer(0)
        }
        if setPairs(call, from: 1, to: call.argumentCount, .none) { call.reply.integer(1) }
    }

    static func setManyWithOptions(_ call: Call) {
        guard let pairCount = call[1].int64, pairCount > 0, pairCount <= Int64(Int32.max) else {
            return call.reply.error("ERR invalid numkeys value")
        }
        // At most 2^31 pairs: no overflow.
        let end = 2 + 2 * Int(pairCount)
        guard end <= call.argumentCount else { return call.reply.error("ERR wrong number of key-value pairs") }
        do throws(ArgumentFailure) {
            let options = try StringOptions(call.arguments(from: end), for: .setMany)
            let lifetime = try NewLifetime(options.lifetime, call)
            if options.existence != .any {
                let wanted = options.existence == .present
                for index in stride(from: 2, to: end, by: 2)
                where (call.lookupForWriting(call.key(index)) != nil) != wanted {
                    return call.reply.integer(0)
                }
            }
            if setPairs(call, from: 2, to: end, lifetime) { call.reply.integer(1) }
        } catch {
            call.fail(error)
        }
    }

    /// Sets pair after pair; false once memory is short, which has been replied then.
    private static func setPairs(_ call: Call, from start: Int, to end: Int, _ lifetime: NewLifetime) -> Bool {
        for index in stride(from: start, to: end, by: 2) {
            let key = call.key(index)
            let old = lifetime.needsOld ? call.lookupForWriting(key) : nil
            guard lifetime.set(key, to: call[index + 1], old, call) else { return false }
        }
        return true
    }
}

/// Until when a value that is being set lives.
enum NewLifetime {
    case none
    /// As long as the old value would have.
    case kept
    /// A deadline in store milliseconds.
    case until(Int64)
    /// The time has passed already: the key goes.
    case past

    init(_ lifetime: StringOptions.Lifetime, _ call: Call) throws(ArgumentFailure) {
        switch lifetime {
        case .unsaid, .persist: self = .none
        case .keep: self = .kept
        case .expiry(let expiry):
            let deadline = try expiry.positiveDeadline(nowMilliseconds: call.wallMilliseconds)
            self = deadline <= call.wallMilliseconds ? .past : .until(call.deadline(unixMilliseconds: deadline))
        }
    }

    var needsOld: Bool {
        if case .kept = self { return true }
        return false
    }

    /// The deadline of the new value in store milliseconds, or nil when it has passed.
    func expiry(replacing old: EntryHandle?) -> Int64? {
        switch self {
        case .none: Entry.noExpiry
        case .kept: old?.expiry ?? Entry.noExpiry
        case .until(let deadline): deadline
        case .past: nil
        }
    }

    /// Sets the key accordingly; false when memory is short, which has been replied then.
    ///
    /// - Parameters:
    ///   - old: the key's present entry, needed for `kept` only.
    ///   - mark: where a reply begins that has been written already and that an error replaces.
    ///   - attributes: what the value is to carry beside the deadline.
    @discardableResult
    func set(
        _ key: Key, to value: ByteSlice, _ old: EntryHandle?, _ call: Call, _ mark: ReplyBuffer.Mark? = nil,
        _ attributes: EntryAttributes? = nil
    ) -> Bool {
        guard let expiry = expiry(replacing: old) else {
            call.removeOverdue(key)
            return true
        }
        let isKept = needsOld && old != nil
        if let attributes {
            if call.set(key, to: value, expiry: expiry, isKept: isKept, attributes) { return true }
        } else if call.set(key, to: value, expiry: expiry, isKept: isKept) {
            return true
        }
        guard let mark else { return false }
        call.reply.buffer.pointee.truncate(to: mark)
        return call.stored(false)
    }
}
