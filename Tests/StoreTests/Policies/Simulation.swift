import Primitives

/// An exact cache of so many entries, one of the references that the store's policies are measured against.
protocol Simulation {
    /// Asks for an id and puts it in when it is not there; whether it was there.
    mutating func request(_ id: Int) -> Bool
}

extension Simulation {
    /// The share of a trace's requests that find nothing.
    mutating func missRatio(_ trace: Trace) -> Double {
        var misses = 0
        for id in trace.ids where !request(Int(id)) { misses += 1 }
        return Double(misses) / Double(trace.ids.count)
    }
}

/// A queue of ids with links in arrays: O(1) for everything.
struct LinkedQueue {
    private var previous: [Int32]
    private var following: [Int32]
    private(set) var count = 0
    private let anchor: Int

    init(idCount: Int) {
        anchor = idCount
        previous = Array(repeating: -1, count: idCount + 1)
        following = Array(repeating: -1, count: idCount + 1)
        previous[anchor] = Int32(anchor)
        following[anchor] = Int32(anchor)
    }

    var first: Int? { count == 0 ? nil : Int(following[anchor]) }
    func contains(_ id: Int) -> Bool { following[id] >= 0 }

    mutating func append(_ id: Int) {
        let last = previous[anchor]
        following[Int(last)] = Int32(id)
        previous[id] = last
        following[id] = Int32(anchor)
        previous[anchor] = Int32(id)
        count += 1
    }

    mutating func remove(_ id: Int) {
        let (before, after) = (previous[id], following[id])
        following[Int(before)] = after
        previous[Int(after)] = before
        following[id] = -1
        count -= 1
    }

    mutating func removeFirst() -> Int? {
        guard let first else { return nil }
        remove(first)
        return first
    }
}

struct ExactRecency: Simulation {
    private var queue: LinkedQueue
    private let capacity: Int
    /// Whether a hit moves an entry to the end: LRU, otherwise FIFO.
    private let isMoving: Bool

    init(idCount: Int, capacity: Int, isMoving: Bool) {
        queue = LinkedQueue(idCount: idCount)
        self.capacity = capacity
        self.isMoving = isMoving
    }

    mutating func request(_ id: Int) -> Bool {
        if queue.contains(id) {
            if isMoving {
                queue.remove(id)
                queue.append(id)
            }
            return true
        }
        if queue.count == capacity { _ = queue.removeFirst() }
        queue.append(id)
        return false
    }
}

/// LFU: the entry with the fewest accesses since its insertion goes, of several the one unused for longest.
struct ExactFrequency: Simulation {
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
    private let capacity: Int
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

/// The entry whose deadline is nearest goes. Deadlines are drawn anew at each insertion.
struct ExactDeadline: Simulation {
    private struct Rank: Comparable {
        var deadline: Int64
        var id: Int
        static func < (a: Rank, b: Rank) -> Bool { a.deadline < b.deadline }
    }

    private var present: [Bool]
    private var heap: [Rank] = []
    private let capacity: Int
    private let deadline: () -> Int64

    init(idCount: Int, capacity: Int, deadline: @escaping () -> Int64) {
        present = Array(repeating: false, count: idCount)
        self.capacity = capacity
        self.deadline = deadline
    }

    mutating func request(_ id: Int) -> Bool {
        if present[id] { return true }
        if heap.count == capacity, let rank = heap.pop() { present[rank.id] = false }
        present[id] = true
        heap.push(Rank(deadline: deadline(), id: id))
        return false
    }
}

struct ExactRandom: Simulation {
    private var members: [Int] = []
    private var present: [Bool]
    private let capacity: Int
    private var generator = RandomGenerator(seed: 11)

    init(idCount: Int, capacity: Int) {
        present = Array(repeating: false, count: idCount)
        self.capacity = capacity
    }

    mutating func request(_ id: Int) -> Bool {
        if present[id] { return true }
        present[id] = true
        if members.count < capacity {
            members.append(id)
        } else {
            let index = generator.below(capacity)
            present[members[index]] = false
            members[index] = id
        }
        return false
    }
}

/// S3-FIFO as published: a small queue of a tenth, a main queue with two bits of use, a ghost as long as the main queue.
struct ExactS3FIFO: Simulation {
    private var small: LinkedQueue
    private var main: LinkedQueue
    private var ghost: LinkedQueue
    private var uses: [UInt8]
    private let capacity: Int
    private let smallCapacity: Int

    init(idCount: Int, capacity: Int) {
        small = LinkedQueue(idCount: idCount)
        main = LinkedQueue(idCount: idCount)
        ghost = LinkedQueue(idCount: idCount)
        uses = Array(repeating: 0, count: idCount)
        self.capacity = capacity
        smallCapacity = capacity / 10
    }

    mutating func request(_ id: Int) -> Bool {
        if small.contains(id) || main.contains(id) {
            if uses[id] < 3 { uses[id] += 1 }
            return true
        }
        while small.count + main.count >= capacity { evict() }
        uses[id] = 0
        if ghost.contains(id) {
            ghost.remove(id)
            main.append(id)
        } else {
            small.append(id)
        }
        return false
    }

    private mutating func evict() {
        if small.count >= smallCapacity || main.count == 0 {
            while let id = small.removeFirst() {
                if uses[id] > 0 {
                    uses[id] = 0
                    main.append(id)
                    continue
                }
                ghost.append(id)
                if ghost.count > capacity - smallCapacity { _ = ghost.removeFirst() }
                return
            }
        }
        while let id = main.removeFirst() {
            if uses[id] == 0 { return }
            uses[id] -= 1
            main.append(id)
        }
    }
}

extension Array where Element: Comparable {
    /// Adds to a binary heap whose least element is the first.
    fileprivate mutating func push(_ element: Element) {
        append(element)
        var child = count - 1
        while child > 0, self[child] < self[(child - 1) / 2] {
            swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    fileprivate mutating func pop() -> Element? {
        guard let least = first, let last = popLast() else { return nil }
        if isEmpty { return least }
        self[0] = last
        var parent = 0
        while true {
            var lowest = parent
            let child = 2 * parent + 1
            if child < count, self[child] < self[lowest] { lowest = child }
            if child + 1 < count, self[child + 1] < self[lowest] { lowest = child + 1 }
            if lowest == parent { break }
            swapAt(parent, lowest)
            parent = lowest
        }
        return least
    }
}
