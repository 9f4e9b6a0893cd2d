import Primitives
import Testing

@testable import Commands

@Suite struct BitRangeTests {
    private func bits(_ bytes: [UInt8]) -> [Bool] {
        bytes.flatMap { byte in (0..<8).map { byte & (0x80 >> $0) != 0 } }
    }

    /// Every range of values of every length up to 20 bytes, against a walk bit by bit.
    @Test func agreesWithWalkBitByBit() {
        let seed: UInt64 = .random(in: 0 ... .max)
        print("seed \(seed)")
        var random = RandomGenerator(seed: seed)
        for count in 1...20 {
            for fill in 0..<3 {
                let bytes = (0..<count).map { _ in
                    fill == 0 ? 0 : fill == 1 ? 0xFF : UInt8(truncatingIfNeeded: random.next())
                }
                let reference = bits(bytes)
                for start in stride(from: 0, to: count * 8, by: 3) {
                    for end in stride(from: start, to: count * 8, by: 5) {
                        let range = BitRange(
                            start: Int64(start), end: Int64(end - count * 8), unit: .bit, byteCount: count)
                        let wanted = reference[start...end]
                        withSlice(of: bytes) { value in
                            #expect(range?.countOnes(in: value) == wanted.count { $0 })
                            #expect(range?.firstIndex(of: true, in: value) == wanted.firstIndex(of: true))
                            #expect(range?.firstIndex(of: false, in: value) == wanted.firstIndex(of: false))
                        }
                    }
                }
            }
        }
    }

    @Test func partsAreTheWhole() throws {
        for (start, end) in [(0, 0), (0, 63), (3, 8), (7, 60), (15, 16), (8, 15)] as [(Int64, Int64)] {
            for byteCount in 1...9 {
                var rest = BitRange(start: start, end: end, unit: .bit, byteCount: 8)
                var next = Int(start)
                while let range = rest {
                    let (head, tail) = range.split(after: byteCount)
                    #expect(head.firstBit == next && head.lastBit >> 3 - head.firstBit >> 3 < byteCount)
                    next = head.lastBit + 1
                    rest = tail
                }
                #expect(next == Int(end) + 1)
            }
        }
    }

    @Test func outOfBoundsIsClampedOrEmpty() {
        let all = BitRange(start: .min, end: .max, unit: .byte, byteCount: 3)
        #expect(all?.firstBit == 0)
        #expect(all?.lastBit == 23)
        #expect(BitRange(start: 3, end: -1, unit: .byte, byteCount: 3) == nil)
        #expect(BitRange(start: 2, end: 1, unit: .bit, byteCount: 3) == nil)
        #expect(BitRange(start: 0, end: -1, unit: .byte, byteCount: 0) == nil)
    }
}
