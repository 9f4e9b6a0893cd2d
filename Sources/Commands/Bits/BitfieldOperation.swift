import Primitives

/// One operation of a BITFIELD command.
struct BitfieldOperation {
    enum Kind: Equatable {
        case get
        case set(Int64)
        case increment(Int64)
    }

    let kind: Kind
    let integer: BitfieldInteger
    /// The place of the integer's first bit.
    let bitOffset: Int
    let overflow: BitfieldInteger.Overflow

    /// The bytes that a value needs to hold the integer.
    var neededByteCount: Int { (bitOffset + integer.bitCount + 7) / 8 }

    /// Parses all operations of a command, `arguments` being what follows the key.
    ///
    /// - Parameters:
    ///   - isReadOnly: only GET is allowed (BITFIELD_RO).
    ///   - maximumByteCount: the longest value allowed (`proto-max-bulk-len`).
    static func parse(
        _ arguments: UnsafeBufferPointer<ByteSlice>, isReadOnly: Bool, maximumByteCount: Int
    ) throws(ArgumentFailure) -> [BitfieldOperation] {
        var operations: [BitfieldOperation] = []
        var overflow = BitfieldInteger.Overflow.wrap
        var index = 0
        while index < arguments.count {
            let name = arguments[index]
            let rest = arguments.count - index - 1
            if name.equalsIgnoringCase("overflow"), rest >= 1 {
                guard let rule = BitfieldInteger.Overflow(option: arguments[index + 1]) else { throw .overflowKind }
                overflow = rule
                index += 2
                continue
            }
            let isGet = name.equalsIgnoringCase("get")
            let isSet = name.equalsIgnoringCase("set")
            guard isGet && rest >= 2 || (isSet || name.equalsIgnoringCase("incrby")) && rest >= 3 else {
                throw .syntax
            }
            guard let integer = BitfieldInteger(arguments[index + 1]) else { throw .bitfieldType }
            let offset = try bitOffset(
                arguments[index + 2], integerBitCount: integer.bitCount, maximumByteCount: maximumByteCount)
            var kind = Kind.get
            if !isGet {
                guard let operand = arguments[index + 3].int64 else { throw .notInteger }
                kind = isSet ? .set(operand) : .increment(operand)
            }
            operations.append(
                BitfieldOperation(kind: kind, integer: integer, bitOffset: offset, overflow: overflow))
            index += isGet ? 3 : 4
        }
        // Last, as in Redis: what is wrong with the arguments is said first.
        if isReadOnly, operations.contains(where: { $0.kind != .get }) { throw .readOnlyBitfield }
        return operations
    }

    /// A bit offset: a plain number, or for bitfields `#n`, the n-th integer of this width.
    ///
    /// - Parameter integerBitCount: the width for `#n`; nil where that form is not allowed (SETBIT, GETBIT).
    static func bitOffset(
        _ text: ByteSlice, integerBitCount: Int?, maximumByteCount: Int
    ) throws(ArgumentFailure) -> Int {
        var digits = text
        var scale: Int64 = 1
        if let integerBitCount, text.count > 0, text[0] == UInt8(ascii: "#") {
            digits = text.dropFirst(1)
            scale = Int64(integerBitCount)
        }
        guard let number = digits.int64, number >= 0 else { throw .bitOffset }
        let (offset, overflow) = number.multipliedReportingOverflow(by: scale)
        guard !overflow, offset >> 3 < Int64(maximumByteCount) else { throw .bitOffset }
        return Int(offset)
    }
}
