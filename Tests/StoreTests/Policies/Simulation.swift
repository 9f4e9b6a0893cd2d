import Primitives

/// Something that is asked for the ids of a trace.
protocol Simulation {
    /// Asks for an id and puts it in when it is not there; whether it was there.
    mutating func request(_ id: Int) -> Bool
}

extension Simulation {
    /// The share of a trace's requests that find nothing, once the cache is warm.
    mutating func missRatio(_ trace: Trace) -> Double {
        var misses = 0
        for id in trace.ids.prefix(trace.warmUpCount) { _ = request(Int(id)) }
        for id in trace.ids.dropFirst(trace.warmUpCount) where !request(Int(id)) { misses += 1 }
        return Double(misses) / Double(trace.ids.count - trace.warmUpCount)
    }
}

/// An exact cache of so many entries, one of the references that the store's policies are measured against.
protocol ExactPolicy: Simulation {
    /// Holds one entry less from now on; a full cache evicts one.
    mutating func giveUpRoom()
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
