import Primitives

/// CRC-64 with the Jones polynomial, reflected, no initial value, as Redis seals its payloads with.
///
/// Eight tables take eight bytes a step ("slicing by 8", Kounavis and Berry 2005).
enum CRC64 {
    /// The reflected polynomial 0xAD93D23594C935A9.
    private static let polynomial: UInt64 = 0x95AC_9329_AC4B_C9B5

    /// 8 × 256 entries; table k is for a byte with k bytes behind it.
    private static let tables: [UInt64] = {
        var tables = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var crc = UInt64(byte)
            for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ polynomial : crc >> 1 }
            tables[byte] = crc
        }
        for index in 256..<tables.count {
            let previous = tables[index - 256]
            tables[index] = previous >> 8 ^ tables[Int(previous & 0xFF)]
        }
        return tables
    }()

    /// The checksum of `bytes`, going on from `seed`. O(n).
    static func checksum(_ bytes: ByteSlice, seed: UInt64 = 0) -> UInt64 {
        tables.withUnsafeBufferPointer { tables in
            var crc = seed
            var index = 0
            let raw = UnsafeRawPointer(bytes.base)
            while index + 8 <= bytes.count {
                crc ^= UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                var folded: UInt64 = 0
                for lane in 0..<8 {
                    let byte = Int(truncatingIfNeeded: crc >> UInt64(8 * lane) & 0xFF)
                    folded ^= tables[(7 - lane) * 256 + byte]
                }
                crc = folded
                index += 8
            }
            while index < bytes.count {
                crc = crc >> 8 ^ tables[Int(truncatingIfNeeded: (crc ^ UInt64(bytes[index])) & 0xFF)]
                index += 1
            }
            return crc
        }
    }
}
