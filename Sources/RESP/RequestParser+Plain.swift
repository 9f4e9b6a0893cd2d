import CPrimitives
import Primitives

/// The common case: a request that is complete, well formed and within the limits. Anything else is left to the state
/// machine, which knows the errors.
extension RequestParser {
    /// "\r\n" as a 16-bit load sees it on the little-endian machines this runs on.
    private static let lineEnd: UInt16 = 0x0A0D

    /// Reads plain requests until one is not plain, the batch is full or the input ends.
    ///
    /// The loop's time is its chain of loads (each line's place depends on the length in the one before) and its number
    /// of instructions, so the digits are loaded one by one, where shifts out of one word would lengthen the chain, and
    /// what the loop needs of `batch` and `limits` is held in locals. Sums are of counts within the input, so `&+` is
    /// safe: at most `count`, plus 9 digits.
    ///
    /// - Returns: the bytes that the requests took, all of them if none was left over.
    static func parsePlainRequests(
        _ input: UnsafePointer<UInt8>, count: Int, limits: Limits, into batch: inout RequestBatch
    ) -> Int {
        let end = input + count
        let bulkLimit = limits.bulkLimit
        let lastCommand = batch.commands + limits.commandLimit
        var command = batch.commands + batch.commandCount
        var argumentCount = batch.argumentCount
        var request = input
        scan: while command < lastCommand {
            var cursor = request
            let wanted = plainCount(&cursor, end, marker: UInt8(ascii: "*"))
            guard wanted > 0, wanted <= limits.argumentLimit else { break }
            if batch.argumentCapacity &- argumentCount < wanted {
                // An argument takes 6 bytes at least, so no room is made for a number only announced.
                guard wanted <= (end - cursor) / 6 else { break }
                batch.argumentCount = argumentCount
                batch.growArguments(to: argumentCount &+ wanted)
            }
            var slot = batch.arguments + argumentCount
            let slotEnd = slot + wanted
            repeat {
                let length = plainCount(&cursor, end, marker: UInt8(ascii: "$"))
                guard length >= 0, length <= bulkLimit, end - cursor >= length &+ 2,
                    nc_load16(cursor + length) == lineEnd
                else { break scan }
                slot.initialize(to: ByteSlice(base: cursor, count: length))
                cursor += length &+ 2
                slot += 1
            } while slot != slotEnd
            command.initialize(
                to: Request(firstArgument: argumentCount, argumentCount: wanted, byteCount: cursor - request))
            command += 1
            argumentCount &+= wanted
            request = cursor
        }
        batch.commandCount = command - batch.commands
        batch.argumentCount = argumentCount
        return request - input
    }

    /// Reads `*3\r\n` or `$16\r\n` and steps behind it: the count, or -1 when the line is not complete or not of that
    /// form. Lines of one and two digits are nearly all there are.
    @inline(__always)
    private static func plainCount(
        _ cursor: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>, marker: UInt8
    ) -> Int {
        // A line of 4 bytes at the end of the input completes no request: at least a CR LF is to follow.
        let line = cursor
        guard end - line >= 5, line[0] == marker else { return -1 }
        let first = Int(line[1]) &- 0x30
        guard UInt(bitPattern: first) < 10 else { return -1 }
        if nc_load16(line + 2) == lineEnd {
            cursor = line + 4
            return first
        }
        let second = Int(line[2]) &- 0x30
        if UInt(bitPattern: second) < 10, nc_load16(line + 3) == lineEnd, first != 0 {
            cursor = line + 5
            return first &* 10 &+ second
        }
        let (count, next) = longCount(line, end)
        cursor = next
        return count
    }

    /// A line of 3 to 9 digits: its count and what is behind it. Not through `inout`, which would keep the caller's
    /// cursor in memory, in the middle of that chain (measured: 0.7 ns a request).
    @inline(never)
    private static func longCount(
        _ line: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>
    ) -> (count: Int, next: UnsafePointer<UInt8>) {
        guard line[1] != 0x30 else { return (-1, line) }
        var value = 0
        var digit = line + 1
        let digitsEnd = min(end, digit + 9)
        while digit < digitsEnd, digit[0].isASCIIDigit {
            value = value * 10 + Int(digit[0] &- 0x30)
            digit += 1
        }
        guard end - digit >= 2, nc_load16(digit) == lineEnd else { return (-1, line) }
        return (value, digit + 2)
    }
}
