import Primitives

@testable import Store

/// Which ids have a deadline, and which: under a volatile policy all but those that last, otherwise none.
struct Population: Sendable {
    private let isVolatile: Bool
    private let capacity: Int
    /// Under a volatile policy every so-many-th id has no deadline; 0 for none.
    private let lastingStride: Int
    /// Whether every hit gives the entry another deadline, as sessions have it.
    let isRenewing: Bool

    init(_ policy: EvictionPolicy, capacity: Int, lastingStride: Int = 0, isRenewing: Bool = false) {
        isVolatile = policy.isVolatileOnly
        self.capacity = capacity
        self.lastingStride = lastingStride
        self.isRenewing = isRenewing
    }

    /// Whether the policy may not evict the id.
    func isLasting(_ id: Int) -> Bool { isVolatile && lastingStride > 0 && id % lastingStride == 0 }

    /// Deadlines in the order in which they are set. An entry's time to live is up to four times what it takes to insert a whole
    /// cache, or the same for all when hits renew it. None passes, as time stands still, and of 10,000 in a row no two are the same.
    func deadlines() -> () -> Int64 {
        guard isVolatile else { return { Entry.noExpiry } }
        var generator = RandomGenerator(seed: testSeed)
        var setCount = 0
        let longest = isRenewing ? 1 : 4 * capacity
        return {
            setCount += 1
            let time = (setCount + generator.below(longest)) * 10_000 + setCount % 10_000
            return 1_700_000_100_000 + Int64(time)
        }
    }
}

/// An exact policy beside entries that it may not evict: they take room from it for good.
struct WithLastingIDs: Simulation {
    private var policy: any ExactPolicy
    private let population: Population
    private var present: Set<Int> = []

    init(_ policy: any ExactPolicy, _ population: Population) {
        self.policy = policy
        self.population = population
    }

    mutating func request(_ id: Int) -> Bool {
        if !population.isLasting(id) { return policy.request(id) }
        if present.insert(id).inserted {
            policy.giveUpRoom()
            return false
        }
        return true
    }
}
