/// What makes room when a bound is reached, by Redis's names and ours.
public enum EvictionPolicy: UInt8, CaseIterable, Sendable {
    case noEviction
    case allKeysLRU
    case allKeysLFU
    case allKeysRandom
    case allKeysFIFO
    case allKeysS3FIFO
    case volatileLRU
    case volatileLFU
    case volatileRandom
    case volatileTTL
    case volatileFIFO

    /// The name in `maxmemory-policy`.
    public var name: StaticString {
        switch self {
        case .noEviction: "noeviction"
        case .allKeysLRU: "allkeys-lru"
        case .allKeysLFU: "allkeys-lfu"
        case .allKeysRandom: "allkeys-random"
        case .allKeysFIFO: "allkeys-fifo"
        case .allKeysS3FIFO: "allkeys-s3fifo"
        case .volatileLRU: "volatile-lru"
        case .volatileLFU: "volatile-lfu"
        case .volatileRandom: "volatile-random"
        case .volatileTTL: "volatile-ttl"
        case .volatileFIFO: "volatile-fifo"
        }
    }

    public init?(name: String) {
        guard let policy = EvictionPolicy.allCases.first(where: { "\($0.name)" == name }) else { return nil }
        self = policy
    }

    /// How entries are ranked.
    public enum Order: Sendable {
        /// By the last access. `noEviction` keeps it too, so that OBJECT IDLETIME works as in Redis.
        case recency
        /// By the insertion.
        case insertion
        /// By Redis's logarithmic access counter.
        case frequency
        /// Small and main queue with a ghost (Yang et al., SOSP 2023).
        case s3fifo
        case random
        /// By the deadline, the nearest first.
        case deadline
    }

    public var order: Order {
        switch self {
        case .noEviction, .allKeysLRU, .volatileLRU: .recency
        case .allKeysLFU, .volatileLFU: .frequency
        case .allKeysFIFO, .volatileFIFO: .insertion
        case .allKeysS3FIFO: .s3fifo
        case .allKeysRandom, .volatileRandom: .random
        case .volatileTTL: .deadline
        }
    }

    /// Whether only entries with a deadline may be evicted.
    public var isVolatileOnly: Bool {
        switch self {
        case .volatileLRU, .volatileLFU, .volatileRandom, .volatileTTL, .volatileFIFO: true
        default: false
        }
    }
}
