import CPrimitives
import Primitives

/// SETs of values of every size from 1 B to 100 KB, in four phases: all sizes, small ones alone, large ones alone, all again.
/// The changes between phases are what fragments a heap: holes of one size that the next size cannot fill.
struct StormWorkload: Workload {
    /// The smallest and the largest value of a phase, in bytes; sizes between are uniform in their logarithm.
    private static let phases: [ClosedRange<Int>] = [1...102_400, 1...1024, 10_240...102_400, 1...102_400]
    private static let maximumValueCount = 102_400
    private static let headerRoom = 128

    private let dialect: Dialect
    private let depth: Int
    private let keyCount: Int
    private let bytesPerPhase: Int
    private let withTimeToLive: Bool
    private let digits = KeyDigits()
    private var random: RandomGenerator
    private let noise: UnsafeMutablePointer<UInt8>
    /// The sizes of the current phase at 4096 points, so that no logarithm is taken per request.
    private let sizes: UnsafeMutablePointer<Int>
    private var phase = 0
    private var bytesLeft = 0
    private(set) var operations: UInt64 = 0
    var counts = ReplyCounts()

    init(arguments: Arguments) {
        dialect = arguments.dialect
        depth = arguments.integer("depth", 8, in: 1...64)
        keyCount = arguments.integer("keys", 2_000_000, in: 1...KeyDigits.maximumKeys)
        bytesPerPhase = arguments.integer("bytes", 400_000_000, in: 1...100_000_000_000)
        withTimeToLive = arguments.text("ttl", "no") == "yes"
        random = RandomGenerator(seed: UInt64(arguments.integer("seed", 1)))
        noise = .allocate(capacity: 2 * Self.maximumValueCount)
        for index in 0..<2 * Self.maximumValueCount {
            (noise + index).initialize(to: UInt8(truncatingIfNeeded: random.next()))
        }
        sizes = .allocate(capacity: 4096)
        enterPhase(0)
    }

    private mutating func enterPhase(_ index: Int) {
        phase = index
        bytesLeft = bytesPerPhase
        let range = Self.phases[index]
        // A geometric series from one end to the other; its ratio is the 4095th root, found by bisection.
        let span = Double(range.upperBound) / Double(range.lowerBound)
        var (low, high) = (1.0, 2.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            var power = 1.0
            for _ in 0..<4095 where power <= span { power *= middle }
            if power <= span { low = middle } else { high = middle }
        }
        var size = Double(range.lowerBound)
        for point in 0..<4096 {
            sizes[point] = min(range.upperBound, Int(size.rounded()))
            size *= low
        }
    }

    var outputCapacity: Int { depth * (Self.maximumValueCount + Self.headerRoom) }
    var inputCapacity: Int { 65_536 }

    func prepare(_: UnsafeMutablePointer<UInt8>) {}

    mutating func nextBatch(_ output: UnsafeMutablePointer<UInt8>) -> (requests: Int, bytes: Int) {
        if bytesLeft <= 0 {
            guard phase + 1 < Self.phases.count else { return (0, 0) }
            enterPhase(phase + 1)
        }
        var at = output
        for _ in 0..<depth {
            let count = sizes[random.below(4096)]
            at = writeSet(at, valueCount: count)
            bytesLeft -= count
        }
        operations += UInt64(depth)
        return (depth, at - output)
    }

    /// Writes one SET of a random key and returns the end of it.
    private mutating func writeSet(_ start: UnsafeMutablePointer<UInt8>, valueCount: Int) -> UnsafeMutablePointer<UInt8>
    {
        let word = digits.word(UInt64(random.below(keyCount)))
        // 1000 to 9999 seconds: four digits, far beyond the test.
        let lifetime = UInt64(1000 + random.below(9000))
        var at = start
        switch dialect {
        case .resp:
            at = append(
                withTimeToLive ? "*5\r\n$3\r\nSET\r\n$16\r\nkey:0000" : "*3\r\n$3\r\nSET\r\n$16\r\nkey:0000", at)
            nc_store64(at, word)
            at = append("\r\n$", at + 8)
            at += Decimal.write(UInt64(valueCount), to: at)
            at = append("\r\n", at)
            at = appendValue(valueCount, at)
            guard withTimeToLive else { return append("\r\n", at) }
            at = append("\r\n$2\r\nEX\r\n$4\r\n", at)
            at += Decimal.write(lifetime, to: at)
        case .memcached:
            at = append("set key:0000", at)
            nc_store64(at, word)
            at = append(" 0 ", at + 8)
            at += Decimal.write(withTimeToLive ? lifetime : 0, to: at)
            at = append(" ", at)
            at += Decimal.write(UInt64(valueCount), to: at)
            at = append("\r\n", at)
            at = appendValue(valueCount, at)
        }
        return append("\r\n", at)
    }

    private func append(_ text: StaticString, _ at: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        at.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        return at + text.utf8CodeUnitCount
    }

    private mutating func appendValue(_ count: Int, _ at: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
        at.update(from: noise + random.below(Self.maximumValueCount), count: count)
        return at + count
    }

    mutating func consume(
        _ input: UnsafePointer<UInt8>, available: Int, awaited: Int, output _: UnsafePointer<UInt8>, firstRequest _: Int
    ) -> (replies: Int, bytes: Int) {
        var (replies, at) = (0, 0)
        while replies < awaited, let reply = dialect.scanReply(input + at, available: available - at) {
            counts.count(reply.kind)
            at += reply.count
            replies += 1
        }
        return (replies, at)
    }
}

/// `storm`: runs the four phases; the caller reads the server's peak of resident memory.
func runStorm(_ arguments: Arguments) {
    var driver = Driver(
        port: arguments.port, connectionCount: arguments.integer("connections", 4, in: 1...64),
        work: StormWorkload(arguments: arguments))
    let start = nc_monotonic_nanoseconds()
    driver.run()
    let elapsed = Double(nc_monotonic_nanoseconds() - start)
    var line = JSONLine()
    line.add("operations", driver.work.operations)
    line.add("seconds", elapsed / 1e9)
    line.add("operations_per_second", Double(driver.work.operations) / elapsed * 1e9)
    line.add(driver.histogram)
    line.add(driver.work.counts)
    line.write()
}
