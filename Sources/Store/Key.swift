import CPrimitives
import Primitives

/// The secret of the keyed hash, drawn once per process: an attacker who does not know it cannot make keys collide.
public struct HashSeed: Sendable {
    public let k0: UInt64
    public let k1: UInt64

    public init(k0: UInt64, k1: UInt64) {
        self.k0 = k0
        self.k1 = k1
    }

    /// A seed from the system's random source.
    public static func random() -> HashSeed {
        var generator = SystemRandomNumberGenerator()
        return HashSeed(k0: generator.next(), k1: generator.next())
    }

    @inline(__always)
    func hash(_ key: ByteSlice) -> UInt64 { nc_siphash13(k0, k1, key.base, Int64(key.count)) }
}

/// A key as a command names it: its bytes, their hash and the database.
///
/// A trivial type; the bytes belong to the request and outlive the command.
public struct Key {
    public let bytes: ByteSlice
    public let hash: UInt64
    public let database: Int

    @inline(__always)
    public init(bytes: ByteSlice, hash: UInt64, database: Int) {
        self.bytes = bytes
        self.hash = hash
        self.database = database
    }
}

/// Where an entry lies in its table. Valid until the next insertion, removal or resize in its shard.
struct Place {
    let segment: UnsafeMutablePointer<Segment>
    let bucketIndex: Int
    let lane: Int

    @inline(__always)
    var slot: UnsafeMutablePointer<Slot> { segment.pointee.bucket(bucketIndex).slot(lane) }
    @inline(__always)
    var fragment: Fragment {
        let bucket = segment.pointee.bucket(bucketIndex)
        return Fragment(tag: bucket.tag(lane), high: bucket.slot(lane).pointee.hashHigh)
    }
    @inline(__always)
    var stamp: UnsafeMutablePointer<UInt64>? {
        segment.pointee.stamps.map { $0 + (bucketIndex * Bucket.slotCount + lane) }
    }
}
