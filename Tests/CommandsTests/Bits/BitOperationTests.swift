import Primitives
import Testing

@testable import Commands

@Suite struct BitOperationTests {
    private func apply(_ name: StaticString, _ sources: [[UInt8]]) -> [UInt8] {
        let flat: [UInt8] = sources.reduce(into: []) { $0 += $1 } + [0]
        var result = [UInt8](repeating: 0xAA, count: sources.map(\.count).max() ?? 0)
        flat.withUnsafeBufferPointer { buffer in
            var offset = 0
            let slices = sources.map { source in
                defer { offset += source.count }
                return ByteSlice(base: buffer.baseAddress! + offset, count: source.count)
            }
            result.withUnsafeMutableBufferPointer { BitOperation(name: name.slice)?.apply(slices, to: $0) }
        }
        return result
    }

    /// What one bit becomes, by counting: how many values have it, and whether the first has.
    private func expected(_ name: String, _ has: [Bool]) -> Bool {
        let count = has.count { $0 }
        let others = has.dropFirst().contains(true)
        switch name {
        case "AND": return count == has.count
        case "OR": return count > 0
        case "XOR": return count % 2 == 1
        case "NOT": return !has[0]
        case "DIFF": return has[0] && !others
        case "DIFF1": return !has[0] && others
        case "ANDOR": return has[0] && others
        default: return count == 1
        }
    }

    @Test(arguments: ["AND", "OR", "XOR", "DIFF", "DIFF1", "ANDOR", "ONE", "NOT"] as [StaticString])
    func agreesWithCounting(name: StaticString) {
        let seed: UInt64 = .random(in: 0 ... .max)
        print("seed \(seed)")
        var random = RandomGenerator(seed: seed)
        for _ in 0..<60 {
            let sourceCount = "\(name)" == "NOT" ? 1 : 2 + random.below(3)
            let sources = (0..<sourceCount).map { _ in
                (0..<random.below(30)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            }
            let result = apply(name, sources)
            for bit in 0..<(result.count * 8) {
                let mask: UInt8 = 0x80 >> (bit & 7)
                let has = sources.map { bit >> 3 < $0.count && $0[bit >> 3] & mask != 0 }
                #expect((result[bit >> 3] & mask != 0) == expected("\(name)", has))
            }
        }
    }

    @Test func namesAndRefusals() {
        #expect(BitOperation(name: ("bogus" as StaticString).slice) == nil)
        #expect(BitOperation.not.refusal(sourceCount: 2) != nil)
        #expect(BitOperation.difference.refusal(sourceCount: 1) != nil)
        #expect(BitOperation.andOr.refusal(sourceCount: 2) == nil)
        #expect(BitOperation.one.refusal(sourceCount: 1) == nil)
    }
}
