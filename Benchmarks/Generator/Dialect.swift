import CLinux
import CPrimitives
import Primitives

/// The wire protocol of the server under test.
enum Dialect: String {
    case resp
    case memcached

    /// One GET of `key`.
    func get(_ key: String) -> [UInt8] {
        switch self {
        case .resp: Array("*2\r\n$3\r\nGET\r\n$\(key.utf8.count)\r\n\(key)\r\n".utf8)
        case .memcached: Array("get \(key)\r\n".utf8)
        }
    }

    /// What goes before the value's bytes in one SET of `key`.
    ///
    /// - Parameters:
    ///   - expiresAt: the Unix time in seconds at which the entry is due, or 0 for never.
    ///   - tagCount: how many tags the entry is given (nearcached's TAGS), 0 for none.
    func setPrefix(_ key: String, valueCount: Int, expiresAt: Int, tagCount: Int) -> [UInt8] {
        switch self {
        case .resp:
            let words = (expiresAt > 0 ? 5 : 3) + (tagCount > 0 ? 2 + tagCount : 0)
            return Array("*\(words)\r\n$3\r\nSET\r\n$\(key.utf8.count)\r\n\(key)\r\n$\(valueCount)\r\n".utf8)
        case .memcached:
            return Array("set \(key) 0 \(expiresAt) \(valueCount)\r\n".utf8)
        }
    }

    /// What goes behind the value's bytes in one SET.
    func setSuffix(expiresAt: Int, tagCount: Int) -> [UInt8] {
        guard self == .resp else { return Array("\r\n".utf8) }
        var words: [String] = []
        if expiresAt > 0 { words += ["EXAT", String(expiresAt)] }
        if tagCount > 0 { words += ["TAGS", String(tagCount)] + (0..<tagCount).map { "tag:\($0)" } }
        return Array(("\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()).utf8)
    }

    /// The command that empties the server, with the server's own default of when to free.
    var flush: [UInt8] {
        switch self {
        case .resp: Array("*1\r\n$8\r\nFLUSHALL\r\n".utf8)
        case .memcached: Array("flush_all\r\n".utf8)
        }
    }

    /// The command that invalidates the first tag of a load, of nearcached alone.
    static let invalidate = Array("*3\r\n$3\r\nTAG\r\n$10\r\nINVALIDATE\r\n$5\r\ntag:0\r\n".utf8)

    /// The first bytes of a hit's reply, up to the value.
    func hitPrefix(_ key: String, valueCount: Int) -> [UInt8] {
        switch self {
        case .resp: Array("$\(valueCount)\r\n".utf8)
        case .memcached: Array("VALUE \(key) 0 \(valueCount)\r\n".utf8)
        }
    }

    /// The bytes behind a hit's value.
    var hitSuffixCount: Int { self == .resp ? 2 : 7 }

    /// The reply to a SET that was done.
    var stored: [UInt8] { Array((self == .resp ? "+OK\r\n" : "STORED\r\n").utf8) }
}

/// What a reply says.
enum ReplyKind {
    case done
    case hit
    case miss
    case failure
}

extension Dialect {
    /// Finds the end of the reply that begins at `base`: its kind and length, or nil while it is not complete.
    func scanReply(_ base: UnsafePointer<UInt8>, available: Int) -> (kind: ReplyKind, count: Int)? {
        guard available > 0, let end = memchr(base, 0x0A, available) else { return nil }
        let lineCount = UnsafeRawPointer(base).distance(to: UnsafeRawPointer(end)) + 1
        guard lineCount >= 2 else { fail("malformed reply") }
        let line = ByteSlice(base: base, count: lineCount - 2)
        let hit: (value: Int, suffix: Int)
        switch self {
        case .resp:
            switch base[0] {
            case UInt8(ascii: "+"), UInt8(ascii: ":"): return (.done, lineCount)
            case UInt8(ascii: "-"): return (.failure, lineCount)
            case UInt8(ascii: "_"): return (.miss, lineCount)
            case UInt8(ascii: "$"):
                guard let count = line.dropFirst(1).int64.flatMap(Int.init(exactly:)) else { fail("malformed reply") }
                guard count >= 0 else { return (.miss, lineCount) }
                hit = (count, hitSuffixCount)
            default: fail("unexpected reply: \(line.string)")
            }
        case .memcached:
            if line.equals("STORED") || line.equals("OK") { return (.done, lineCount) }
            if line.equals("END") { return (.miss, lineCount) }
            guard line.hasPrefix(("VALUE " as StaticString).slice) else { return (.failure, lineCount) }
            var start = line.count
            while start > 0, line[start - 1] != 0x20 { start -= 1 }
            guard let count = line.dropFirst(start).int64.flatMap(Int.init(exactly:)), count >= 0 else {
                fail("malformed reply")
            }
            hit = (count, hitSuffixCount)
        }
        let total = lineCount + hit.value + hit.suffix
        return total <= available ? (.hit, total) : nil
    }
}
