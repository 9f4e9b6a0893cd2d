/// LRU or FIFO.
struct ExactRecency: ExactPolicy {
    private var queue: LinkedQueue
    private var capacity: Int
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

    mutating func giveUpRoom() {
        if queue.count == capacity { _ = queue.removeFirst() }
        capacity -= 1
    }
}
