import Primitives

/// Requests for ids from 0 up to `idCount` - 1, made once and replayed to every policy.
struct Trace {
    let name: String
    let idCount: Int
    let ids: [Int32]
    /// The first half fills the cache: the first requests for an id miss in any.
    var warmUpCount: Int { ids.count / 2 }

    /// Zipf's law: the k-th most popular id is asked for in proportion to 1 / k^0.99. Popularity and order of the ids have
    /// nothing to do with each other.
    static func zipf(idCount: Int, requestCount: Int, seed: UInt64) -> Trace {
        var source = ZipfSource(idCount: idCount, seed: seed)
        return Trace(name: "zipf", idCount: idCount, ids: (0..<requestCount).map { _ in source.next() })
    }

    /// The same with a fifth of the requests in scans: runs over neighbouring ids, as of a report or a backup.
    static func zipfWithScans(idCount: Int, requestCount: Int, seed: UInt64) -> Trace {
        var source = ZipfSource(idCount: idCount, seed: seed)
        var generator = RandomGenerator(seed: seed &+ 1)
        let scanLength = idCount / 100
        var ids: [Int32] = []
        ids.reserveCapacity(requestCount)
        while ids.count < requestCount {
            let start = generator.below(idCount)
            // One scan and four times as many other requests, shuffled in one by one.
            for offset in 0..<scanLength {
                ids.append(Int32((start + offset) % idCount))
                for _ in 0..<4 { ids.append(source.next()) }
            }
        }
        return Trace(name: "zipf + 20 % scans", idCount: idCount, ids: ids)
    }
}

private struct ZipfSource {
    private var generator: RandomGenerator
    private var cumulated: [Double] = []
    private var idOfRank: [Int32]

    init(idCount: Int, seed: UInt64) {
        generator = RandomGenerator(seed: seed)
        cumulated.reserveCapacity(idCount)
        var sum = 0.0
        // The hundredth root of the rank, by Newton's method from the last one's: Swift has no pow of its own.
        var root = 1.0
        for rank in 1...idCount {
            for _ in 0..<3 {
                let power99 = ZipfSource.power99(root)
                root -= (power99 * root - Double(rank)) / (100 * power99)
            }
            sum += root / Double(rank)
            cumulated.append(sum)
        }
        idOfRank = (0..<Int32(idCount)).map { $0 }
        idOfRank.shuffle(using: &generator)
    }

    private static func power99(_ x: Double) -> Double {
        let x3 = x * x * x
        let x9 = x3 * x3 * x3
        let x11 = x9 * x * x
        let x33 = x11 * x11 * x11
        return x33 * x33 * x33
    }

    mutating func next() -> Int32 {
        let target = Double(generator.next() >> 11) / Double(1 << 53) * (cumulated.last ?? 0)
        var (low, high) = (0, cumulated.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulated[middle] < target { low = middle + 1 } else { high = middle }
        }
        return idOfRank[low]
    }
}
