import CPrimitives
import Primitives
import RESP
import Store

/// INVALIDATE in slices: walks the database as SCAN does, and removes the keys that match.
///
/// A shard is locked while some keys are copied out of it, and again for each removal, never while a pattern is at work: that
/// may take long, and spinning for it would hold up all loops. What is removed is whatever then has the key.
final class PatternInvalidation: Job {
    /// The longest key that is matched, in bytes: at the very worst a glob of 4096 bytes takes 0.3 s for it.
    static let maximumKeyCount = 16_384
    /// Entries that are looked at under a lock: some microseconds.
    private static let entriesPerLock = 64
    /// The time after which others have their turn. One match may overrun it.
    private static let sliceNanoseconds: UInt64 = 500_000

    private let matcher: KeyMatcher
    private var removal: KeyRemoval
    private var cursor: UInt64 = 0
    private var isAtEnd = false
    private var hasBegun = false
    /// Keys that a glance did not rule out.
    private var candidates = KeyList()
    /// The candidate and the pattern to be tried next.
    private var next = (candidate: 0, pattern: 0)

    init(_ matcher: KeyMatcher, _ removal: KeyRemoval) {
        self.matcher = matcher
        self.removal = removal
    }

    func step(_ call: Call) -> Bool {
        guard let budget = MatchBudget() else { return fail(call, "the system has no memory left to match") }
        let start = nc_monotonic_nanoseconds()
        if !hasBegun, !removal.isDryRun {
            call.store.voidLeases(database: removal.database, locking: !call.holdsAllShards)
        }
        hasBegun = true
        repeat {
            if next.candidate < candidates.count {
                do {
                    try tryNext(call, budget)
                } catch {
                    return fail(call, text(of: error))
                }
            } else if isAtEnd || removal.isSatisfied {
                call.reply.integer(removal.count)
                return true
            } else if let count = gather(call) {
                let limit = Self.maximumKeyCount
                return fail(call, "a key of \(count) bytes is too long to be matched, \(limit) are allowed")
            }
        } while nc_monotonic_nanoseconds() &- start < Self.sliceNanoseconds  // the clock does not go back
        return false
    }

    /// Copies the next entries' keys.
    ///
    /// - Returns: the length of a key that is too long, if there was one.
    private func gather(_ call: Call) -> Int? {
        candidates.removeAll()
        next = (0, 0)
        var excessiveCount: Int?
        cursor = call.store.scan(
            database: removal.database, cursor: cursor, count: Self.entriesPerLock, now: call.nowMilliseconds,
            locking: !call.holdsAllShards, skippingVoid: false
        ) { entry in
            let key = entry.key
            guard matcher.mayMatch(key) else { return }
            if key.count > Self.maximumKeyCount { excessiveCount = key.count } else { candidates.append(key) }
        }
        isAtEnd = cursor == 0
        return excessiveCount
    }

    /// Tries one pattern on one candidate.
    private func tryNext(_ call: Call, _ budget: borrowing MatchBudget) throws(MatchFailure) {
        let isMatch = try candidates.withKey(next.candidate) { key throws(MatchFailure) in
            try matcher.matches(next.pattern, key, budget)
        }
        if isMatch { candidates.withKey(next.candidate) { removal.take($0, call) } }
        if removal.isSatisfied {
            candidates.removeAll()
        } else if isMatch || next.pattern + 1 == matcher.patternCount {
            next = (next.candidate + 1, 0)
        } else {
            next.pattern += 1
        }
    }

    private func text(of failure: MatchFailure) -> String {
        let pattern = matcher.shown(next.pattern)
        let count = candidates.withKey(next.candidate) { $0.count }
        switch failure {
        case .steps: return "\(pattern) takes more than \(MatchBudget.stepCount) steps on a key of \(count) bytes"
        case .memory:
            let limit = MatchBudget.memoryByteCount
            return "\(pattern) takes more than \(limit) bytes of memory on a key of \(count) bytes"
        case .other(let text): return "\(pattern) failed on a key of \(count) bytes: \(text)"
        }
    }

    /// Ends the command with an error that says how far it came; true, as `step` has it.
    private func fail(_ call: Call, _ reason: String) -> Bool {
        call.reply.error("ERR \(reason); \(removal.progressText)")
        return true
    }
}
