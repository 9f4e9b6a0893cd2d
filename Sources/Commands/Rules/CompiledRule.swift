import Configuration
import Primitives
import Store

/// A rule as writes see it: plain numbers and slices of its table's memory. A trivial type.
struct CompiledRule {
    /// What is behind the literal prefix of the pattern.
    enum Tail: UInt8 {
        /// Nothing: the prefix is the key.
        case nothing
        /// One `*`.
        case anything
        /// One `*`, then a text without wildcards.
        case ending
        case glob
    }

    /// 1 to 255: what its entries bear.
    let number: UInt8
    let tailKind: Tail
    let isAdaptive: Bool
    let jitterPercent: Int
    /// The whole pattern, for captures.
    let pattern: ByteSlice
    /// The pattern behind its literal prefix.
    let tail: ByteSlice
    let starCount: Int
    /// 0 for none.
    let defaultMilliseconds: Int64
    /// `Int64.max` for none.
    let maximumMilliseconds: Int64
    /// 0 for none.
    let minimumMilliseconds: Int64
    /// 0 for none.
    let staleSeconds: Int64
    /// The largest value that is stored, in bytes; -1 when none is.
    let maximumValueCount: Int
    let tags: UnsafeBufferPointer<ByteSlice>
    let tagTemplates: UnsafeBufferPointer<CompiledTemplate>
    let invalidations: UnsafeBufferPointer<CompiledTemplate>

    init(_ rule: Rule, number: UInt8, prefixPatternCount: Int, _ arena: RuleArena) {
        let pattern = arena.bytes(rule.pattern.utf8)
        self.number = number
        self.pattern = pattern
        tail = pattern.dropFirst(prefixPatternCount)
        let ending = tail.dropFirst(1)
        let isEnding = !tail.isEmpty && tail[0] == UInt8(ascii: "*") && GlobPattern.isLiteral(ending)
        tailKind = tail.isEmpty ? .nothing : !isEnding ? .glob : ending.isEmpty ? .anything : .ending
        starCount = GlobPattern.starCount(pattern)
        switch rule.ttl {
        case .seconds(let seconds)?: (defaultMilliseconds, isAdaptive) = (seconds * 1000, false)
        case .adaptive(let minimum, _)?: (defaultMilliseconds, isAdaptive) = (minimum * 1000, true)
        case nil: (defaultMilliseconds, isAdaptive) = (0, false)
        }
        // Seconds are below 2^31.
        maximumMilliseconds = rule.maximumTTLSeconds.map { $0 * 1000 } ?? Int64.max
        minimumMilliseconds = (rule.minimumTTLSeconds ?? 0) * 1000
        jitterPercent = Int(rule.jitterPercent ?? 0)
        staleSeconds = rule.staleSeconds ?? 0
        maximumValueCount = rule.isStored ? rule.maximumValueBytes.map(Int.init) ?? Int.max : -1
        tags = arena.array(rule.tags.map { arena.bytes($0.utf8) })
        tagTemplates = arena.array(rule.tagTemplates.map { CompiledTemplate($0, arena) })
        invalidations = arena.array(rule.invalidations.map { CompiledTemplate($0, arena) })
    }

    /// Whether a key that begins with the rule's prefix matches.
    ///
    /// - Parameter remainder: the key behind the prefix.
    @inline(__always)
    func matchesTail(_ remainder: ByteSlice) -> Bool {
        switch tailKind {
        case .anything: true
        case .nothing: remainder.isEmpty
        case .ending: remainder.ends(with: tail.dropFirst(1))
        case .glob: GlobPattern.matches(tail, remainder)
        }
    }

    /// Whether a value of `valueCount` bytes is not to be stored under `key`, which matches.
    func refuses(_ key: ByteSlice, valueCount: Int) -> Bool {
        valueCount > maximumValueCount || !tagTemplates.isEmpty && !forEachTag(of: key) { _ in true }
    }

    var hasTags: Bool { !tags.isEmpty || !tagTemplates.isEmpty }

    // MARK: Deadlines, in store milliseconds

    /// The deadline of a value that is written.
    ///
    /// What the writer asks for, or the default, is cut to `max-ttl`, then shortened by the jitter, then raised to `min-ttl`: never
    /// longer than asked for but where the minimum says so, never above the maximum.
    ///
    /// - Parameters:
    ///   - asked: the writer's, or `Entry.noExpiry` when it gave none.
    ///   - defaultMilliseconds: the rule's default lifetime now; 0 for none.
    func deadline(
        asked: Int64, defaultMilliseconds: Int64, now: Int64, _ generator: inout RandomGenerator
    ) -> Int64 {
        var lifetime = asked == Entry.noExpiry ? defaultMilliseconds : max(asked - now, 1)
        if lifetime == 0 {
            guard maximumMilliseconds != Int64.max else { return Entry.noExpiry }
            lifetime = maximumMilliseconds
        }
        lifetime = min(lifetime, maximumMilliseconds)
        if jitterPercent > 0 {
            // At most 99 hundredths, so something is left, and no product overflows.
            let most = Int(lifetime / 100) * jitterPercent + Int(lifetime % 100) * jitterPercent / 100
            lifetime -= Int64(generator.below(most + 1))
        }
        return CompiledRule.sum(now, max(lifetime, minimumMilliseconds))
    }

    /// The deadline that an entry may be given later on, by EXPIRE or PERSIST: within the bounds, and without jitter, since it was
    /// asked for by name.
    func bounded(deadline: Int64, now: Int64) -> Int64 {
        if deadline == Entry.noExpiry {
            return maximumMilliseconds == Int64.max ? deadline : CompiledRule.sum(now, maximumMilliseconds)
        }
        let lifetime = max(min(max(deadline - now, 1), maximumMilliseconds), minimumMilliseconds)
        return CompiledRule.sum(now, lifetime)
    }

    private static func sum(_ now: Int64, _ lifetime: Int64) -> Int64 {
        let (sum, overflow) = now.addingReportingOverflow(lifetime)
        return overflow ? Entry.noExpiry - 1 : min(sum, Entry.noExpiry - 1)
    }
}

extension ByteSlice {
    fileprivate func ends(with text: ByteSlice) -> Bool {
        count >= text.count && dropFirst(count - text.count).equals(text)
    }
}
