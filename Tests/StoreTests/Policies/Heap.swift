extension Array where Element: Comparable {
    /// Adds to a binary heap whose least element is the first.
    mutating func push(_ element: Element) {
        append(element)
        var child = count - 1
        while child > 0, self[child] < self[(child - 1) / 2] {
            swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func pop() -> Element? {
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
