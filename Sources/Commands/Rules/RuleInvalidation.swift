import Primitives

/// What a write or deletion has set off by its key's rule (`invalidates`), to be done once the key's shard is unlocked.
struct RuleInvalidation {
    enum Target {
        case tag([UInt8])
        /// One key: a pattern without wildcards.
        case key([UInt8])
        case keys(KeyPattern)
    }

    let database: Int
    /// The number of the rule whose key set it off. Keys under that rule are left alone: `user:*` may invalidate `user:{1}:*`.
    let rule: UInt8
    let target: Target

    /// - Parameter captures: what the pattern's `*`s have matched in the key.
    init(
        _ template: CompiledTemplate, _ captures: UnsafeMutableBufferPointer<ByteSlice>, database: Int, rule: UInt8
    ) {
        self.database = database
        self.rule = rule
        let text = template.invalidationText(captures)
        if template.isTag {
            target = .tag(Array(text.dropFirst(CompiledTemplate.tagPrefix.utf8CodeUnitCount)))
            return
        }
        let general = template.hasCaptures ? template.generalText : text
        let pattern = KeyPattern(text: text, general: general, rule: rule)
        target = pattern.glob.literal.map { .key($0) } ?? .keys(pattern)
    }
}

/// A pattern of keys to be invalidated.
struct KeyPattern: Hashable {
    let text: [UInt8]
    /// The same with a `*` for what the key has brought: matches at least as much, and there are few of them.
    let general: [UInt8]
    let rule: UInt8

    var glob: KeyGlob { ByteSlice.with(text) { KeyGlob($0) } }

    /// The pattern that stands for all of its kind.
    var generalized: KeyPattern { KeyPattern(text: general, general: general, rule: rule) }
}

extension ByteSlice {
    /// Calls `body` with the bytes of an array as a slice.
    static func with<Result>(_ bytes: [UInt8], _ body: (ByteSlice) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { buffer in
            body(ByteSlice(base: buffer.baseAddress ?? ("" as StaticString).utf8Start, count: buffer.count))
        }
    }
}
