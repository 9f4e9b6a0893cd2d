import CPrimitives
import Configuration
import Primitives
import Store

/// All rules, laid out for finding the one of a key: a radix tree of the patterns' literal prefixes.
///
/// A walk down the tree compares each byte of the key's prefix once and ends at the first that no pattern has; the deepest
/// node with rules is the longest prefix. From there it goes up until a rule's whole pattern matches. 100 rules take some
/// 20 ns; a hash per prefix length would take as many probes as there are lengths.
///
/// A trivial type: a pointer. Its memory lives until the next change of the rules, which happens with all loops parked.
struct RuleTable {
    /// A node stands for the text from the root to it. 64 bytes: a cache line.
    struct Node {
        /// The first bytes of the label: the part of the text that its parent does not have.
        let word: UInt64
        /// Which bits of the word the label has.
        let mask: UInt64
        let label: ByteSlice
        /// Bytes of the whole text.
        let depth: Int
        /// The rules whose prefix is this text, in order of definition.
        let rules: UnsafeBufferPointer<CompiledRule>
        /// The nearest node above that has rules; -1 for none.
        let ancestor: Int
    }

    struct Header {
        let nodes: UnsafePointer<Node>
        /// From a node and a byte to the child whose label begins with it: open addressing, 0 for empty, otherwise the key plus
        /// one above 12 bits of the child's index.
        let edges: UnsafePointer<UInt32>
        let edgeMask: UInt32
        /// Whether a write or a deletion may have to invalidate something.
        let invalidates: Bool
        /// Whether a lifetime moves.
        let isAdaptive: Bool
        let adaptive: Unmanaged<AdaptiveTTLs>
        /// Bytes that all of it takes.
        let byteCount: Int
    }

    /// At most two nodes a rule and the root: 511, below 2^12. A node and a byte are 20 bits.
    static let childBits: UInt32 = 12

    private let header: UnsafePointer<Header>

    init(_ header: UnsafePointer<Header>) { self.header = header }

    var invalidates: Bool { header.pointee.invalidates }
    var isAdaptive: Bool { header.pointee.isAdaptive }
    var byteCount: Int { header.pointee.byteCount }

    /// The lifetime of a value whose writer gives none, in milliseconds; 0 for none.
    func defaultMilliseconds(of rule: UnsafePointer<CompiledRule>) -> Int64 {
        guard rule.pointee.isAdaptive else { return rule.pointee.defaultMilliseconds }
        // The registry owns both.
        return header.pointee.adaptive._withUnsafeGuaranteedRef { $0.milliseconds(of: rule.pointee.number) }
    }

    /// The rule of `key`: of those whose pattern matches the one with the longest literal prefix, of those the first defined.
    ///
    /// - Complexity: O(bytes of the longest prefix), and what the globs take. No allocation.
    @inline(__always)
    func rule(of key: ByteSlice) -> UnsafePointer<CompiledRule>? {
        let nodes = header.pointee.nodes
        let count = key.count
        let lastWord = RuleTable.lastWord(of: key)
        var node = 0
        var deepest = nodes.pointee.rules.isEmpty ? -1 : 0
        var depth = 0
        while depth < count, let child = child(of: node, key.base[depth]) {
            let place = nodes + child
            let rest = count - depth
            guard place.pointee.label.count <= rest else { break }
            // Eight bytes at a time, never one behind the key: its last eight are shifted to begin at `depth`.
            let word = rest >= 8 ? nc_load64(key.base + depth) : lastWord &>> UInt64(64 - 8 * rest)
            guard word & place.pointee.mask == place.pointee.word else { break }
            if place.pointee.label.count > 8 {
                let behind = place.pointee.label.dropFirst(8)
                guard memcmp(behind.base, key.base + depth + 8, behind.count) == 0 else { break }
            }
            depth = place.pointee.depth
            node = child
            if !place.pointee.rules.isEmpty { deepest = child }
        }
        while deepest >= 0 {
            let place = nodes + deepest
            let remainder = ByteSlice(base: key.base + place.pointee.depth, count: key.count - place.pointee.depth)
            let rules = place.pointee.rules
            for index in 0..<rules.count where rules[index].matchesTail(remainder) {
                return rules.baseAddress.map { $0 + index }
            }
            deepest = place.pointee.ancestor
        }
        return nil
    }

    /// The key's last eight bytes; those of a shorter one at the upper end.
    @inline(__always)
    private static func lastWord(of key: ByteSlice) -> UInt64 {
        if key.count >= 8 { return nc_load64(key.base + (key.count - 8)) }
        var word: UInt64 = 0
        for index in 0..<key.count { word = word >> 8 | UInt64(key.base[index]) << 56 }
        return word
    }

    @inline(__always)
    private func child(of node: Int, _ byte: UInt8) -> Int? {
        let wanted = RuleTable.edgeKey(node, byte)
        var slot = RuleTable.slot(wanted) & header.pointee.edgeMask
        while true {
            let edge = header.pointee.edges[Int(slot)]
            if edge == 0 { return nil }
            if edge >> RuleTable.childBits == wanted { return Int(edge & ((1 << RuleTable.childBits) - 1)) }
            slot = (slot + 1) & header.pointee.edgeMask
        }
    }

    /// A node and a byte as a number from 1 up.
    @inline(__always)
    static func edgeKey(_ node: Int, _ byte: UInt8) -> UInt32 {
        (UInt32(truncatingIfNeeded: node) << 8 | UInt32(byte)) &+ 1  // 511 << 8 | 255 at most
    }

    @inline(__always)
    static func slot(_ key: UInt32) -> UInt32 { (key &* 0x9E37_79B1) >> 16 }
}
