import Store

/// An entry past its time that is still held, to be handed out while somebody computes another value.
struct StaleEntry {
    let entry: EntryHandle
    /// For how long it is held on.
    let remainingMilliseconds: Int64
}

extension Call {
    /// What is held of a key that has no live entry. The key's shard is locked.
    func staleEntry(of key: Key) -> StaleEntry? { nil }

    /// Where the sequence of tag invalidations stands: a lease taken now is void with a value whose tags were invalidated later.
    var invalidationSequence: UInt64 { 0 }
}
