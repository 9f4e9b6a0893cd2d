import Primitives
import Store
import Telemetry

/// What INVALIDATE does with the keys that it has found, and to how many it has done it.
struct KeyRemoval {
    let database: Int
    /// Keys are counted and left.
    let isDryRun: Bool
    let limit: Int64
    private(set) var count: Int64 = 0

    init(_ options: InvalidationOptions, database: Int) {
        self.database = database
        isDryRun = options.isDryRun
        limit = options.limit ?? .max
    }

    /// Whether no more keys are wanted.
    var isSatisfied: Bool { count >= limit }

    /// Removes a key unless it has gone meanwhile. Locks its shard, if not all are locked.
    ///
    /// A stale entry goes too, or a lease would hand it out after its key was invalidated. It does not count, as it is in
    /// nobody's sight.
    mutating func take(_ bytes: ByteSlice, _ call: Call) {
        let key = call.access.key(bytes, database: database)
        let isThere = call.withShard(of: key.hash) {
            let live = call.peek(key)
            if !isDryRun, let entry = live ?? call.access.findStale(key, now: call.nowMilliseconds) {
                call.asWriter(of: key) { call.remove(entry) }
            }
            if !isDryRun, live == nil { call.access.voidLease(of: key) }
            return live != nil
        }
        guard isThere else { return }
        count += 1
        if !isDryRun { call.state.pointee.counters.add(.invalidatedKeys) }
    }

    /// What has been done so far, for an error that ends the command.
    var progressText: String {
        "\(count) key\(count == 1 ? "" : "s") \(isDryRun ? "counted" : "removed") until then"
    }
}
