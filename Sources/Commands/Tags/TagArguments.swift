import Primitives
import Store

/// Names of tags among a command's arguments.
enum TagArguments {
    /// The names behind a count: `numtags tag [tag ...]`, the count standing at `index`.
    static func counted(
        _ arguments: UnsafeBufferPointer<ByteSlice>, at index: Int
    ) throws(ArgumentFailure) -> UnsafeBufferPointer<ByteSlice> {
        guard index < arguments.count, let count = arguments[index].int64, count > 0,
            count < Int64(arguments.count - index)
        else { throw .tagCount }
        // Fewer than there are arguments.
        return try checked(UnsafeBufferPointer(rebasing: arguments[(index + 1)..<(index + 1 + Int(count))]))
    }

    /// `names` if they are allowed.
    @discardableResult
    static func checked(
        _ names: UnsafeBufferPointer<ByteSlice>
    ) throws(ArgumentFailure) -> UnsafeBufferPointer<ByteSlice> {
        guard names.count <= EntryAttributes.maximumTagCount else { throw .tooManyTags }
        for name in names where name.count > EntryAttributes.maximumTagByteCount { throw .tagTooLong }
        return names
    }
}
