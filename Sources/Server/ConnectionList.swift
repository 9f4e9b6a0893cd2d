/// Connections that wait for the same thing, in the order in which they came. Keeps its memory.
struct ConnectionList: ~Copyable {
    private var base: UnsafeMutablePointer<ConnectionPointer>
    private(set) var count = 0
    private var capacity = 64

    init() { base = .allocate(capacity: capacity) }

    deinit { base.deallocate() }

    @inline(__always)
    var isEmpty: Bool { count == 0 }

    @inline(__always)
    subscript(index: Int) -> ConnectionPointer {
        get {
            precondition(index >= 0 && index < count)
            return base[index]
        }
        set {
            precondition(index >= 0 && index < count)
            base[index] = newValue
        }
    }

    mutating func append(_ connection: ConnectionPointer) {
        if count == capacity { grow() }
        base[count] = connection
        count += 1
    }

    mutating func removeLast() { count = max(0, count - 1) }

    /// Drops the first `n`, which are at most `count`.
    mutating func removeFirst(_ n: Int) {
        precondition(n >= 0 && n <= count)
        for index in n..<count { base[index - n] = base[index] }
        count -= n
    }

    mutating func removeAll() { count = 0 }

    /// Drops those that are to be freed.
    mutating func removeDead() {
        var kept = 0
        for index in 0..<count where !base[index].pointee.isDead {
            base[kept] = base[index]
            kept += 1
        }
        count = kept
    }

    private mutating func grow() {
        let grown = UnsafeMutablePointer<ConnectionPointer>.allocate(capacity: capacity * 2)
        grown.update(from: base, count: count)
        base.deallocate()
        base = grown
        capacity *= 2
    }
}
