import CPrimitives
import Primitives

/// The state machine proper: any bytes, in any pieces.
extension RequestParser {
    enum Step {
        /// A request, or an empty one, of so many bytes is complete.
        case done(byteCount: Int)
        /// More bytes are needed, or an emptier batch.
        case incomplete
        case failed(ProtocolFailure)
        case hostile
        case handshake
    }

    private enum Line {
        case incomplete
        case tooLong
        case badEnd
        case complete(ByteSlice)
    }

    /// Takes the request at `request` as far as its bytes go.
    mutating func advance(
        _ request: UnsafePointer<UInt8>, count: Int, limits: Limits, into batch: inout RequestBatch
    ) -> Step {
        if phase == .idle { phase = request[0] == UInt8(ascii: "*") ? .argumentCount : .inline }
        if phase == .inline { return advanceInline(request, count: count, into: &batch) }
        if phase == .argumentCount {
            switch readLine(request, count: count) {
            case .incomplete: return .incomplete
            case .tooLong: return .failed(.tooBigMultibulkCount)
            case .badEnd: return .failed(.invalidLineEnd)
            case .complete(let line):
                guard let number = line.dropFirst(1).int64, number <= Limits.maximumArgumentCount else {
                    return .failed(.invalidMultibulkCount)
                }
                guard number <= limits.argumentLimit else { return .failed(.unauthenticatedMultibulkCount) }
                guard number > 0 else { return .done(byteCount: position) }
                argumentCount = Int32(truncatingIfNeeded: number)  // at most maximumArgumentCount
                phase = .bulkCount
            }
        }
        return advanceArguments(request, count: count, limits: limits, into: &batch)
    }

    /// Reads arguments: a line `$n`, then n bytes and a line end.
    private mutating func advanceArguments(
        _ request: UnsafePointer<UInt8>, count: Int, limits: Limits, into batch: inout RequestBatch
    ) -> Step {
        while true {
            if phase == .bulkCount, let stop = advanceBulkCount(request, count: count, limits: limits) { return stop }
            // The subtractions cannot overflow: position is at most count, bulkCount at most 2^40.
            guard count - position - 2 >= bulkCount else { return .incomplete }
            guard request[position + bulkCount] == 0x0D, request[position + bulkCount + 1] == 0x0A else {
                return .failed(.invalidLineEnd)
            }
            ranges.append(start: position, count: bulkCount)
            position += bulkCount + 2
            scanned = position
            phase = .bulkCount
            if ranges.count == Int(argumentCount) {
                batch.append(argumentCount: ranges.count, byteCount: position) { ranges.write(to: $0, base: request) }
                return .done(byteCount: position)
            }
        }
    }

    /// Reads a line `$n`; nil when it was there and good, and an argument is next.
    private mutating func advanceBulkCount(
        _ request: UnsafePointer<UInt8>, count: Int, limits: Limits
    ) -> Step? {
        guard position < count else { return .incomplete }
        guard request[position] == UInt8(ascii: "$") else { return .failed(.expectedBulk(request[position])) }
        switch readLine(request, count: count) {
        case .incomplete: return .incomplete
        case .tooLong: return .failed(.tooBigBulkCount)
        case .badEnd: return .failed(.invalidLineEnd)
        case .complete(let line):
            guard let number = line.dropFirst(1).int64, number >= 0, number <= limits.maximumBulkCount else {
                return .failed(.invalidBulkCount)
            }
            guard number <= limits.bulkLimit else { return .failed(.unauthenticatedBulkCount) }
            bulkCount = Int(number)
            phase = .bulk
            return nil
        }
    }

    /// Reads the header line at `position` and steps behind it.
    ///
    /// Its CR is looked for in the first 64 KiB only, and in each byte once, so the answer does not depend on how the
    /// bytes were cut into reads.
    private mutating func readLine(_ request: UnsafePointer<UInt8>, count: Int) -> Line {
        let searchEnd = min(count, position + Limits.maximumLineCount + 1)
        guard scanned < searchEnd else { return count > searchEnd ? .tooLong : .incomplete }
        guard let found = memchr(request + scanned, 0x0D, searchEnd - scanned) else {
            scanned = searchEnd
            return count - position > Limits.maximumLineCount ? .tooLong : .incomplete
        }
        let index = UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - request
        guard index + 1 < count else {
            scanned = index
            return .incomplete
        }
        guard request[index + 1] == 0x0A else { return .badEnd }
        let line = ByteSlice(base: request + position, count: index - position)
        position = index + 2
        scanned = position
        return .complete(line)
    }
}
