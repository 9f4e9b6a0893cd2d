import Primitives

/// Copies of keys, one behind the other in one buffer: to be matched when the shard they lie in is no longer locked.
struct KeyList {
    private var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { ends.count }

    mutating func append(_ key: ByteSlice) { append(key.buffer) }

    mutating func append(_ key: some Collection<UInt8>) {
        bytes.append(contentsOf: key)
        ends.append(bytes.count)
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    /// Calls `body` with the key at `index`, from 0 up to `count` - 1.
    func withKey<Result, Failure: Error>(
        _ index: Int, _ body: (ByteSlice) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let start = index == 0 ? 0 : ends[index - 1]
        let end = ends[index]
        return try bytes.withUnsafeBufferPointer { buffer throws(Failure) in
            let base = buffer.baseAddress ?? ("" as StaticString).utf8Start
            return try body(ByteSlice(base: base, count: buffer.count).slice(from: start, to: end))
        }
    }
}
