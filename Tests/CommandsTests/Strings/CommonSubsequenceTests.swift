import Primitives
import Testing

@testable import Commands

@Suite struct CommonSubsequenceTests {
    private func filled(_ a: String, _ b: String, cellBudget: Int = .max) -> CommonSubsequence {
        var subsequence = CommonSubsequence(Array(a.utf8), Array(b.utf8))
        while !subsequence.fill(cellBudget: cellBudget) {}
        return subsequence
    }

    @Test(arguments: [1, 7, 1000])
    func findsRedissOwnExample(cellBudget: Int) {
        let subsequence = filled("ohmytext", "mynewtext", cellBudget: cellBudget)
        #expect(subsequence.count == 6)
        #expect(subsequence.bytes() == Array("mytext".utf8))
        let matches = [
            CommonSubsequence.Match(startInA: 4, startInB: 5, count: 4),
            CommonSubsequence.Match(startInA: 2, startInB: 0, count: 2),
        ]
        #expect(subsequence.matches(minimumCount: 0) == matches)
        #expect(subsequence.matches(minimumCount: 4) == [matches[0]])
        #expect(subsequence.matches(minimumCount: -4) == matches)
    }

    @Test func emptyValues() {
        for (a, b) in [("", ""), ("a", ""), ("", "a")] {
            let subsequence = filled(a, b)
            #expect(subsequence.count == 0)
            #expect(subsequence.bytes().isEmpty)
            #expect(subsequence.matches(minimumCount: 0).isEmpty)
        }
    }

    @Test func resultIsSubsequenceOfBoth() {
        let seed: UInt64 = .random(in: 0 ... .max)
        print("seed \(seed)")
        var random = RandomGenerator(seed: seed)
        for _ in 0..<50 {
            let text = { (count: Int) in String((0..<count).map { _ in "abc".randomElement(using: &random)! }) }
            let a = text(random.below(20))
            let b = text(random.below(20))
            let subsequence = filled(a, b)
            let bytes = subsequence.bytes()
            #expect(bytes.count == subsequence.count)
            for whole in [a, b] {
                var rest = whole.utf8[...]
                for byte in bytes {
                    let index = rest.firstIndex(of: byte)
                    #expect(index != nil)
                    rest = index.map { rest[rest.index(after: $0)...] } ?? rest
                }
            }
            #expect(subsequence.matches(minimumCount: 0).reduce(0) { $0 + $1.count } == bytes.count)
        }
    }
}
