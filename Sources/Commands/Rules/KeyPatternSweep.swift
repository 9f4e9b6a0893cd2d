import CPrimitives
import Primitives
import Store

/// Removes the keys that match patterns which writes have set off, in slices, one loop's own.
///
/// All patterns that wait when a pass begins share it: a thousand writes of `item:*` cost one walk over the database, and what
/// they invalidate is gone when the pass has ended that began after the last of them. Passes take a quarter of the loop's time at
/// the most.
final class KeyPatternSweep {
    /// Patterns that wait at the most; from there on those that differ only by what a key has brought become one.
    static let maximumPatternCount = 64
    /// Entries that are looked at under a lock: some microseconds.
    private static let entriesPerLock = 64
    private static let sliceNanoseconds: UInt64 = 500_000
    /// After a pass the sweep rests for so many times what it took.
    private static let restFactor: UInt64 = 3

    private var waiting: [Int: Set<KeyPattern>] = [:]
    private var pass: Pass?
    private var restEndNanoseconds: UInt64 = 0

    private struct Pass {
        let database: Int
        let patterns: [(glob: KeyGlob, rule: UInt8)]
        var cursor: UInt64 = 0
        var nanoseconds: UInt64 = 0
    }

    /// Whether the first pattern has come since the last step: it need not wait for the others' time.
    private(set) var hasNews = false

    var isIdle: Bool { waiting.isEmpty && pass == nil }

    func add(_ pattern: KeyPattern, database: Int) {
        if isIdle { hasNews = true }
        var patterns = waiting[database] ?? []
        patterns.insert(pattern)
        // At most one for each operand of each rule is left, so this ends.
        if patterns.count > KeyPatternSweep.maximumPatternCount { patterns = Set(patterns.map(\.generalized)) }
        waiting[database] = patterns
    }

    /// Works for half a millisecond.
    ///
    /// - Parameter remove: is given a key that matches the pattern; nothing is locked.
    /// - Returns: milliseconds until there is more to do; 0 for at once, nil for nothing.
    func step(
        _ store: Store, now: Int64, remove: (_ key: ByteSlice, _ database: Int, _ rule: UInt8) -> Void
    ) -> Int? {
        hasNews = false
        if isIdle { return nil }
        let start = nc_monotonic_nanoseconds()
        guard var pass = pass ?? nextPass(start) else { return Int((restEndNanoseconds - start) / 1_000_000) + 1 }
        var end = start
        repeat {
            slice(&pass, store, now, remove)
            end = nc_monotonic_nanoseconds()
        } while pass.cursor != 0 && end - start < KeyPatternSweep.sliceNanoseconds
        pass.nanoseconds += end - start
        if pass.cursor != 0 {
            self.pass = pass
            return 0
        }
        self.pass = nil
        restEndNanoseconds = end + pass.nanoseconds * KeyPatternSweep.restFactor
        return isIdle ? nil : Int((restEndNanoseconds - end) / 1_000_000) + 1
    }

    private func nextPass(_ now: UInt64) -> Pass? {
        guard now >= restEndNanoseconds, let (database, patterns) = waiting.first else { return nil }
        waiting[database] = nil
        return Pass(database: database, patterns: patterns.map { (glob: $0.glob, rule: $0.rule) })
    }

    private func slice(
        _ pass: inout Pass, _ store: Store, _ now: Int64, _ remove: (ByteSlice, Int, UInt8) -> Void
    ) {
        // Matching may take long: not under a lock, for which all loops would spin. Stale entries go too.
        var candidates = KeyList()
        pass.cursor = store.scan(
            database: pass.database, cursor: pass.cursor, count: KeyPatternSweep.entriesPerLock, now: now,
            skippingVoid: false
        ) { entry in
            let key = entry.key
            if pass.patterns.contains(where: { $0.glob.mayMatch(key) }) { candidates.append(key) }
        }
        for index in 0..<candidates.count {
            candidates.withKey(index) { key in
                for (glob, rule) in pass.patterns where glob.matches(key) { remove(key, pass.database, rule) }
            }
        }
    }
}
