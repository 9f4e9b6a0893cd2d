import Configuration
import Store
import Telemetry

/// The way from parameters to the parts that act on them.
extension SharedState {
    /// A store as the configuration wants it, with at least 64 shards a loop.
    public static func makeStore(_ configuration: Configuration, loopCount: Int) -> Store {
        let values = configuration.values
        var shardCount = 128
        while shardCount < 64 * loopCount, shardCount < 1024 { shardCount *= 2 }
        return Store(
            Store.Settings(
                shardCount: shardCount, databaseCount: values.databaseCount,
                policy: policy(values.maxMemoryPolicy), maximumBytes: Int(values.maxMemoryBytes),
                maximumEntryCount: Int(values.maxEntries), frequencyLogFactor: values.lfuLogFactor))
    }

    private static func policy(_ policy: MaxMemoryPolicy) -> EvictionPolicy {
        // A test keeps the two lists of names the same.
        EvictionPolicy(name: policy.rawValue) ?? .noEviction
    }

    /// Makes later changes of the configuration take effect.
    func followConfiguration() {
        let (store, slowLog, log) = (store, slowLog, log)
        configuration.observe { changed, values in
            let bounds: Set<ParameterName> = [.maxMemory, .maxEntries, .maxMemoryPolicy, .lfuLogFactor]
            if !bounds.isDisjoint(with: changed) {
                store.configure(
                    policy: SharedState.policy(values.maxMemoryPolicy), maximumBytes: Int(values.maxMemoryBytes),
                    maximumEntryCount: Int(values.maxEntries), frequencyLogFactor: values.lfuLogFactor)
            }
            if changed.contains(.slowlogMaxLen) { slowLog.setMaximumCount(values.slowlogMaximumCount) }
            if changed.contains(.logLevel), let level = LogLevel(name: values.logThreshold.rawValue) {
                log.setThreshold(level)
            }
        }
    }
}
