import Primitives
import Testing

@testable import Commands

@Suite struct BoundedSumTests {
    private static let sums: [(bounds: ClosedRange<Int64>, old: Int64, increment: Int64, new: Int64, applied: Int64)] = [
        (0...10, 5, 5, 10, 5), (0...10, 5, 6, 10, 5), (0...10, 5, -6, 0, -5), (0...10, 50, 1, 10, -40),
        (0...10, -50, 1, 0, 50), (0...10, 50, -45, 5, -45), (5...5, 5, 0, 5, 0),
        (.min ... .max, .max, 1, .max, 0), (.min ... .max, .min, -1, .min, 0), (.min ... .max, .max - 7, .max, .max, 7),
        (.min...10, .max, .max, 10, 10 - .max), (.min ... .max, .max, .min, -1, .min),
    ]

    @Test(arguments: sums)
    func saturates(bounds: ClosedRange<Int64>, old: Int64, increment: Int64, new: Int64, applied: Int64) throws {
        var sum = BoundedSum()
        (sum.increment, sum.lowerBound, sum.upperBound) = (increment, bounds.lowerBound, bounds.upperBound)
        sum.saturates = true
        let result = try #require(try sum.apply(to: old))
        #expect(result == (new, applied))
        // What fits without saturating is the same with and without; the rest is declined.
        sum.saturates = false
        let plain = try sum.apply(to: old)
        #expect((plain != nil) == (applied == increment && bounds.contains(new)))
    }

    @Test func stepsBeyond64BitsAreRefused() {
        var sum = BoundedSum()
        (sum.upperBound, sum.saturates) = (.min, true)
        #expect(throws: CounterFailure.overflowingStep) { try sum.apply(to: .max) }
    }
}
