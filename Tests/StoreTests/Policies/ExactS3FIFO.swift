/// S3-FIFO as published: a small queue of a tenth, a main queue with two bits of use, a ghost as long as the main queue.
struct ExactS3FIFO: ExactPolicy {
    private var small: LinkedQueue
    private var main: LinkedQueue
    private var ghost: LinkedQueue
    private var uses: [UInt8]
    private var capacity: Int
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

    mutating func giveUpRoom() {
        if small.count + main.count == capacity { evict() }
        capacity -= 1
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
