import CPrimitives
import Primitives

/// GETs or SETs of values of one size: requests of one length, so that a batch is built once per connection and only the
/// keys' digits are written anew, and replies of one length, so that a hit is known by its first eight bytes.
struct FixedWorkload: Workload {
    private let dialect: Dialect
    private let depth: Int
    private let keyCount: Int
    private let order: KeyOrder
    private let digits = KeyDigits()
    private var random: RandomGenerator

    /// One request, and where in it the key's digits stand: in the key, and in a SET in every copy within the value.
    private let request: [UInt8]
    private let requestCount: Int
    private let keyOffset: Int
    private let copies: Int
    private let firstCopyOffset: Int

    /// What the reply to a GET's hit or to a SET is known by.
    private let replyCount: Int
    private let replyHead: UInt64
    private let replyMask: UInt64
    private let replyDigitsOffset: Int?

    private var remaining = 0
    private var nextKey = 0
    var counts = ReplyCounts()

    init(
        dialect: Dialect, isGet: Bool, depth: Int, keyCount: Int, valueCount: Int, expiresAt: Int, tagCount: Int,
        order: KeyOrder, seed: Int
    ) {
        self.dialect = dialect
        self.depth = depth
        self.keyCount = keyCount
        self.order = order
        random = RandomGenerator(seed: UInt64(seed))
        let key = KeyDigits.template
        // The value repeats the key, which lets a GET check that it got the value of its own key.
        var value = [UInt8](repeating: UInt8(ascii: "."), count: valueCount)
        let copyCount = valueCount / key.utf8.count
        for copy in 0..<copyCount { value.replaceSubrange(copy * 16..<copy * 16 + 16, with: Array(key.utf8)) }
        let prefix: [UInt8]
        let reply: [UInt8]
        if isGet {
            prefix = dialect.get(key)
            request = prefix
            (copies, firstCopyOffset) = (0, 0)
            let replyPrefix = dialect.hitPrefix(key, valueCount: valueCount)
            reply = replyPrefix + value
            replyCount = reply.count + dialect.hitSuffixCount
            replyDigitsOffset = copyCount > 0 ? replyPrefix.count + KeyDigits.digitsOffset : nil
        } else {
            prefix = dialect.setPrefix(key, valueCount: valueCount, expiresAt: expiresAt, tagCount: tagCount)
            request = prefix + value + dialect.setSuffix(expiresAt: expiresAt, tagCount: tagCount)
            (copies, firstCopyOffset) = (copyCount, prefix.count + KeyDigits.digitsOffset)
            reply = dialect.stored
            replyCount = reply.count
            replyDigitsOffset = nil
        }
        requestCount = request.count
        keyOffset = Self.offset(of: Array(key.utf8), in: prefix) + KeyDigits.digitsOffset
        let headCount = min(8, reply.count)
        var head: UInt64 = 0
        for index in 0..<headCount { head |= UInt64(reply[index]) << UInt64(8 * index) }
        replyHead = head
        replyMask = headCount == 8 ? .max : (1 << UInt64(8 * headCount)) - 1
    }

    private static func offset(of needle: [UInt8], in bytes: [UInt8]) -> Int {
        for start in 0...(bytes.count - needle.count) where bytes[start...].starts(with: needle) { return start }
        fail("the request holds no key")
    }

    /// Lets `count` more operations be made, and forgets what was counted.
    mutating func begin(operations count: Int) {
        remaining = count
        counts = ReplyCounts()
    }

    var outputCapacity: Int { depth * requestCount }
    /// Room for replies that are errors, too.
    var inputCapacity: Int { depth * (replyCount + 256) + 4096 }

    func prepare(_ output: UnsafeMutablePointer<UInt8>) {
        for index in 0..<depth {
            request.withUnsafeBufferPointer { bytes in
                guard let base = bytes.baseAddress else { return }
                (output + index * requestCount).update(from: base, count: requestCount)
            }
        }
    }

    @inline(__always)
    mutating func nextBatch(_ output: UnsafeMutablePointer<UInt8>) -> (requests: Int, bytes: Int) {
        let requests = min(depth, remaining)
        remaining -= requests
        var at = output
        for _ in 0..<requests {
            let number: Int
            switch order {
            case .sequential:
                number = nextKey
                nextKey = nextKey + 1 == keyCount ? 0 : nextKey + 1
            case .uniform:
                number = random.below(keyCount)
            }
            let word = digits.word(UInt64(number))
            nc_store64(at + keyOffset, word)
            var copy = at + firstCopyOffset
            for _ in 0..<copies {
                nc_store64(copy, word)
                copy += 16
            }
            at += requestCount
        }
        return (requests, requests * requestCount)
    }

    @inline(__always)
    mutating func consume(
        _ input: UnsafePointer<UInt8>, available: Int, awaited: Int, output: UnsafePointer<UInt8>, firstRequest: Int
    ) -> (replies: Int, bytes: Int) {
        var replies = 0
        var at = 0
        while replies < awaited {
            // The buffer has 4096 bytes to spare, so eight can be read even where fewer have come.
            if available - at >= replyCount, nc_load64(input + at) & replyMask == replyHead {
                if let replyDigitsOffset {
                    let asked = nc_load64(output + (firstRequest + replies) * requestCount + keyOffset)
                    if nc_load64(input + at + replyDigitsOffset) != asked { counts.mismatches += 1 }
                    counts.hits += 1
                } else {
                    counts.done += 1
                }
                at += replyCount
            } else {
                guard let reply = dialect.scanReply(input + at, available: available - at) else { break }
                counts.count(reply.kind)
                at += reply.count
            }
            replies += 1
        }
        return (replies, at)
    }
}
