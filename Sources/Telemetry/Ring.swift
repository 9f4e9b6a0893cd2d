/// The newest elements, up to a limit that may change; the oldest goes first. Memory grows with what it holds.
struct Ring<Element> {
    private var storage: [Element] = []
    /// Where the oldest is once the storage is full.
    private var start = 0
    private(set) var limit: Int

    init(limit: Int) { self.limit = max(0, limit) }

    var count: Int { storage.count }

    var newest: Element? {
        get { storage.isEmpty ? nil : storage[newestIndex] }
        set { if let newValue, !storage.isEmpty { storage[newestIndex] = newValue } }
    }

    private var newestIndex: Int { (start + storage.count - 1) % storage.count }

    /// Adds the newest, and drops the oldest when the limit is reached. Amortised O(1).
    mutating func append(_ element: Element) {
        guard limit > 0 else { return }
        guard storage.count >= limit else {
            storage.append(element)  // start is 0 here: a limit that is raised straightens the storage
            return
        }
        storage[start] = element
        start = (start + 1) % storage.count
    }

    /// Changes the limit; the oldest go when there are more. O(n) when it changes.
    mutating func setLimit(_ new: Int) {
        guard max(0, new) != limit else { return }
        limit = max(0, new)
        straighten()
        if storage.count > limit { storage.removeFirst(storage.count - limit) }
    }

    mutating func removeAll() {
        storage = []
        start = 0
    }

    /// The elements from the oldest to the newest.
    var elements: [Element] { Array(storage[start...] + storage[..<start]) }

    private mutating func straighten() {
        storage = elements
        start = 0
    }
}

extension Ring: Sendable where Element: Sendable {}
