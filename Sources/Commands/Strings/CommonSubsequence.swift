import Primitives

/// The longest common subsequence of two values by dynamic programming, in slices of bounded work.
///
/// `cells[i * (b.count + 1) + j]` is the length for the first `i` bytes of `a` and the first `j` of `b`: time and
/// memory are O(a.count × b.count), so both values are copied and the table is filled a few rows at a time,
/// outside of any lock.
struct CommonSubsequence: ~Copyable {
    /// A run of equal bytes: where it lies in `a` and in `b`, both ends included, and its length.
    struct Match: Equatable {
        var startInA: Int
        var startInB: Int
        var count: Int
    }

    private let a: [UInt8]
    private let b: [UInt8]
    private let cells: UnsafeMutablePointer<UInt32>
    private let stride: Int
    private var filledRows = 0

    /// The bytes of table that values of these lengths need, or nil when 64 bits do not hold the number.
    static func tableByteCount(_ aCount: Int, _ bCount: Int) -> Int? {
        let (cells, overflow) = (aCount + 1).multipliedReportingOverflow(by: bCount + 1)
        let (bytes, overflow2) = cells.multipliedReportingOverflow(by: MemoryLayout<UInt32>.size)
        return overflow || overflow2 ? nil : bytes
    }

    /// - Precondition: `tableByteCount` of the lengths is not nil.
    init(_ a: [UInt8], _ b: [UInt8]) {
        self.a = a
        self.b = b
        stride = b.count + 1
        cells = UnsafeMutablePointer<UInt32>.allocate(capacity: (a.count + 1) * stride)
        cells.initialize(repeating: 0, count: stride)
    }

    deinit { cells.deallocate() }

    /// The length of the subsequence; valid once `fill` has returned true.
    var count: Int { Int(cells[a.count * stride + b.count]) }

    /// Fills rows with at most about `cellBudget` cells of work, one row at least; true when the table is complete.
    mutating func fill(cellBudget: Int) -> Bool {
        var budget = cellBudget
        while filledRows < a.count, budget > 0 {
            fillRow(filledRows)
            filledRows += 1
            budget -= stride
        }
        return filledRows == a.count
    }

    /// Fills row `row + 1` from row `row`. Indices stay below (a.count + 1) * stride, the table's size.
    private func fillRow(_ row: Int) {
        let byte = a[row]
        let above = cells + row * stride
        let current = above + stride
        current[0] = 0
        b.withUnsafeBufferPointer { b in
            var left: UInt32 = 0
            for j in 0..<b.count {
                // A length is at most the shorter value's count, which fits in 32 bits by the table's limit.
                left = b[j] == byte ? above[j] &+ 1 : max(left, above[j + 1])
                current[j + 1] = left
            }
        }
    }

    /// Walks the finished table from its end, calling `body` with each byte's place in `a` and `b`, last byte first.
    private func walk(_ body: (_ indexInA: Int, _ indexInB: Int) -> Void) {
        var i = a.count
        var j = b.count
        while i > 0, j > 0 {
            if a[i - 1] == b[j - 1] {
                i -= 1
                j -= 1
                body(i, j)
            } else if cells[(i - 1) * stride + j] > cells[i * stride + j - 1] {
                i -= 1
            } else {
                j -= 1
            }
        }
    }

    /// The subsequence itself.
    func bytes() -> [UInt8] {
        var reversed: [UInt8] = []
        reversed.reserveCapacity(count)
        walk { indexInA, _ in reversed.append(a[indexInA]) }
        return reversed.reversed()
    }

    /// The runs of at least `minimumCount` bytes, from the end of the values to their beginning.
    func matches(minimumCount: Int64) -> [Match] {
        var matches: [Match] = []
        var run = Match(startInA: 0, startInB: 0, count: 0)
        func close() {
            if run.count > 0, Int64(run.count) >= minimumCount { matches.append(run) }
        }
        walk { indexInA, indexInB in
            if run.count > 0, indexInA + 1 == run.startInA, indexInB + 1 == run.startInB {
                run = Match(startInA: indexInA, startInB: indexInB, count: run.count + 1)
            } else {
                close()
                run = Match(startInA: indexInA, startInB: indexInB, count: 1)
            }
        }
        close()
        return matches
    }
}
