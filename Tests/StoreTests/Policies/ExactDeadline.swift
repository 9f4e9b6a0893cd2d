/// The entry whose deadline is nearest goes. Deadlines are drawn anew at each insertion.
struct ExactDeadline: ExactPolicy {
    private struct Rank: Comparable {
        var deadline: Int64
        var id: Int
        static func < (a: Rank, b: Rank) -> Bool { a.deadline < b.deadline }
    }

    private var present: [Bool]
    private var heap: [Rank] = []
    private var capacity: Int
    private let deadline: () -> Int64

    init(idCount: Int, capacity: Int, deadline: @escaping () -> Int64) {
        present = Array(repeating: false, count: idCount)
        self.capacity = capacity
        self.deadline = deadline
    }

    mutating func request(_ id: Int) -> Bool {
        if present[id] { return true }
        if heap.count == capacity { evict() }
        present[id] = true
        heap.push(Rank(deadline: deadline(), id: id))
        return false
    }

    mutating func giveUpRoom() {
        if heap.count == capacity { evict() }
        capacity -= 1
    }

    private mutating func evict() {
        if let rank = heap.pop() { present[rank.id] = false }
    }
}
