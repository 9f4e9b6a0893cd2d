/// The prefixes of a loop's clients in broadcasting mode. A key is looked up by each length that some prefix has.
struct PrefixTable {
    private var tokens: [[UInt8]: [ReaderToken]] = [:]
    /// Prefixes of each length.
    private var counts: [Int: Int] = [:]
    private var lengths: [Int] = []

    var isEmpty: Bool { tokens.isEmpty }

    mutating func insert(_ prefix: [UInt8], _ token: ReaderToken) {
        if tokens[prefix] == nil {
            counts[prefix.count, default: 0] += 1
            lengths = counts.keys.sorted()
        }
        tokens[prefix, default: []].append(token)
    }

    mutating func remove(_ prefix: [UInt8], _ token: ReaderToken) {
        guard var rest = tokens[prefix] else { return }
        rest.removeAll { $0 == token }
        tokens[prefix] = rest.isEmpty ? nil : rest
        guard rest.isEmpty else { return }
        let count = (counts[prefix.count] ?? 1) - 1
        counts[prefix.count] = count > 0 ? count : nil
        lengths = counts.keys.sorted()
    }

    /// Keys, by their places among those that changed, that have one prefix, and whose prefix it is.
    struct Match {
        let prefix: [UInt8]
        let tokens: [ReaderToken]
        var places: [Int]
    }

    /// The prefixes that some of `keys` have, in ascending order. O(keys × lengths).
    func matches(_ keys: [[UInt8]]) -> [Match] {
        var found: [[UInt8]: Match] = [:]
        for (place, key) in keys.enumerated() {
            for length in lengths {
                guard length <= key.count else { break }
                let prefix = Array(key[..<length])
                guard let tokens = tokens[prefix] else { continue }
                found[prefix, default: Match(prefix: prefix, tokens: tokens, places: [])].places.append(place)
            }
        }
        return found.values.sorted { $0.prefix.lexicographicallyPrecedes($1.prefix) }
    }
}
