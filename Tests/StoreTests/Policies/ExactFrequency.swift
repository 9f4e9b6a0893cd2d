import Primitives

/// LFU: the entry with the fewest accesses since its insertion goes, of several the one unused for longest.
struct ExactFrequency: ExactPolicy {
    enum Counter {
        /// Every access counts.
        case plain
        /// Redis's: from 5 on, one more with a probability of 1 / (10 × (counter - 5) + 1).
        case logarithmic
    }

    private struct Rank: Comparable {
        var count: Int
        var time: Int
        var id: Int
        static func < (a: Rank, b: Rank) -> Bool { a.count != b.count ? a.count < b.count : a.time < b.time }
    }

    private(set) var counts: [Int]
    private var times: [Int]
    private var heap: [Rank] = []
    private var present = 0
    private var now = 0
    private var capacity: Int
    private let counter: Counter
    private var generator = RandomGenerator(seed: 7)

    init(idCount: Int, capacity: Int, counter: Counter) {
        counts = Array(repeating: -1, count: idCount)
        times = Array(repeating: 0, count: idCount)
        self.capacity = capacity
        self.counter = counter
    }

    mutating func request(_ id: Int) -> Bool {
        now += 1
        if counts[id] >= 0 {
            times[id] = now
            counts[id] = incremented(counts[id])
            return true
        }
        if present == capacity { evict() }
        counts[id] = counter == .plain ? 1 : 5
        times[id] = now
        present += 1
        heap.push(Rank(count: counts[id], time: now, id: id))
        return false
    }

    mutating func giveUpRoom() {
        if present == capacity { evict() }
        capacity -= 1
    }

    private mutating func incremented(_ count: Int) -> Int {
        switch counter {
        case .plain: return count + 1
        case .logarithmic:
            if count >= 255 { return 255 }
            return generator.below((count - 5) * 10 + 1) == 0 ? count + 1 : count
        }
    }

    /// An entry's rank in the heap may be out of date: then it goes back with the true one, which is never lower.
    private mutating func evict() {
        while let rank = heap.pop() {
            if counts[rank.id] == rank.count, times[rank.id] == rank.time {
                counts[rank.id] = -1
                present -= 1
                return
            }
            heap.push(Rank(count: counts[rank.id], time: times[rank.id], id: rank.id))
        }
    }
}
