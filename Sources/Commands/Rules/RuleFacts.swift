import Configuration
import Store

/// What was counted under one rule.
struct RuleFacts {
    let name: String
    /// Fields of RULE GET and INFO, in their order.
    let numbers: [(name: String, number: Int64)]
    /// Of a rule with an adaptive TTL.
    let adaptive: AdaptiveTTLs.Observation?
    let adaptiveMilliseconds: Int64

    /// Nil when the rule has gone meanwhile. O(shards × databases).
    ///
    /// - Parameter locking: false when the caller holds all shards.
    init?(_ rule: Rule, _ shared: SharedState, locking: Bool) {
        guard let number = shared.rules.number(of: rule.name) else { return nil }
        let held = shared.store.ruleStatistics(of: number, locking: locking)
        let count = { (count: RuleCount) in Int64(clamping: shared.rules.count(count, of: number)) }
        name = rule.name
        numbers = [
            ("entries", Int64(held.entryCount)), ("stale", Int64(held.staleCount)), ("bytes", Int64(held.entryBytes)),
            ("hits", count(.hits)), ("misses", count(.misses)), ("writes", count(.writes)),
            ("refusals", count(.refusals)), ("evictions", Int64(clamping: held.evictedCount)),
            ("expirations", Int64(clamping: held.expiredCount)),
        ]
        let observation = shared.rules.adaptive.observation(of: number)
        adaptive = observation.bounds == nil ? nil : observation
        adaptiveMilliseconds = shared.rules.adaptive.milliseconds(of: number)
    }

    static func all(_ shared: SharedState, locking: Bool) -> [RuleFacts] {
        shared.configuration.values.rules.compactMap { RuleFacts($0, shared, locking: locking) }
    }
}
