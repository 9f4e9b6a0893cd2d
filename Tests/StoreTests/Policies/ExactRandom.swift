import Primitives

/// Any entry goes, each as likely as another.
struct ExactRandom: ExactPolicy {
    private var members: [Int] = []
    private var present: [Bool]
    private var capacity: Int
    private var generator = RandomGenerator(seed: 11)

    init(idCount: Int, capacity: Int) {
        present = Array(repeating: false, count: idCount)
        self.capacity = capacity
    }

    mutating func request(_ id: Int) -> Bool {
        if present[id] { return true }
        if members.count == capacity { evict() }
        present[id] = true
        members.append(id)
        return false
    }

    mutating func giveUpRoom() {
        if members.count == capacity { evict() }
        capacity -= 1
    }

    private mutating func evict() {
        members.swapAt(generator.below(members.count), members.count - 1)
        present[members.removeLast()] = false
    }
}
