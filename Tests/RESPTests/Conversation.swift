import Primitives

@testable import RESP

/// What a server would have made of bytes that came in pieces.
struct Conversation: Equatable, CustomStringConvertible {
    enum Ending: Equatable {
        case open
        case failed(ProtocolFailure)
        case hostile
        case handshake
    }

    var commands: [[[UInt8]]] = []
    var ending = Ending.open
    /// Bytes that belong to no complete request.
    var leftOverCount = 0

    var description: String {
        let texts = commands.map { $0.map { String(decoding: $0, as: UTF8.self).debugDescription } }
        return "\(texts) \(ending), \(leftOverCount) left over"
    }

    static let limits = RequestParser.Limits(maximumBulkCount: 512 << 20)

    /// Hands `pieces` to a new parser one by one, as a connection does: each parse sees exactly the bytes not yet
    /// consumed, in a fresh block, so that a look behind their end or at their old place is found by a sanitizer.
    static func held(_ pieces: [[UInt8]], limits: RequestParser.Limits = limits) -> Conversation {
        var result = Conversation()
        var parser = RequestParser()
        var batch = RequestBatch()
        var pending: [UInt8] = []
        for piece in pieces {
            pending += piece
            while result.ending == .open, !pending.isEmpty {
                guard result.step(&pending, &parser, &batch, limits) else { break }
            }
        }
        result.leftOverCount = pending.count
        return result
    }

    static func held(_ bytes: [UInt8], limits: RequestParser.Limits = limits) -> Conversation {
        held([bytes], limits: limits)
    }

    static func held(_ text: String, limits: RequestParser.Limits = limits) -> Conversation {
        held([Array(text.utf8)], limits: limits)
    }

    /// One parse; whether it came further.
    private mutating func step(
        _ pending: inout [UInt8], _ parser: inout RequestParser, _ batch: inout RequestBatch,
        _ limits: RequestParser.Limits
    ) -> Bool {
        let block = UnsafeMutablePointer<UInt8>.allocate(capacity: pending.count)
        defer { block.deallocate() }
        block.update(from: pending, count: pending.count)
        batch.removeAll()
        let consumed: Int
        switch parser.parse(block, count: pending.count, limits: limits, into: &batch) {
        case .parsed(let count): consumed = count
        case .failed(let failure, let count): (consumed, ending) = (count, .failed(failure))
        case .hostile(let count): (consumed, ending) = (count, .hostile)
        case .handshake(let count): (consumed, ending) = (count, .handshake)
        }
        for index in 0..<batch.commandCount {
            commands.append(batch.arguments(of: index).map(\.array))
        }
        pending.removeFirst(consumed)
        return consumed > 0 || batch.commandCount > 0
    }
}

/// A request as a client encodes it.
func encoded(_ arguments: [[UInt8]]) -> [UInt8] {
    var bytes = Array("*\(arguments.count)\r\n".utf8)
    for argument in arguments { bytes += Array("$\(argument.count)\r\n".utf8) + argument + [0x0D, 0x0A] }
    return bytes
}

func encoded(_ words: String...) -> [UInt8] { encoded(words.map { Array($0.utf8) }) }

func words(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }
