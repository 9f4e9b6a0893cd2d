import Configuration
import Primitives

/// The matching of keys alone, for `Benchmarks/run rules`.
package struct RuleMatching {
    private let product: RuleTableBuilder.Product

    /// - Parameter configuration: with the rules to match by.
    package init(_ configuration: Configuration) {
        let rules = configuration.values.rules.enumerated().map { (rule: $1, number: UInt8(clamping: $0 + 1)) }
        product = RuleTableBuilder.make(rules, adaptive: AdaptiveTTLs(count: 256))
    }

    /// Matches all keys `rounds` times, as writes do, and returns the sum of the numbers of their rules, from 1 in the order of
    /// definition.
    package func match(_ keys: UnsafeBufferPointer<ByteSlice>, rounds: Int) -> Int {
        let table = product.table
        var sum = 0
        for _ in 0..<rounds {
            for key in keys { sum += Int(table.rule(of: key)?.pointee.number ?? 0) }
        }
        return sum
    }
}
