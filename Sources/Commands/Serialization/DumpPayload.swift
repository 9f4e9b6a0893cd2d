import Primitives

/// The payload of DUMP and RESTORE: an RDB value, the RDB version in 2 bytes, and the CRC-64 of all before it in 8.
///
///     type 0 │ length or encoding │ bytes │ version, little-endian │ CRC-64, little-endian
///
/// A length: `00` + 6 bits; `01` + 14 bits; `0x80` + 32 bits; `0x81` + 64 bits, big-endian.
/// An encoding: `0xC0` 8-bit, `0xC1` 16-bit, `0xC2` 32-bit integer, little-endian; `0xC3` LZF: packed length, length, bytes.
enum DumpPayload {
    enum Failure: Error, Equatable {
        /// Too short for a footer, a version from the future, or a wrong checksum.
        case versionOrChecksum
        /// A list, hash or other type that this daemon does not store.
        case unsupportedType(UInt8)
        /// Lengths that do not fit the payload, an unknown encoding, or bytes left over.
        case damaged
        /// A value longer than the limit.
        case tooLong
    }

    enum Value: ~Copyable {
        /// Lies in the payload.
        case bytes(ByteSlice)
        case integer(Int64)
        /// Was packed: the unpacked bytes.
        case unpacked([UInt8])
    }

    /// Written versions: 9 is Redis 5's, the oldest still in use, so that every later one reads it too. What a
    /// string looks like has not changed since version 6.
    static let writtenVersion: UInt16 = 9
    /// The newest of Redis (8.10) and of Valkey, which counts from 80 to tell its files from Redis's.
    private static let newestRedisVersion: UInt16 = 15
    private static let valkeyVersions: ClosedRange<UInt16> = 80...81

    static let footerCount = 10
    private static let stringType: UInt8 = 0

    // MARK: - Writing

