import CPrimitives
import Configuration
import Primitives
import Store
import Telemetry

/// What is counted under a rule by the loops; the store counts the rest.
enum RuleCount: Int, CaseIterable {
    case hits
    case misses
    /// Values stored, and changed in place.
    case writes
    /// Of those, the ones that took the place of a value that was still good; RENAME and COPY always count. Only under rules with
    /// an adaptive TTL.
    case rewrites
    /// Values that were not stored: `no-store`, `max-value`, a tag that would be too long.
    case refusals
}

/// The rules in force: their table, the numbers that their entries bear, and what is counted under each number.
///
/// They change with all loops parked, so that no loop uses an old table or gives an entry the number of a rule that is gone.
final class RuleRegistry: @unchecked Sendable {
    static let numberCount = Rule.maximumCount + 1

    /// Counts of all loops, one block each; `index` says where.
    let counts: CounterBlocks
    /// Lifetimes that move, by number.
    let adaptive: AdaptiveTTLs
    private let store: Store
    private let state = Locked(State())
    /// The second in which adaptive lifetimes were moved last; the first loop's.
    private var movedSecond: Int64 = -1

    private struct State {
        var product: RuleTableBuilder.Product?
        /// Of all rules, and of removed ones whose entries are still there.
        var numbers: [String: UInt8] = [:]
    }

    init(store: Store, loopCount: Int) {
        self.store = store
        counts = CounterBlocks(threads: loopCount, counters: RuleRegistry.numberCount * RuleCount.allCases.count)
        adaptive = AdaptiveTTLs(count: RuleRegistry.numberCount)
    }

    @inline(__always)
    static func index(_ number: UInt8, _ count: RuleCount) -> Int {
        Int(number) * RuleCount.allCases.count + count.rawValue
    }

    func count(_ count: RuleCount, of number: UInt8) -> UInt64 { counts.sum(RuleRegistry.index(number, count)) }

    /// The table, or nil without rules.
    var table: RuleTable? { state.withLock { $0.product?.table } }

    /// The number that entries of a rule bear.
    func number(of name: String) -> UInt8? { state.withLock { $0.numbers[name] } }

    /// The name of the rule whose entries bear a number. O(rules).
    func name(of number: UInt8) -> String? { state.withLock { $0.numbers.first { $0.value == number }?.key } }

    /// Whether there is a number for each of `rules`: one that no entry bears, or that is the rule's already.
    func hasNumbers(for rules: [Rule]) -> Bool { Self.assigned(rules, idleNumbers(besides: rules)) != nil }

    /// Puts `rules` in force. All loops are parked, or none runs yet.
    ///
    /// - Parameter publish: told the new table, before the memory of the old one goes.
    func follow(_ rules: [Rule], _ publish: (RuleTable?) -> Void) {
        guard let numbers = Self.assigned(rules, idleNumbers(besides: rules)) else {
            preconditionFailure("rules without numbers are refused before they are put in force")
        }
        let known = state.withLock { $0.numbers }
        var numbered: [(rule: Rule, number: UInt8)] = []
        for rule in rules {
            guard let number = numbers[rule.name] else { continue }
            if known[rule.name] != number { forget(number) }
            adaptive.prepare(number, for: rule)
            numbered.append((rule, number))
        }
        let product = numbered.isEmpty ? nil : RuleTableBuilder.make(numbered, adaptive: adaptive)
        let old = state.withLock { state in
            let old = state.product
            state.product = product
            state.numbers = numbers
            return old
        }
        publish(product?.table)
        withExtendedLifetime(old) {}
    }

    /// The numbers of removed rules that some entry still bears, by the rules' names.
    private func idleNumbers(besides rules: [Rule]) -> [String: UInt8] {
        let names = Set(rules.map(\.name))
        return state.withLock { $0.numbers }.filter { name, number in
            let held = store.ruleStatistics(of: number, locking: false)
            return names.contains(name) || held.entryCount + held.staleCount > 0
        }
    }

    /// A number for each rule, the ones it had before, beside those of `taken`; nil when there are not enough.
    private static func assigned(_ rules: [Rule], _ taken: [String: UInt8]) -> [String: UInt8]? {
        var numbers = taken
        var free = Set(1...UInt8(Rule.maximumCount)).subtracting(taken.values).sorted()[...]
        for rule in rules where numbers[rule.name] == nil {
            guard let number = free.popFirst() else { return nil }
            numbers[rule.name] = number
        }
        return numbers
    }

    /// A number goes from one rule to another: its counts begin anew.
    private func forget(_ number: UInt8) {
        let first = RuleRegistry.index(number, .hits)
        adaptive.forget(number)
        counts.reset(first..<first + RuleCount.allCases.count)
        store.resetRuleCounts(of: number, locking: false)
    }

    /// Moves adaptive lifetimes, once a second at the most. By the first loop.
    func moveAdaptive(nowMilliseconds now: Int64) {
        guard let table, table.isAdaptive, now / 1000 != movedSecond else { return }
        movedSecond = now / 1000
        adaptive.move { number, count in counts.total(RuleRegistry.index(number, count)) }
    }

    /// CONFIG RESETSTAT.
    func resetStatistics() {
        counts.reset()
        for number in 1...UInt8(Rule.maximumCount) { store.resetRuleCounts(of: number, locking: false) }
    }
}

extension SharedState {
    /// Puts the configuration's rules in force now and whenever they change, which happens with all loops parked.
    func followRules() {
        rules.follow(configuration.values.rules) { _ in }
        configuration.examine { [weak self] changed, values in
            guard let self, changed.contains(.rules), !rules.hasNumbers(for: values.rules) else { return nil }
            return Configuration.Objection(
                .rules, "entries of removed rules still bear all \(Rule.maximumCount) numbers there are")
        }
        configuration.observe { [weak self] changed, values in
            guard let self, changed.contains(.rules) else { return }
            rules.follow(values.rules) { table in
                self.forEachExecutor { $0.state.pointee.rules = table }
            }
        }
    }
}
