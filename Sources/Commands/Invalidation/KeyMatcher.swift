import Primitives

/// The patterns of one INVALIDATE, all of a kind: a key matches if one of them does.
enum KeyMatcher {
    case globs([KeyGlob])
    case expressions([RegularExpression])

    var patternCount: Int {
        switch self {
        case .globs(let globs): globs.count
        case .expressions(let expressions): expressions.count
        }
    }

    /// Whether a pattern may match `key`, as far as a glance tells. For the time in which the key's shard is locked.
    func mayMatch(_ key: ByteSlice) -> Bool {
        switch self {
        case .globs(let globs): globs.contains { $0.mayMatch(key) }
        case .expressions: true
        }
    }

    /// Whether the pattern at `index` matches `key`.
    func matches(_ index: Int, _ key: ByteSlice, _ budget: borrowing MatchBudget) throws(MatchFailure) -> Bool {
        switch self {
        case .globs(let globs): globs[index].matches(key)
        case .expressions(let expressions): try expressions[index].matches(key, budget)
        }
    }

    /// The pattern at `index` for the text of an error, which a glob never is the cause of.
    func shown(_ index: Int) -> String {
        switch self {
        case .globs: ""
        case .expressions(let expressions): expressions[index].shown
        }
    }
}
