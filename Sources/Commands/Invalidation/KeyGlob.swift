import Primitives

/// A glob that knows what every key it matches begins with, so that most of the others are told by one comparison.
struct KeyGlob {
    private let pattern: [UInt8]
    /// What is in front of the first `*`, `?` or `[`, escapes undone.
    private let prefix: [UInt8]
    private let isLiteral: Bool

    init(_ pattern: ByteSlice) {
        var prefix: [UInt8] = []
        var index = 0
        prefixes: while index < pattern.count {
            switch pattern[index] {
            case UInt8(ascii: "*"), UInt8(ascii: "?"), UInt8(ascii: "["): break prefixes
            case UInt8(ascii: "\\") where index + 1 < pattern.count: index += 1
            default: break
            }
            prefix.append(pattern[index])
            index += 1
        }
        self.pattern = pattern.array
        self.prefix = prefix
        isLiteral = index == pattern.count
    }

    /// The one key that a pattern without wildcards matches; nil for the others.
    var literal: [UInt8]? { isLiteral ? prefix : nil }

    /// Whether `key` begins as all matches do.
    func mayMatch(_ key: ByteSlice) -> Bool { Self.with(prefix) { key.hasPrefix($0) } }

    /// O(pattern × key) at the worst.
    func matches(_ key: ByteSlice) -> Bool { Self.with(pattern) { GlobPattern.matches($0, key) } }

    private static func with<Result>(_ bytes: [UInt8], _ body: (ByteSlice) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { buffer in
            body(ByteSlice(base: buffer.baseAddress ?? ("" as StaticString).utf8Start, count: buffer.count))
        }
    }
}
