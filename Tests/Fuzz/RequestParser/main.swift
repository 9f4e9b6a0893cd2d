import CFuzzer
import CLinux
import Primitives
import RESP

// Whatever bytes come, in whatever pieces, the same commands and the same ending come out; slices stay within the
// bytes; memory stays in proportion. A broken promise traps, which is what libFuzzer looks for.

/// What came of a message.
struct Outcome: Equatable {
    enum Ending: Equatable {
        case open
        case failed(ProtocolFailure)
        case hostile
        case handshake
    }

    /// Counts and bytes of all commands, one behind the other.
    var commands: [UInt8] = []
    var ending = Ending.open

    mutating func append(_ arguments: UnsafeBufferPointer<ByteSlice>) {
        commands += Array("*\(arguments.count) ".utf8)
        for argument in arguments { commands += Array("$\(argument.count) ".utf8) + argument.array }
    }
}

/// The input's first two bytes choose how the rest is read: limits, expansion, and how it is cut.
struct Input {
    let limits: RequestParser.Limits
    let cutSeed: UInt8
    var message: [UInt8] = []

    init?(_ data: UnsafeBufferPointer<UInt8>) {
        guard data.count > 2 else { return nil }
        limits = RequestParser.Limits(
            maximumBulkCount: data[0] & 1 == 0 ? 512 << 20 : 1_000, isAuthenticated: data[0] & 2 == 0)
        cutSeed = data[1]
        for byte in data[2...] {
            // The limit of 64 KiB on lines is out of reach of inputs small enough to be tried often.
            if byte == 0xFE, data[0] & 4 != 0, message.count < 80_000 {
                message += [UInt8](repeating: 0x41, count: 20_000)
            } else {
                message.append(byte)
            }
        }
    }
}

/// Reads `message` with `next()` more bytes known each time.
func read(_ message: [UInt8], _ limits: RequestParser.Limits, next: () -> Int) -> Outcome {
    var outcome = Outcome()
    var parser = RequestParser()
    var batch = RequestBatch()
    var start = 0
    var end = 0
    while end < message.count, outcome.ending == .open {
        end = min(message.count, end + max(1, next()))
        while start < end, outcome.ending == .open {
            // A block of its own for each parse: the address sanitizer finds a look outside it.
            let count = end - start
            let block = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
            defer { block.deallocate() }
            message.withUnsafeBufferPointer { bytes in
                if let base = bytes.baseAddress { block.update(from: base + start, count: count) }
            }
            batch.removeAll()
            let consumed: Int
            switch parser.parse(block, count: count, limits: limits, into: &batch) {
            case .parsed(let bytes): consumed = bytes
            case .failed(let failure, let bytes): (consumed, outcome.ending) = (bytes, .failed(failure))
            case .hostile(let bytes): (consumed, outcome.ending) = (bytes, .hostile)
            case .handshake(let bytes): (consumed, outcome.ending) = (bytes, .handshake)
            }
            precondition(consumed >= 0 && consumed <= count)
            precondition(parser.heapByteCount <= 64 + 6 * count)
            precondition(batch.commandCount <= RequestBatch.maximumCommandCount)
            var byteCount = 0
            for index in 0..<batch.commandCount {
                precondition(batch.commands[index].argumentCount > 0)
                byteCount += batch.commands[index].byteCount
                outcome.append(batch.arguments(of: index))
            }
            precondition(byteCount <= consumed)
            start += consumed
            if consumed == 0, batch.isEmpty {
                precondition(outcome.ending != .open || !parser.isIdle)
                precondition(parser.expectedByteCount == 0 || parser.expectedByteCount > count)
                break
            }
        }
    }
    precondition(start < message.count || parser.isIdle)
    return outcome
}

@MainActor
func fuzz(_ data: UnsafeBufferPointer<UInt8>) {
    guard let input = Input(data) else { return }
    let whole = read(input.message, input.limits) { input.message.count }
    // A long message byte by byte would take quadratic time to copy: its pieces are larger.
    let unit = 1 + input.message.count / 60
    let even = read(input.message, input.limits) { unit }
    var random = RandomGenerator(seed: UInt64(input.cutSeed))
    let uneven = read(input.message, input.limits) { unit * (1 + random.below(random.below(2) == 0 ? 3 : 40)) }
    precondition(whole == even)
    precondition(whole == uneven)
}

var argumentCount = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(
    LLVMFuzzerRunDriver(&argumentCount, &arguments) { data, count in
        MainActor.assumeIsolated { fuzz(UnsafeBufferPointer(start: data, count: count)) }
        return 0
    })