    /// The payload of a string, or of an integer-encoded one when `integer` says its number.
    static func encode(_ value: ByteSlice, integer: Int64?) -> [UInt8] {
        var payload: [UInt8] = []
        payload.reserveCapacity(value.count + 20)
        if let integer, let narrow = Int32(exactly: integer) {
            payload.append(stringType)
            appendInteger(narrow, to: &payload)
        } else {
            payload += header(valueCount: value.count)
            payload.append(contentsOf: value.buffer)
        }
        let checksum = payload.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { CRC64.checksum(ByteSlice(base: $0, count: buffer.count)) } ?? 0
        }
        return payload + footer(checksumBefore: checksum)
    }

    /// What stands before the bytes of a value of `valueCount` bytes.
    static func header(valueCount: Int) -> [UInt8] {
        var header = [stringType]
        appendLength(valueCount, to: &header)
        return header
    }

    /// What stands behind the value: `footerCount` bytes.
    ///
    /// - Parameter checksumBefore: of all that precedes.
    static func footer(checksumBefore: UInt64) -> [UInt8] {
        var footer: [UInt8] = []
        appendLittleEndian(writtenVersion, to: &footer)
        let checksum = footer.withUnsafeBufferPointer { bytes in
            bytes.baseAddress.map { CRC64.checksum(ByteSlice(base: $0, count: bytes.count), seed: checksumBefore) } ?? 0
        }
        appendLittleEndian(checksum, to: &footer)
        return footer
    }

    private static func appendInteger(_ value: Int32, to payload: inout [UInt8]) {
        if let byte = Int8(exactly: value) {
            payload.append(0xC0)
            appendLittleEndian(byte, to: &payload)
        } else if let short = Int16(exactly: value) {
            payload.append(0xC1)
            appendLittleEndian(short, to: &payload)
        } else {
            payload.append(0xC2)
            appendLittleEndian(value, to: &payload)
        }
    }

    private static func appendLength(_ count: Int, to payload: inout [UInt8]) {
        if count < 1 << 6 {
            payload.append(UInt8(truncatingIfNeeded: count))
        } else if count < 1 << 14 {
            payload.append(0x40 | UInt8(truncatingIfNeeded: count >> 8))
            payload.append(UInt8(truncatingIfNeeded: count))
        } else if let count = UInt32(exactly: count) {
            payload.append(0x80)
            withUnsafeBytes(of: count.bigEndian) { payload.append(contentsOf: $0) }
        } else {
            payload.append(0x81)
            withUnsafeBytes(of: UInt64(count).bigEndian) { payload.append(contentsOf: $0) }
        }
    }

    private static func appendLittleEndian(_ value: some FixedWidthInteger, to payload: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { payload.append(contentsOf: $0) }
    }

    // MARK: - Reading

    /// Reads a payload; allocates only for packed strings, at most `maximumCount` bytes.
    static func decode(_ payload: ByteSlice, maximumCount: Int) throws(Failure) -> Value {
        guard payload.count >= footerCount else { throw .versionOrChecksum }
        let body = payload.slice(from: 0, to: payload.count - footerCount)
        let raw = UnsafeRawPointer(payload.base)
        let version = UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: body.count, as: UInt16.self))
        guard version <= newestRedisVersion || valkeyVersions.contains(version) else { throw .versionOrChecksum }
        let checksum = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: body.count + 2, as: UInt64.self))
        guard CRC64.checksum(payload.slice(from: 0, to: body.count + 2)) == checksum else {
            throw .versionOrChecksum
        }
        guard body.count > 0 else { throw .damaged }
        guard body[0] == stringType else { throw .unsupportedType(body[0]) }
        var reader = Reader(body.dropFirst(1))
        let value = try reader.string(maximumCount: maximumCount)
        guard reader.isAtEnd else { throw .damaged }
        return value
    }

    /// Takes bytes off the front of a payload, never past its end.
    private struct Reader {
        private var rest: ByteSlice

        init(_ bytes: ByteSlice) { rest = bytes }

        var isAtEnd: Bool { rest.isEmpty }

        private mutating func take(_ count: Int) throws(Failure) -> ByteSlice {
            guard count <= rest.count else { throw .damaged }
            let taken = rest.slice(from: 0, to: count)
            rest = rest.dropFirst(count)
            return taken
        }

        private mutating func integer<Integer: FixedWidthInteger>(_: Integer.Type) throws(Failure) -> Integer {
            let bytes = try take(MemoryLayout<Integer>.size)
            return UnsafeRawPointer(bytes.base).loadUnaligned(as: Integer.self)
        }

        mutating func string(maximumCount: Int) throws(Failure) -> Value {
            let first = try integer(UInt8.self)
            switch first {
            case 0xC0: return .integer(Int64(try integer(Int8.self)))
            case 0xC1: return .integer(Int64(Int16(littleEndian: try integer(Int16.self))))
            case 0xC2: return .integer(Int64(Int32(littleEndian: try integer(Int32.self))))
            case 0xC3: return .unpacked(try packed(maximumCount: maximumCount))
            default:
                let count = try length(first)
                guard count <= maximumCount else { throw .tooLong }
                return .bytes(try take(count))
            }
        }

        private mutating func length(_ first: UInt8) throws(Failure) -> Int {
            switch first {
            case 0x00..<0x40: return Int(first)
            case 0x40..<0x80: return Int(first & 0x3F) << 8 | Int(try integer(UInt8.self))
            case 0x80: return Int(UInt32(bigEndian: try integer(UInt32.self)))
            case 0x81:
                guard let count = Int(exactly: UInt64(bigEndian: try integer(UInt64.self))) else { throw .damaged }
                return count
            default: throw .damaged
            }
        }

        private mutating func packed(maximumCount: Int) throws(Failure) -> [UInt8] {
            let packedCount = try length(try integer(UInt8.self))
            let count = try length(try integer(UInt8.self))
            let input = try take(packedCount)
            guard count <= maximumCount else { throw .tooLong }
            // Three bytes of input make at most 264 of output: a longer announcement is a lie not worth allocating for.
            guard count > 0, count <= packedCount.multipliedReportingOverflow(by: 264).partialValue else {
                throw .damaged
            }
            var isWhole = false
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
                isWhole = LZF.decompress(input, to: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
                initializedCount = isWhole ? count : 0
            }
            guard isWhole else { throw .damaged }
            return bytes
        }
    }
}
