import CPrimitives
import Configuration
import Primitives

/// The lifetimes of rules with `ttl adaptive`, by the rules' numbers: written by the first loop, read by all.
final class AdaptiveTTLs: @unchecked Sendable {
    /// What one rule's lifetime was moved by last.
    struct Observation {
        var bounds: ClosedRange<Int64>?
        /// Figures of the interval that was looked at last, in hundredths; nil before the first.
        var hitPercent: Int?
        var rewritePercent: Int?
        var lookups: UInt64 = 0
        var writes: UInt64 = 0
        var direction = Direction.kept
        /// What the counters were at its end.
        fileprivate var last: [RuleCount: UInt64] = [:]
    }

    enum Direction: String { case raised, lowered, kept }

    /// Fewer lookups and writes than this say nothing: the interval goes on.
    static let leastSample: UInt64 = 100
    /// From this share of rewrites on, most values change before their time is over: a copy that lives longer is an old one.
    static let highRewritePercent = 50
    static let lowRewritePercent = 25
    /// Above it there is little to be gained from a longer life.
    static let goodHitPercent = 95

    /// Milliseconds by number.
    private let lifetimes: UnsafeMutablePointer<UInt64>
    private let observations: Locked<[Observation]>

    init(count: Int) {
        lifetimes = .allocate(capacity: count)
        lifetimes.initialize(repeating: 0, count: count)
        observations = Locked([Observation](repeating: Observation(), count: count))
    }

    deinit { lifetimes.deallocate() }

    @inline(__always)
    func milliseconds(of number: UInt8) -> Int64 {
        // At most 2^31 seconds.
        Int64(truncatingIfNeeded: nc_atomic_load_relaxed(lifetimes + Int(number)))
    }

    func observation(of number: UInt8) -> Observation { observations.withLock { $0[Int(number)] } }

    /// A rule is defined or changed: its lifetime moves on from where it was, within the bounds; a new one begins at the shortest,
    /// which does no harm.
    func prepare(_ number: UInt8, for rule: Rule) {
        observations.withLock { observations in
            guard case .adaptive(let minimum, let maximum)? = rule.ttl else {
                observations[Int(number)] = Observation()
                return nc_atomic_store_relaxed(lifetimes + Int(number), 0)
            }
            let bounds = minimum * 1000...maximum * 1000
            let wasAdaptive = observations[Int(number)].bounds != nil
            if !wasAdaptive { observations[Int(number)] = Observation() }
            observations[Int(number)].bounds = bounds
            let lifetime = wasAdaptive ? milliseconds(of: number) : bounds.lowerBound
            set(number, min(max(lifetime, bounds.lowerBound), bounds.upperBound))
        }
    }

    /// The number goes to another rule.
    func forget(_ number: UInt8) { observations.withLock { $0[Int(number)] = Observation() } }

    private func set(_ number: UInt8, _ milliseconds: Int64) {
        nc_atomic_store_relaxed(lifetimes + Int(number), UInt64(milliseconds))
    }

    /// Moves each lifetime by what was counted since it moved last. Once a second, by one loop.
    ///
    /// - Parameter total: a count that never goes back.
    func move(_ total: (UInt8, RuleCount) -> UInt64) {
        observations.withLock { observations in
            for index in observations.indices {
                guard let bounds = observations[index].bounds else { continue }
                let number = UInt8(truncatingIfNeeded: index)
                guard let step = observations[index].next({ total(number, $0) }) else { continue }
                let lifetime = milliseconds(of: number)
                let moved = lifetime / 5 * Int64(step.numerator) + lifetime % 5
                set(number, min(max(moved, bounds.lowerBound), bounds.upperBound))
            }
        }
    }
}

extension AdaptiveTTLs.Observation {
    /// A factor in fifths.
    struct Step { let numerator: Int }

    /// Takes in what was counted and decides: longer by a fifth, shorter by a fifth, or nil for as it is.
    fileprivate mutating func next(_ total: (RuleCount) -> UInt64) -> Step? {
        let counted = RuleCount.allCases.map { (count: $0, total: total($0)) }
        guard !last.isEmpty else {
            for (count, total) in counted { last[count] = total }
            return nil
        }
        // Totals never go back.
        var delta: [RuleCount: UInt64] = [:]
        for (count, total) in counted { delta[count] = total &- (last[count] ?? 0) }
        let (hits, misses) = (delta[.hits] ?? 0, delta[.misses] ?? 0)
        let (writes, rewrites) = (delta[.writes] ?? 0, delta[.rewrites] ?? 0)
        guard hits + misses + writes >= AdaptiveTTLs.leastSample else { return nil }
        for (count, total) in counted { last[count] = total }
        lookups = hits + misses
        self.writes = writes
        hitPercent = lookups == 0 ? nil : Int(hits * 100 / lookups)
        rewritePercent = writes == 0 ? 0 : Int(min(rewrites, writes) * 100 / writes)
        direction = AdaptiveTTLs.direction(hitPercent: hitPercent, rewritePercent: rewritePercent ?? 0)
        switch direction {
        case .raised: return Step(numerator: 6)
        case .lowered: return Step(numerator: 4)
        case .kept: return nil
        }
    }
}

extension AdaptiveTTLs {
    /// Where a lifetime is to go.
    ///
    /// Many rewrites: values change faster than they expire, so a shorter life costs few hits and saves stale copies. Few rewrites and
    /// many misses: values outlive their deadlines, and are fetched again for nothing.
    static func direction(hitPercent: Int?, rewritePercent: Int) -> Direction {
        if rewritePercent >= highRewritePercent { return .lowered }
        guard let hitPercent, rewritePercent < lowRewritePercent else { return .kept }
        return hitPercent < goodHitPercent ? .raised : .kept
    }
}
