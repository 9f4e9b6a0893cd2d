import CCrypto
import Primitives

/// The key that a namespace and parts make, alike in every client's language: docs/invalidation.md defines it.
///
///     plain   word ":" word ":" …                            up to 250 bytes
///     long    namespace ":" "%sha256-" digest of the plain   beyond
///
/// In a word ':' is written %3A and '%' %25, so different words never make the same key; and since nothing else follows a
/// '%', no plain key is the long key of other words.
enum CacheKey {
    /// The longest plain key in bytes: what memcached takes as well.
    static let maximumCount = 250
    /// Bytes of all words together: hashing more would hold up the loop, some milliseconds for these.
    static let maximumWordsCount = 1 << 20
    private static let digestMark = Array("%sha256-".utf8)
    private static let digestTextCount = 64

    /// - Parameter words: the namespace, then the parts; `maximumWordsCount` bytes at most.
    /// - Returns: the key; nil when the system has no SHA-256.
    static func make(_ words: UnsafeBufferPointer<ByteSlice>) -> [UInt8]? {
        var plain: [UInt8] = []
        var namespaceCount = 0
        for (index, word) in words.enumerated() {
            if index > 0 { plain.append(UInt8(ascii: ":")) }
            append(word, to: &plain)
            if index == 0 { namespaceCount = plain.count }
        }
        if plain.count <= maximumCount { return plain }
        guard let digest = digestText(of: plain) else { return nil }
        // A namespace that leaves no room goes into the digest only.
        if namespaceCount + 1 + digestMark.count + digestTextCount > maximumCount { return digestMark + digest }
        return plain[0..<namespaceCount] + [UInt8(ascii: ":")] + digestMark + digest
    }

    private static func append(_ word: ByteSlice, to key: inout [UInt8]) {
        for byte in word.buffer {
            switch byte {
            case UInt8(ascii: ":"): key += "%3A".utf8
            case UInt8(ascii: "%"): key += "%25".utf8
            default: key.append(byte)
            }
        }
    }

    /// 64 hexadecimal digits in lower case.
    private static func digestText(of bytes: [UInt8]) -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        guard SHA256(bytes, bytes.count, &digest) != nil else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        return digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }
}
