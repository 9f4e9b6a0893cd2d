import Primitives

/// Calls `body` with the bytes as a slice.
@discardableResult
func withSlice<Result>(of bytes: [UInt8], _ body: (ByteSlice) throws -> Result) rethrows -> Result {
    try (bytes + [0]).withUnsafeBufferPointer { buffer in
        try body(ByteSlice(base: buffer.baseAddress!, count: bytes.count))
    }
}

/// Calls `body` with the words of `line` as a command's arguments.
@discardableResult
func withArguments<Result>(
    _ line: String, _ body: (UnsafeBufferPointer<ByteSlice>) throws -> Result
) rethrows -> Result {
    let words = line.split(separator: " ").map { Array($0.utf8) }
    let storage: [UInt8] = words.reduce(into: []) { $0 += $1 + [0] }
    return try storage.withUnsafeBufferPointer { buffer in
        var slices: [ByteSlice] = []
        var offset = 0
        for word in words {
            slices.append(ByteSlice(base: buffer.baseAddress! + offset, count: word.count))
            offset += word.count + 1
        }
        return try slices.withUnsafeBufferPointer(body)
    }
}
