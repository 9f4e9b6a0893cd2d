import Configuration
import Primitives
import RESP
import Store
import Telemetry

/// On what terms a value is stored: what its writer asked for, as the key's rule has changed it.
struct WriteTerms {
    /// In store milliseconds; `Entry.noExpiry` for none.
    var expiry: Int64
    /// The rule that the key is under; nil for none.
    var rule: UnsafePointer<CompiledRule>?
    /// False: the key is to be as if it had expired at once.
    var isStored = true

    @inline(__always)
    init(expiry: Int64) { self.expiry = expiry }
}

/// What rules change about commands. Without rules each of these is one comparison.
extension Call {
    // MARK: Writing

    /// The terms on which a value of `valueCount` bytes becomes that of `key`.
    ///
    /// - Parameters:
    ///   - expiry: the deadline that the writer gives; `Entry.noExpiry` for none.
    ///   - isKept: whether that is the old value's (KEEPTTL, RENAME), which rules leave alone.
    @inline(__always)
    func terms(of key: Key, valueCount: Int, expiry: Int64, isKept: Bool) -> WriteTerms {
        guard let rules = state.pointee.rules else { return WriteTerms(expiry: expiry) }
        return terms(rules, key, valueCount, expiry, isKept)
    }

    @inline(never)
    private func terms(
        _ rules: RuleTable, _ key: Key, _ valueCount: Int, _ expiry: Int64, _ isKept: Bool
    ) -> WriteTerms {
        var terms = WriteTerms(expiry: expiry)
        guard let rule = rules.rule(of: key.bytes) else { return terms }
        terms.rule = rule
        if rules.invalidates { noteForRule(rule, key) }
        guard !rule.pointee.refuses(key.bytes, valueCount: valueCount) else {
            count(.refusals, of: rule.pointee.number)
            terms.isStored = false
            return terms
        }
        if !isKept {
            terms.expiry = rule.pointee.deadline(
                asked: expiry, defaultMilliseconds: rules.defaultMilliseconds(of: rule), now: nowMilliseconds,
                &state.pointee.generator)
        }
        count(.writes, of: rule.pointee.number)
        // A look at the target could remove an expired entry of its shard, and void the source of a copy.
        if rule.pointee.isAdaptive, isKept || peek(key) != nil { count(.rewrites, of: rule.pointee.number) }
        return terms
    }

    /// Stores a value with what it is to carry by its command and by its rule. Tags of both, but KEEPTAGS keeps the rule's away; a
    /// stale window that the command gives counts. False without memory.
    @inline(never)
    func store(_ value: EntryValue, _ key: Key, _ terms: WriteTerms, _ attributes: EntryAttributes) -> Bool {
        func store(_ attributes: EntryAttributes) -> Bool {
            access.set(key, to: value, expiry: terms.expiry, attributes: attributes, now: nowMilliseconds)
        }
        var attributes = attributes
        if let rule = terms.rule {
            attributes.rule = rule.pointee.number
            if attributes.staleSeconds == 0 { attributes.staleSeconds = UInt32(clamping: rule.pointee.staleSeconds) }
        }
        if attributes.staleSeconds == 0, terms.expiry != Entry.noExpiry {
            attributes.staleSeconds = state.pointee.defaultStaleSeconds
        }
        return withTagsOfRule(terms.rule, key, attributes, store)
    }

    /// Calls `body` with attributes that have the tags of the key's rule, too.
    private func withTagsOfRule<Result>(
        _ rule: UnsafePointer<CompiledRule>?, _ key: Key, _ attributes: EntryAttributes,
        _ body: (EntryAttributes) -> Result
    ) -> Result {
        guard let rule, rule.pointee.hasTags, !attributes.keepsTags else { return body(attributes) }
        return rule.pointee.withTags(of: key.bytes, besides: attributes.tags) { tags in
            var all = attributes
            all.tags = tags
            return body(all)
        }
    }

    /// Whether a value of these attributes, and of the tags of the key's rule, was computed after their last invalidations.
    func isCurrent(_ attributes: EntryAttributes, for key: Key) -> Bool {
        withTagsOfRule(state.pointee.rules?.rule(of: key.bytes), key, attributes) {
            access.isCurrent($0, for: key, now: nowMilliseconds)
        }
    }

