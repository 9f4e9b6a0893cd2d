import Primitives
import Store

/// What commands that name an offset may add to memory, so that room is made before their keys are locked.
extension Call {
    /// The bytes that the value of argument 1 grows by when it is to have `newCount`, the spare room of a large one
    /// counted in. Locks the key's shard for a look at the present length.
    fileprivate func growth(to newCount: Int) -> Int {
        let key = key(1)
        let present = withShard(of: key.hash) { peek(key)?.valueCount ?? 0 }
        guard newCount > present else { return 0 }
        let spare = newCount >= SharedBlock.threshold ? newCount / 2 : 0
        return newCount - present + spare
    }
}

extension StringCommands {
    static func setRangeGrowth(_ call: Call) -> Int {
        guard let offset = call[2].int64, offset >= 0, offset < Int64(call.maximumStringCount) else { return 0 }
        return call.growth(to: Int(offset) + call[3].count)
    }
}

extension BitCommands {
    static func setBitGrowth(_ call: Call) -> Int {
        let maximum = call.maximumStringCount
        let offset = try? BitfieldOperation.bitOffset(call[2], integerBitCount: nil, maximumByteCount: maximum)
        return offset.map { call.growth(to: ($0 >> 3) + 1) } ?? 0
    }

    static func fieldGrowth(_ call: Call) -> Int {
        let operations = try? BitfieldOperation.parse(
            call.arguments(from: 2), isReadOnly: false, maximumByteCount: call.maximumStringCount)
        let written = operations?.lazy.filter { $0.kind != .get }.map(\.neededByteCount).max()
        return written.map { call.growth(to: $0) } ?? 0
    }
}
