import CPCRE2

/// The work and the memory that matching one key against one regular expression may take.
///
/// PCRE2's own limit of matching counts backtracking and begins anew at each position of the key, so it bounds no time. Steps
/// are counted instead in callouts, which run before every item of the pattern: one for the item, and one for every
/// `bytesPerStep` that it lies away from the last, so that a repeat that runs over a whole key has its price.
struct MatchBudget: ~Copyable {
    /// Steps for a key and an expression: 2 ms.
    static let stepCount = 100_000
    /// A callout takes 15 ns, the byte of a run 1.
    private static let bytesPerStep = 16
    /// Bytes for what the matcher remembers of where to go back to.
    static let memoryByteCount = 8 << 20

    let matchData: OpaquePointer
    let context: OpaquePointer
    private let meter: UnsafeMutablePointer<Meter>

    private struct Meter {
        /// In bytes of a run.
        var left: Int
        var position: Int
    }

    /// Nil without memory.
    init?() {
        guard let matchData = pcre2_match_data_create_8(1, nil) else { return nil }
        guard let context = pcre2_match_context_create_8(nil) else {
            pcre2_match_data_free_8(matchData)
            return nil
        }
        self.matchData = matchData
        self.context = context
        meter = .allocate(capacity: 1)
        meter.initialize(to: Meter(left: 0, position: 0))
        pcre2_set_match_limit_8(context, UInt32(Self.stepCount))
        // No deeper than steps go; what a level takes is the heap's matter.
        pcre2_set_depth_limit_8(context, UInt32(Self.stepCount))
        pcre2_set_heap_limit_8(context, UInt32(Self.memoryByteCount >> 10))
        pcre2_set_callout_8(
            context,
            { block, meter in
                guard let block, let meter = meter?.assumingMemoryBound(to: Meter.self) else {
                    return PCRE2_ERROR_CALLOUT
                }
                let position = block.pointee.current_position
                meter.pointee.left -= Self.bytesPerStep + abs(position - meter.pointee.position)
                meter.pointee.position = position
                return meter.pointee.left < 0 ? PCRE2_ERROR_CALLOUT : 0
            }, meter)
    }

    deinit {
        pcre2_match_context_free_8(context)
        pcre2_match_data_free_8(matchData)
        meter.deallocate()
    }

    /// Begins the account of another match.
    func renew() { meter.pointee = Meter(left: Self.stepCount * Self.bytesPerStep, position: 0) }
}