    /// Whether a value under `key` may have `count` tags beside those of its rule; false after the error reply.
    func accepts(tagCount count: Int, of key: Key) -> Bool {
        guard count > 0, let rule = state.pointee.rules?.rule(of: key.bytes) else { return true }
        let ruleCount = rule.pointee.tags.count + rule.pointee.tagTemplates.count
        if count + ruleCount <= EntryAttributes.maximumTagCount { return true }
        reply.error(
            "ERR too many tags, \(EntryAttributes.maximumTagCount) are allowed with the \(ruleCount) of the key's rule")
        return false
    }

    @inline(__always)
    private func count(_ count: RuleCount, of number: UInt8) {
        state.pointee.ruleCounts.add(RuleRegistry.index(number, count))
    }

    /// Notes a change that left the entry in its place (INCR, APPEND); when its value has become larger than its rule lets it be,
    /// the key goes. The handle may be void afterwards.
    @inline(__always)
    func noteModified(_ entry: EntryHandle) {
        guard let rules = state.pointee.rules else { return }
        noteModified(rules, entry)
    }

    @inline(never)
    private func noteModified(_ rules: RuleTable, _ entry: EntryHandle) {
        guard let rule = rules.rule(of: entry.key.bytes) else { return }
        if rules.invalidates { noteForRule(rule, entry.key) }
        let weighedCount = entry.integerValue == nil ? entry.valueCount : 1
        if weighedCount > rule.pointee.maximumValueCount {
            count(.refusals, of: rule.pointee.number)
            return access.remove(entry)
        }
        count(.writes, of: rule.pointee.number)
        if rule.pointee.isAdaptive { count(.rewrites, of: rule.pointee.number) }
    }

    /// Whether a new value of `valueCount` bytes under `key` is one that the key's rule does not let be stored.
    @inline(__always)
    func isRefused(_ key: Key, valueCount: Int) -> Bool {
        guard let rule = state.pointee.rules?.rule(of: key.bytes) else { return false }
        return rule.pointee.refuses(key.bytes, valueCount: valueCount)
    }

    // MARK: Deadlines

    /// Gives an entry the deadline that EXPIRE or its kin ask for (`Entry.noExpiry`: PERSIST), within the bounds of the key's rule.
    /// False when there is no memory.
    @discardableResult
    func setExpiry(of entry: EntryHandle, to deadline: Int64) -> Bool {
        guard let rule = state.pointee.rules?.rule(of: entry.key.bytes) else { return entry.setExpiry(deadline) }
        return entry.setExpiry(rule.pointee.bounded(deadline: deadline, now: nowMilliseconds))
    }

    /// The deadline of a value that takes the place of `entry`'s and is computed from it: the old one stays as it is.
    @inline(__always)
    func deadline(of entry: EntryHandle, replacedUntil expiry: Int64) -> Int64 {
        guard expiry != entry.expiry, let rules = state.pointee.rules, let rule = rules.rule(of: entry.key.bytes) else {
            return expiry
        }
        return rule.pointee.deadline(
            asked: expiry, defaultMilliseconds: rules.defaultMilliseconds(of: rule), now: nowMilliseconds,
            &state.pointee.generator)
    }

    // MARK: Reading

    /// Counts a hit for the rule whose number the entry bears, or a miss for the rule that the key is under.
    @inline(__always)
    func countLookup(_ found: EntryHandle?, of key: Key) {
        state.pointee.counters.add(found != nil ? Counter.keyspaceHits : Counter.keyspaceMisses)
        guard let rules = state.pointee.rules else { return }
        if let found {
            if let number = found.entry.ruleNumber { count(.hits, of: number) }
        } else {
            countMiss(rules, key)
        }
    }

    @inline(never)
    private func countMiss(_ rules: RuleTable, _ key: Key) {
        if let rule = rules.rule(of: key.bytes) { count(.misses, of: rule.pointee.number) }
    }
}

extension EntryValue {
    /// Bytes as `max-value` weighs them: numbers never are too large.
    @inline(__always)
    var weighedCount: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .integer: 1
        case .block(let block): block.count
        }
    }
}
