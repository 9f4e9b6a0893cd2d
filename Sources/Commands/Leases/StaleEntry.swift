import Store

/// An entry past its time that is still held, to be handed out while somebody computes another value.
struct StaleEntry {
    let entry: EntryHandle
    /// For how long it is held on.
    let remainingMilliseconds: Int64
}

extension Call {
    /// What is held of a key that has no live entry. The key's shard is locked.
    func staleEntry(of key: Key) -> StaleEntry? {
        guard let entry = access.findStale(key, now: nowMilliseconds), entry.isString else { return nil }
        // Deadline and window are both far below 2^62, but a deadline may be the last one there is.
        let (end, overflow) = entry.expiry.addingReportingOverflow(entry.staleMilliseconds)
        return StaleEntry(entry: entry, remainingMilliseconds: max((overflow ? .max : end) - nowMilliseconds, 0))
    }
}
