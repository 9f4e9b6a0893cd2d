import Configuration
import Primitives

/// What a rule makes of a key by its templates: tags, and what is invalidated.
extension CompiledRule {
    /// Calls `body` with what the pattern's `*`s match in `key`, which matches it.
    func withCaptures<Result>(
        of key: ByteSlice, _ body: (UnsafeMutableBufferPointer<ByteSlice>) -> Result
    ) -> Result {
        withUnsafeTemporaryAllocation(of: ByteSlice.self, capacity: max(starCount, 1)) { captures in
            captures.initialize(repeating: ("" as StaticString).slice)
            _ = GlobPattern.matches(pattern, key, captures: captures)
            return body(captures)
        }
    }

    /// Calls `body` with each tag that the rule gives to `key`; false when one of them would be too long for a tag, or `body`
    /// returns false.
    ///
    /// The slices are good during the call. A key's derived tag that is too long must keep the value from being stored: without
    /// the tag it could not be invalidated.
    func forEachTag(of key: ByteSlice, _ body: (ByteSlice) -> Bool) -> Bool {
        for tag in tags where !body(tag) { return false }
        if tagTemplates.isEmpty { return true }
        return withCaptures(of: key) { captures in
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: Rule.maximumTagBytes) { room in
                for template in tagTemplates {
                    guard let tag = template.expand(captures, into: room), !tag.isEmpty else { return false }
                    guard body(tag) else { return false }
                }
                return true
            }
        }
    }

    /// Calls `body` with the tags that the rule gives to `key`, which it does not refuse, behind those of `others`; they are good
    /// during the call.
    func withTags<Result>(
        of key: ByteSlice, besides others: UnsafeBufferPointer<ByteSlice>,
        _ body: (UnsafeBufferPointer<ByteSlice>) -> Result
    ) -> Result {
        if tagTemplates.isEmpty, others.isEmpty { return body(tags) }
        let fixedCount = others.count + tags.count
        return withCaptures(of: key) { captures in
            let bytes = tagTemplates.reduce(0) { $0 + $1.byteCount(captures) }
            return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(bytes, 1)) { room in
                withUnsafeTemporaryAllocation(of: ByteSlice.self, capacity: fixedCount + tagTemplates.count) { all in
                    for (index, tag) in others.enumerated() { all.initializeElement(at: index, to: tag) }
                    for (index, tag) in tags.enumerated() {
                        all.initializeElement(at: others.count + index, to: tag)
                    }
                    var used = 0
                    for (index, template) in tagTemplates.enumerated() {
                        let rest = UnsafeMutableBufferPointer(rebasing: room[used...])
                        let tag = template.expand(captures, into: rest) ?? ("" as StaticString).slice
                        all.initializeElement(at: fixedCount + index, to: tag)
                        used += tag.count
                    }
                    return body(UnsafeBufferPointer(all))
                }
            }
        }
    }

    /// What a write or deletion of `key` invalidates: `tag:NAME`, or patterns of keys, in which what the key has brought is
    /// escaped, so that it stands for itself.
    func invalidationTexts(of key: ByteSlice) -> [[UInt8]] {
        if invalidations.isEmpty { return [] }
        return withCaptures(of: key) { captures in
            invalidations.map { $0.invalidationText(captures) }
        }
    }
}
