import Primitives

@testable import Store

/// Numbers whose keys' hashes begin with zero bits, so that a few thousand entries make a table as deep as millions do: all
/// of them go down one path of the directory.
struct PrefixedKeys {
    /// In the order of the hash.
    let numbers: [Int]
    /// Some whose last zero bit is a one: with them their common parent is too full.
    let neighbours: [Int]

    /// - Parameter zeroCount: leading bits of the hash that are 0; each bit more doubles the search.
    init(zeroCount: Int, count: Int, neighbourCount: Int) {
        var found: [(hash: UInt64, number: Int)] = []
        var neighbours: [Int] = []
        var number = 0
        while found.count < count || neighbours.count < neighbourCount {
            let hash = [UInt8](number: number).withSlice { TestCache.fixedSeed.hash($0) }
            let zeros = hash.leadingZeroBitCount
            if zeros >= zeroCount, found.count < count { found.append((hash, number)) }
            if zeros == zeroCount - 1, neighbours.count < neighbourCount { neighbours.append(number) }
            number += 1
        }
        numbers = found.sorted { $0.hash < $1.hash }.map(\.number)
        self.neighbours = neighbours
    }
}
