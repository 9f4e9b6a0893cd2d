import RESP

/// INVALIDATE of patterns that match one key each: O(1) for each of them, in slices since there may be a million.
final class LiteralInvalidation: Job {
    private var keys = KeyList()
    private var removal: KeyRemoval
    private var next = 0
    private static let keysPerStep = 1024

    init(_ literals: [[UInt8]], _ removal: KeyRemoval) {
        self.removal = removal
        // A dry run too counts a key once that is named twice.
        var seen: Set<[UInt8]> = []
        for literal in literals where seen.insert(literal).inserted { keys.append(literal) }
    }

    func step(_ call: Call) -> Bool {
        let end = min(keys.count, next + Self.keysPerStep)
        while next < end, !removal.isSatisfied {
            keys.withKey(next) { removal.take($0, call) }
            next += 1
        }
        guard next == keys.count || removal.isSatisfied else { return false }
        call.reply.integer(removal.count)
        return true
    }
}
