import Configuration
import Primitives

/// Makes a rule table: the radix tree first as arrays, then all of it in one arena.
struct RuleTableBuilder {
    /// A table with the memory that it points into.
    final class Product: @unchecked Sendable {
        let table: RuleTable
        private let arena: RuleArena
        private let adaptive: AdaptiveTTLs

        fileprivate init(_ table: RuleTable, _ arena: RuleArena, _ adaptive: AdaptiveTTLs) {
            self.table = table
            self.arena = arena
            self.adaptive = adaptive
        }
    }

    private struct Node {
        var label: [UInt8]
        var depth: Int
        var children: [UInt8: Int] = [:]
        var rules: [CompiledRule] = []
    }

    private var nodes = [Node(label: [], depth: 0)]
    private let arena = RuleArena()
    private var invalidates = false
    private var isAdaptive = false

    /// - Parameter rules: in order of definition, each with the number that its entries bear.
    /// - Complexity: O(bytes of all patterns).
    static func make(_ rules: [(rule: Rule, number: UInt8)], adaptive: AdaptiveTTLs) -> Product {
        var builder = RuleTableBuilder()
        for (rule, number) in rules { builder.insert(rule, number) }
        return builder.product(adaptive)
    }

    private mutating func insert(_ rule: Rule, _ number: UInt8) {
        let (prefix, patternCount) = withSlice(of: rule.pattern) { GlobPattern.literalPrefix($0) }
        let compiled = CompiledRule(rule, number: number, prefixPatternCount: patternCount, arena)
        nodes[node(for: prefix)].rules.append(compiled)
        if !rule.invalidations.isEmpty { invalidates = true }
        if compiled.isAdaptive { isAdaptive = true }
    }

    /// The node that stands for `text`, made if there is none.
    private mutating func node(for text: [UInt8]) -> Int {
        var node = 0
        var rest = text[...]
        while let byte = rest.first {
            guard let child = nodes[node].children[byte] else { return add(Array(rest), to: node) }
            let label = nodes[child].label
            let common = zip(label, rest).prefix { $0 == $1 }.count
            node = common == label.count ? child : split(child, of: node, at: common)
            rest = rest.dropFirst(common)
        }
        return node
    }

    private mutating func add(_ label: [UInt8], to parent: Int) -> Int {
        nodes.append(Node(label: label, depth: nodes[parent].depth + label.count))
        nodes[parent].children[label[0]] = nodes.count - 1
        return nodes.count - 1
    }

    /// Puts a node between `child` and its parent, for the first `count` bytes of the child's label.
    private mutating func split(_ child: Int, of parent: Int, at count: Int) -> Int {
        let label = nodes[child].label
        let middle = add(Array(label[..<count]), to: parent)
        nodes[child].label = Array(label[count...])
        nodes[middle].children[label[count]] = child
        return middle
    }

    // MARK: Layout

    private func product(_ adaptive: AdaptiveTTLs) -> Product {
        var ancestors = [Int](repeating: -1, count: nodes.count)
        setAncestors(0, -1, &ancestors)
        let laid = nodes.indices.map { index in
            RuleTable.Node(
                word: Self.word(nodes[index].label), mask: Self.word(nodes[index].label.map { _ in 0xFF }),
                label: arena.bytes(nodes[index].label), depth: nodes[index].depth,
                rules: arena.array(nodes[index].rules), ancestor: ancestors[index])
        }
        let edges = arena.array(edges())
        guard let nodes = arena.array(laid).baseAddress, let edge = edges.baseAddress else {
            preconditionFailure("a tree has a root, and a table of edges a slot")
        }
        let header = RuleTable.Header(
            nodes: nodes, edges: edge, edgeMask: UInt32(edges.count - 1), invalidates: invalidates,
            isAdaptive: isAdaptive, adaptive: Unmanaged.passUnretained(adaptive), byteCount: arena.byteCount)
        guard let place = arena.array([header]).baseAddress else { preconditionFailure("an arena has memory") }
        return Product(RuleTable(place), arena, adaptive)
    }

    /// The first eight bytes, the first of them lowest.
    private static func word(_ bytes: [UInt8]) -> UInt64 {
        bytes.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func setAncestors(_ node: Int, _ above: Int, _ ancestors: inout [Int]) {
        // As deep as there are prefixes of one another: 255 at most.
        ancestors[node] = above
        let next = nodes[node].rules.isEmpty ? above : node
        for child in nodes[node].children.values { setAncestors(child, next, &ancestors) }
    }

    /// The edges of all nodes in a table that is at most half full.
    private func edges() -> [UInt32] {
        precondition(nodes.count < 1 << RuleTable.childBits, "a rule table has at most two nodes a rule")
        var capacity = 2
        while capacity < 2 * nodes.count { capacity *= 2 }
        var table = [UInt32](repeating: 0, count: capacity)
        for (index, node) in nodes.enumerated() {
            for (byte, child) in node.children {
                let key = RuleTable.edgeKey(index, byte)
                var slot = Int(RuleTable.slot(key)) & (capacity - 1)
                while table[slot] != 0 { slot = (slot + 1) & (capacity - 1) }
                table[slot] = key << RuleTable.childBits | UInt32(child)
            }
        }
        return table
    }
}
