import Primitives
import Testing

@testable import Commands

@Suite struct BoundedSumTests {
    struct Case {
        let bounds: ClosedRange<Int64>
        let old: Int64
        let increment: Int64
        let new: Int64
        let applied: Int64

        init(_ bounds: ClosedRange<Int64>, _ old: Int64, _ increment: Int64, _ new: Int64, _ applied: Int64) {
            (self.bounds, self.old, self.increment, self.new, self.applied) = (bounds, old, increment, new, applied)
        }
    }

    private static let all = Int64.min...Int64.max
    private static let cases = [
        Case(0...10, 5, 5, 10, 5), Case(0...10, 5, 6, 10, 5), Case(0...10, 5, -6, 0, -5), Case(0...10, 50, 1, 10, -40),
        Case(0...10, -50, 1, 0, 50), Case(0...10, 50, -45, 5, -45), Case(5...5, 5, 0, 5, 0),
        Case(all, .max, 1, .max, 0), Case(all, .min, -1, .min, 0), Case(all, .max - 7, .max, .max, 7),
        Case(.min...10, .max, .max, 10, 10 - .max), Case(all, .max, .min, -1, .min),
    ]

    @Test(arguments: cases)
    func saturates(_ test: Case) throws {
        var sum = BoundedSum()
        sum.increment = test.increment
        (sum.lowerBound, sum.upperBound) = (test.bounds.lowerBound, test.bounds.upperBound)
        sum.saturates = true
        let result = try #require(try sum.apply(to: test.old))
        #expect(result == (test.new, test.applied))
        // What fits without saturating is the same with and without; the rest is declined.
        sum.saturates = false
        let plain = try sum.apply(to: test.old)
        #expect((plain != nil) == (test.applied == test.increment))
    }

    @Test func stepsBeyond64BitsAreRefused() {
        var sum = BoundedSum()
        (sum.upperBound, sum.saturates) = (.min, true)
        #expect(throws: CounterFailure.overflowingStep) { try sum.apply(to: .max) }
    }
}
