import Primitives

/// BITOP's operations on whole values. Shorter values count as filled up with zeros.
enum BitOperation {
    case and
    case or
    case xor
    case not
    /// Bits of the first value that no other has.
    case difference
    /// Bits of any other value that the first has not.
    case reverseDifference
    /// Bits of the first value that some other has as well.
    case andOr
    /// Bits that exactly one value has.
    case one

    init?(name: ByteSlice) {
        let names: [(StaticString, BitOperation)] = [
            ("and", .and), ("or", .or), ("xor", .xor), ("not", .not), ("diff", .difference),
            ("diff1", .reverseDifference), ("andor", .andOr), ("one", .one),
        ]
        guard let match = names.first(where: { name.equalsIgnoringCase($0.0) }) else { return nil }
        self = match.1
    }

    /// Why the operation cannot take `sourceCount` values: Redis's text, or nil when it can.
    func refusal(sourceCount: Int) -> StaticString? {
        switch self {
        case .not where sourceCount != 1: "ERR BITOP NOT must be called with a single source key."
        case .difference where sourceCount < 2: "ERR BITOP DIFF must be called with at least two source keys."
        case .reverseDifference where sourceCount < 2:
            "ERR BITOP DIFF1 must be called with at least two source keys."
        case .andOr where sourceCount < 2: "ERR BITOP ANDOR must be called with at least two source keys."
        default: nil
        }
    }

    /// Applies the operation, eight bytes a step.
    ///
    /// - Parameters:
    ///   - sources: the values, in order; an absent key is an empty slice.
    ///   - target: as many bytes as the result is to have; must not overlap a source.
    func apply(_ sources: [ByteSlice], to target: UnsafeMutableBufferPointer<UInt8>) {
        guard let first = sources.first, let base = target.baseAddress, target.count > 0 else { return }
        let count = target.count
        let output = UnsafeMutableRawPointer(base)
        var index = 0
        while index + 8 <= count {
            let word = combine(Self.word(of: first, at: index), sources) { Self.word(of: $0, at: index) }
            output.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < count {
            let head: UInt8 = index < first.count ? first[index] : 0
            target[index] = combine(head, sources) { source in index < source.count ? source[index] : 0 }
            index += 1
        }
    }

    /// Eight bytes of `source` from `index` on; what lies behind its end is zero.
    @inline(__always)
    private static func word(of source: ByteSlice, at index: Int) -> UInt64 {
        if index + 8 <= source.count {
            return UnsafeRawPointer(source.base).loadUnaligned(fromByteOffset: index, as: UInt64.self)
        }
        var word: UInt64 = 0
        guard index < source.count else { return 0 }
        withUnsafeMutableBytes(of: &word) { target in
            target.copyMemory(from: UnsafeRawBufferPointer(source.slice(from: index, to: source.count).buffer))
        }
        return word
    }

    @inline(__always)
    private func combine<Word: FixedWidthInteger>(
        _ first: Word, _ sources: [ByteSlice], _ load: (ByteSlice) -> Word
    ) -> Word {
        var result = first
        switch self {
        case .not: return ~first
        case .and: for i in 1..<sources.count { result &= load(sources[i]) }
        case .or: for i in 1..<sources.count { result |= load(sources[i]) }
        case .xor: for i in 1..<sources.count { result ^= load(sources[i]) }
        case .difference, .reverseDifference, .andOr:
            var others: Word = 0
            for i in 1..<sources.count { others |= load(sources[i]) }
            if self == .difference { return first & ~others }
            return self == .andOr ? first & others : ~first & others
        case .one:
            var repeated: Word = 0
            for i in 1..<sources.count {
                let word = load(sources[i])
                repeated |= result & word
                result |= word
            }
            return result & ~repeated
        }
        return result
    }
}
