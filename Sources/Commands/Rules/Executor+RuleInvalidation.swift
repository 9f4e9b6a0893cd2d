import Primitives
import Store

/// What rules invalidate when keys under them are written or deleted.
///
/// Tags and single keys go before the command after that one runs, and so before anybody sees its reply; patterns of keys go in the
/// background. What goes is no deletion that sets off more: rules that name one another come to no circle.
extension Executor {
    /// Does what the command has set off. No shard is locked.
    @inline(never)
    func invalidateByRules() {
        state.pointee.hasRuleInvalidations = false
        let set = ruleInvalidations
        ruleInvalidations = []
        let now = nowMilliseconds
        for invalidation in set {
            switch invalidation.target {
            case .tag(let name):
                ByteSlice.with(name) { name in
                    _ = shared.store.invalidate(tag: name, database: invalidation.database, now: now)
                }
            case .key(let key):
                ByteSlice.with(key) { removeByRule($0, database: invalidation.database, rule: invalidation.rule) }
            case .keys(let pattern):
                keyPatternSweep.add(pattern, database: invalidation.database)
            }
        }
    }

    /// Goes on with patterns of keys; milliseconds until there is more to do, nil when there is nothing.
    func sweepKeyPatterns() -> Int? {
        keyPatternSweep.step(shared.store, now: nowMilliseconds) { key, database, rule in
            removeByRule(key, database: database, rule: rule)
        }
    }

    /// Removes a key unless it is under the rule that invalidates it. A stale entry goes too, or a lease would hand it out.
    private func removeByRule(_ bytes: ByteSlice, database: Int, rule: UInt8) {
        if state.pointee.rules?.rule(of: bytes)?.pointee.number == rule { return }
        let access = state.pointee.access
        let key = access.key(bytes, database: database)
        let shard = access.shard(hash: key.hash)
        shard.lock()
        defer { shard.unlock() }
        let live = access.find(key, now: nowMilliseconds, touching: false)
        if let entry = live ?? access.findStale(key, now: nowMilliseconds) { access.remove(entry) }
    }
}

extension Call {
    /// Notes what a write or deletion of `key` sets off by its rule.
    @inline(__always)
    func noteForRule(_ key: Key) {
        guard let rules = state.pointee.rules, rules.invalidates else { return }
        noteForRule(rules.rule(of: key.bytes), key)
    }

    @inline(never)
    func noteForRule(_ rule: UnsafePointer<CompiledRule>?, _ key: Key) {
        guard let rule, !rule.pointee.invalidations.isEmpty else { return }
        let executor = executor
        rule.pointee.withCaptures(of: key.bytes) { captures in
            for template in rule.pointee.invalidations {
                executor.ruleInvalidations.append(
                    RuleInvalidation(template, captures, database: key.database, rule: rule.pointee.number))
            }
        }
        state.pointee.hasRuleInvalidations = true
    }
}
