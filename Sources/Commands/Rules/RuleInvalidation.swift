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
        target = pattern.isLiteral ? .key(pattern.prefix) : .keys(pattern)
    }
}

/// A pattern of keys to be invalidated.
struct KeyPattern: Hashable {
    let text: [UInt8]
    /// The same with a `*` for what the key has brought: matches at least as much, and there are few of them.
    let general: [UInt8]
    let rule: UInt8
    /// What all its keys begin with.
    let prefix: [UInt8]
    let isLiteral: Bool

    init(text: [UInt8], general: [UInt8], rule: UInt8) {
        self.text = text
        self.general = general
        self.rule = rule
        let (prefix, count) = ByteSlice.with(text) { GlobPattern.literalPrefix($0) }
        self.prefix = prefix
        isLiteral = count == text.count
    }

    /// The pattern that stands for all of its kind.
    var generalized: KeyPattern { KeyPattern(text: general, general: general, rule: rule) }

    /// Whether `key` begins as all matches do: for the time in which its shard is locked.
    func mayMatch(_ key: ByteSlice) -> Bool { ByteSlice.with(prefix) { key.hasPrefix($0) } }

    func matches(_ key: ByteSlice) -> Bool { ByteSlice.with(text) { GlobPattern.matches($0, key) } }
}

extension ByteSlice {
    /// Calls `body` with the bytes of an array as a slice.
    static func with<Result>(_ bytes: [UInt8], _ body: (ByteSlice) -> Result) -> Result {
        bytes.withUnsafeBufferPointer { buffer in
            body(ByteSlice(base: buffer.baseAddress ?? ("" as StaticString).utf8Start, count: buffer.count))
        }
    }
}
