import CPrimitives
import Primitives

/// What the replies were.
struct ReplyCounts {
    var done: UInt64 = 0
    var hits: UInt64 = 0
    var misses: UInt64 = 0
    var failures: UInt64 = 0
    /// Hits whose value was another key's.
    var mismatches: UInt64 = 0

    mutating func count(_ kind: ReplyKind) {
        switch kind {
        case .done: done += 1
        case .hit: hits += 1
        case .miss: misses += 1
        case .failure: failures += 1
        }
    }
}

/// Makes the requests of a closed loop and judges the replies.
protocol Workload {
    /// The most bytes that one batch takes in a connection's output and its replies in the input.
    var outputCapacity: Int { get }
    var inputCapacity: Int { get }

    /// Prepares a connection's buffer once, before its first batch.
    func prepare(_ output: UnsafeMutablePointer<UInt8>)

    /// Writes the next batch to `output`: its requests and bytes; zero requests when the work is done.
    mutating func nextBatch(_ output: UnsafeMutablePointer<UInt8>) -> (requests: Int, bytes: Int)

    /// Reads as many replies as are complete at the front of `input`, `awaited` at most.
    ///
    /// - Parameter firstRequest: the index in its batch, which still stands in `output`, of the request that the first
    ///   of the replies answers.
    mutating func consume(
        _ input: UnsafePointer<UInt8>, available: Int, awaited: Int, output: UnsafePointer<UInt8>, firstRequest: Int
    ) -> (replies: Int, bytes: Int)
}

/// Where the keys come from.
enum KeyOrder {
    case sequential
    case uniform
}

/// Keys: `key:` and twelve digits, of which the first four are always zero, so that one store of eight bytes makes a key.
struct KeyDigits {
    static let template = "key:000000000000"
    static let digitsOffset = 8
    static let maximumKeys = 100_000_000

    /// "0000" to "9999" as little-endian words.
    private let quads: UnsafeMutablePointer<UInt32>

    init() {
        quads = .allocate(capacity: 10_000)
        for number in 0..<10_000 {
            var word: UInt32 = 0
            var rest = number
            for place in [24, 16, 8, 0] as [UInt32] {
                word |= UInt32(0x30 + rest % 10) << place
                rest /= 10
            }
            (quads + number).initialize(to: word)
        }
    }

    /// The last eight digits of key `number` (below `maximumKeys`) in memory order.
    @inline(__always)
    func word(_ number: UInt64) -> UInt64 {
        let (high, low) = number.quotientAndRemainder(dividingBy: 10_000)
        return UInt64(quads[Int(truncatingIfNeeded: high % 10_000)])
            | UInt64(quads[Int(truncatingIfNeeded: low)]) << 32
    }
}
