import Primitives

/// The memory of one rule table: made while it is built, never changed, freed with it.
final class RuleArena {
    private var blocks: [UnsafeMutableRawPointer] = []
    private(set) var byteCount = 0

    deinit {
        for block in blocks { block.deallocate() }
    }

    /// A copy of `values`, which must be of a trivial type: nobody destroys them.
    func array<Value>(_ values: [Value]) -> UnsafeBufferPointer<Value> {
        precondition(_isPOD(Value.self), "an arena does not destroy what it holds")
        let size = max(values.count * MemoryLayout<Value>.stride, 1)
        let block = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        blocks.append(block)
        byteCount += size
        let typed = block.bindMemory(to: Value.self, capacity: values.count)
        for (index, value) in values.enumerated() { (typed + index).initialize(to: value) }
        return UnsafeBufferPointer(start: typed, count: values.count)
    }

    func bytes(_ bytes: some Sequence<UInt8>) -> ByteSlice {
        let copy = array(Array(bytes))
        return ByteSlice(base: copy.baseAddress ?? ("" as StaticString).utf8Start, count: copy.count)
    }
}
