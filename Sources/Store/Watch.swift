import CPrimitives
import Primitives

/// A transaction's flag that one of its watched keys has changed. Set under a shard's lock by whoever writes, read by the
/// watcher.
public final class WatchFlag: @unchecked Sendable {
    private let word: UnsafeMutablePointer<UInt32>

    public init() {
        word = .allocate(capacity: 1)
        word.initialize(to: 0)
    }

    deinit { word.deallocate() }

    public var isRaised: Bool { nc_atomic_load32_acquire(word) != 0 }
    public func raise() { nc_atomic_store32_release(word, 1) }
    public func lower() { nc_atomic_store32_release(word, 0) }
}

extension Shard {
    /// Raises `flag` when `key` changes from now on.
    mutating func watch(_ key: Key, _ flag: WatchFlag) {
        let watched = KeyObservers.WatchedKey(database: key.database, key: key.bytes.array)
        madeObservers().flags[watched, default: []].append(flag)
    }

    mutating func unwatch(database: Int, key: [UInt8], _ flag: WatchFlag) {
        guard let observers else { return }
        let watched = KeyObservers.WatchedKey(database: database, key: key)
        observers.flags[watched]?.removeAll { $0 === flag }
        if observers.flags[watched]?.isEmpty == true { observers.flags[watched] = nil }
        dropIdleObservers()
    }

    /// Raises the flags of all keys of `database` (nil: of all), as FLUSHDB and SWAPDB change them all; of keys that exist in
    /// neither, as in Redis, nothing changes.
    func notifyWatchers(database: Int?, now: Int64, where exists: (Key) -> Bool) {
        guard let observers else { return }
        for (watched, flags) in observers.flags where database == nil || watched.database == database {
            let touched = watched.key.withUnsafeBufferPointer { buffer in
                let base = buffer.baseAddress ?? ("" as StaticString).utf8Start
                let slice = ByteSlice(base: base, count: buffer.count)
                return exists(Key(bytes: slice, hash: seed.hash(slice), database: watched.database))
            }
            if touched { for flag in flags { flag.raise() } }
        }
    }
}
