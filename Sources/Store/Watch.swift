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

/// The watched keys of one shard.
final class WatchList {
    struct WatchedKey: Hashable {
        let database: Int
        let key: [UInt8]
    }

    var flags: [WatchedKey: [WatchFlag]] = [:]
}

extension Shard {
    /// Raises `flag` when `key` changes from now on.
    mutating func watch(_ key: Key, _ flag: WatchFlag) {
        let list = watches ?? WatchList()
        watches = list
        list.flags[WatchList.WatchedKey(database: key.database, key: key.bytes.array), default: []].append(flag)
    }

    mutating func unwatch(database: Int, key: [UInt8], _ flag: WatchFlag) {
        guard let list = watches else { return }
        let watched = WatchList.WatchedKey(database: database, key: key)
        list.flags[watched]?.removeAll { $0 === flag }
        if list.flags[watched]?.isEmpty == true { list.flags[watched] = nil }
        if list.flags.isEmpty { watches = nil }
    }

    @inline(never)
    func notifyWatchers(of key: Key) {
        let watched = WatchList.WatchedKey(database: key.database, key: key.bytes.array)
        for flag in watches?.flags[watched] ?? [] { flag.raise() }
    }

    /// Raises the flags of all keys of `database` (nil: of all), as FLUSHDB and SWAPDB change them all; of keys that exist in
    /// neither, as in Redis, nothing changes.
    func notifyWatchers(database: Int?, now: Int64, where exists: (Key) -> Bool) {
        guard let list = watches else { return }
        for (watched, flags) in list.flags where database == nil || watched.database == database {
            let touched = watched.key.withUnsafeBufferPointer { buffer in
                let base = buffer.baseAddress ?? ("" as StaticString).utf8Start
                let slice = ByteSlice(base: base, count: buffer.count)
                return exists(Key(bytes: slice, hash: seed.hash(slice), database: watched.database))
            }
            if touched { for flag in flags { flag.raise() } }
        }
    }
}
