import Primitives
import RESP
import Store

// MARK: - INCREX

extension StringCommands {
    /// INCREX of Redis 8.8, with NX and XX of Valkey 9.2: a counter with bounds and a lifetime.
    static func count(_ call: Call) {
        do throws(ArgumentFailure) {
            let options = try CounterOptions(call.arguments(from: 2))
            let counter = try Counter(call, options)
            switch options.increment {
            case .float(let increment)?: counter.addFloat(increment)
            case .integer(let increment)?: counter.addInteger(increment)
            case nil: counter.addInteger(nil)
            }
        } catch {
            call.fail(error)
        }
    }
}

/// One INCREX under way.
private struct Counter {
    let call: Call
    let key: Key
    let options: CounterOptions
    let entry: EntryHandle?
    let lifetime: NewLifetime

    init(_ call: Call, _ options: CounterOptions) throws(ArgumentFailure) {
        self.call = call
        self.options = options
        key = call.key(1)
        let wanted = try NewLifetime(options.expiry.map { .expiry($0) } ?? .unsaid, call)
        entry = call.lookupForWriting(key)
        let hasExpiry = (entry?.expiry ?? Entry.noExpiry) != Entry.noExpiry
        let keeps = options.expiry == nil ? !options.persists : options.keepsExpiry && hasExpiry
        lifetime = keeps ? .kept : wanted
    }

    private var isString: Bool { entry?.isString ?? true }

    /// NX and XX.
    private var isAllowed: Bool {
        switch options.existence {
        case .any: true
        case .missing: entry == nil
        case .present: entry != nil
        }
    }

    func addInteger(_ increment: ByteSlice?) {
        do throws(CounterFailure) {
            let sum = try BoundedSum(options, increment)
            guard isString else { return call.wrongType() }
            let present = entry.map { entry in entry.integerValue ?? entry.withValue { $0.int64 } } ?? 0
            guard let old = present else { throw .notInteger(.value) }
            guard isAllowed, let (new, applied) = try sum.apply(to: old) else { return reply(old, 0) }
            if store(new) { reply(new, applied) }
        } catch {
            call.fail(error)
        }
    }

    private func reply(_ new: Int64, _ applied: Int64) {
        call.reply.array(2)
        call.reply.integer(new)
        call.reply.integer(applied)
    }

    /// Gives the key its new value; false when memory is short, which has been replied then.
    private func store(_ new: Int64) -> Bool {
        if let entry, case .kept = lifetime {
            guard call.stored(entry.replaceInteger(new)) else { return false }
            call.noteModified(entry)
            return true
        }
        return store(.integer(new))
    }

    /// Tags and stale window of an old value stay.
    private func store(_ value: EntryValue) -> Bool {
        guard let expiry = lifetime.expiry(replacing: entry) else {
            call.removeOverdue(key)
            return true
        }
        if let entry { return call.replace(entry, with: value, expiry: expiry) }
        return call.set(key, toNew: value, expiry: expiry)
    }

    func addFloat(_ increment: ByteSlice) {
        if let entry, isString { entry.withValue { addFloat(increment, to: $0) } } else { addFloat(increment, to: nil) }
    }

    private func addFloat(_ increment: ByteSlice, to current: ByteSlice?) {
        do throws(CounterFailure) {
            try BoundedFloatSum.with(current, increment, options, isAllowed: isAllowed) { new, applied, isApplied in
                guard isString else { return call.wrongType() }
                guard !isApplied || store(EntryValue(leanest: new)) else { return }
                call.reply.array(2)
                call.reply.double(text: new)
                call.reply.double(text: applied)
            }
        } catch {
            if isString || error.isOfArguments { call.fail(error) } else { call.wrongType() }
        }
    }
}

extension Call {
    fileprivate func fail(_ failure: CounterFailure) {
        switch failure {
        case .notInteger(let role): reply.error("ERR \(role.name) is not an integer or out of range")
        case .notFloat(let role): reply.error("ERR \(role.name) is not a valid float")
        case .infiniteIncrement: reply.error("ERR BYFLOAT increment cannot be Infinity")
        case .infiniteValue: reply.error("ERR value cannot be Infinity")
        case .crossedBounds: reply.error("ERR LBOUND can't be greater than UBOUND")
        case .overflowingStep: reply.error("ERR applied increment would overflow")
        case .infiniteStep: reply.error("ERR applied increment would be Infinity")
        }
    }
}

extension CounterFailure.Role {
    fileprivate var name: StaticString {
        switch self {
        case .increment: "Increment"
        case .lowerBound: "LBOUND"
        case .upperBound: "UBOUND"
        case .value: "value"
        }
    }
}

extension ReplyWriter {
    /// A number whose text is there already; with RESP2 a string.
    fileprivate func double(text: ByteSlice) {
        guard version == 3 else { return bulk(text) }
        raw(",")
        raw(text)
        raw("\r\n")
    }
}
