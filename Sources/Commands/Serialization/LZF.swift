import Primitives

/// The decompressor of LZF, in which Redis packs strings of RDB payloads.
///
/// Written here rather than linked: the input is hostile, the format is one loop, and the library would be one
/// more thing to install beside the binary. Nothing is ever compressed: every Redis reads plain strings.
enum LZF {
    /// Unpacks `input` to exactly `output.count` bytes; false when the input does not make that many or is damaged.
    ///
    /// A control byte below 32 starts a run of that many literals plus one. Any other has a length (3 bits, 7 meaning
    /// that a byte follows to add) and the high 5 bits of a distance back into the output, whose low 8 bits follow.
    static func decompress(_ input: ByteSlice, to output: UnsafeMutableBufferPointer<UInt8>) -> Bool {
        guard let target = output.baseAddress else { return false }
        var read = 0
        var written = 0
        while read < input.count {
            let control = Int(input[read])
            read += 1
            if control < 32 {
                let count = control + 1
                guard count <= input.count - read, count <= output.count - written else { return false }
                (target + written).update(from: input.base + read, count: count)
                read += count
                written += count
                continue
            }
            var count = control >> 5
            if count == 7 {
                guard read < input.count else { return false }
                count += Int(input[read])
                read += 1
            }
            count += 2
            guard read < input.count else { return false }
            let distance = ((control & 0x1F) << 8) + Int(input[read]) + 1
            read += 1
            guard distance <= written, count <= output.count - written else { return false }
            // Byte by byte: source and target overlap when a run repeats itself.
            for _ in 0..<count {
                target[written] = target[written - distance]
                written += 1
            }
        }
        return written == output.count
    }
}
