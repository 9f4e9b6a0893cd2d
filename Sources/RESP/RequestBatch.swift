import Primitives

/// One complete request in a batch.
@frozen
public struct Request: Sendable {
    /// Index of the command's name in the batch's `arguments`.
    public let firstArgument: Int
    /// The name counted in: at least 1.
    public let argumentCount: Int
    /// Bytes the request took on the wire.
    public let byteCount: Int
}

/// Where the complete requests of one read are laid down: one per loop, used again and again, so that nothing is
/// allocated once it is warm.
///
///     commands   [ first 0, count 2 ][ first 2, count 3 ] ...                at most 32
///     arguments  [ GET ][ key ][ SET ][ key ][ value ] ...                   slices into the input, grows
///     scratch    the words of quoted inline requests, decoded                64 KiB, made when first needed
public struct RequestBatch: ~Copyable {
    /// The most requests of a batch: enough to hide a cache miss of each behind the others' prefetches.
    public static let maximumCommandCount = 32

    /// A batch of few requests with very many arguments (MSET) leaves no more room than this behind: 256 KiB.
    private static let retainedArgumentCapacity = 16_384

    /// Complete commands in the batch, 0 to 32.
    public internal(set) var commandCount = 0
    /// Arguments of all commands in the batch.
    public internal(set) var argumentCount = 0
    /// The commands, in the order of their arrival.
    public let commands: UnsafeMutablePointer<Request>
    /// All commands' arguments, one behind the other. Moves when it grows, so take it anew after each parse.
    public internal(set) var arguments: UnsafeMutablePointer<ByteSlice>

    var argumentCapacity: Int
    var scratch: UnsafeMutablePointer<UInt8>?
    var scratchCount = 0

    public init() {
        commands = .allocate(capacity: Self.maximumCommandCount)
        argumentCapacity = 256
        arguments = .allocate(capacity: argumentCapacity)
    }

    deinit {
        commands.deallocate()
        arguments.deallocate()
        scratch?.deallocate()
    }

    public var isEmpty: Bool { commandCount == 0 }

    /// The arguments of the command at `index`, its name first.
    @inline(__always)
    public func arguments(of index: Int) -> UnsafeBufferPointer<ByteSlice> {
        precondition(index >= 0 && index < commandCount)
        let request = commands[index]
        return UnsafeBufferPointer(start: arguments + request.firstArgument, count: request.argumentCount)
    }

    /// Empties the batch; its slices are void.
    @inline(__always)
    public mutating func removeAll() {
        commandCount = 0
        argumentCount = 0
        scratchCount = 0
        if argumentCapacity > Self.retainedArgumentCapacity { shrink() }
    }

    /// Makes room for `capacity` arguments in all.
    @inline(never)
    mutating func growArguments(to capacity: Int) {
        let newCapacity = max(capacity, argumentCapacity * 2)
        let grown = UnsafeMutablePointer<ByteSlice>.allocate(capacity: newCapacity)
        grown.update(from: arguments, count: argumentCount)
        arguments.deallocate()
        arguments = grown
        argumentCapacity = newCapacity
    }

    /// Lays down one command of `argumentCount` arguments that `fill` writes.
    mutating func append(
        argumentCount count: Int, byteCount: Int, _ fill: (UnsafeMutablePointer<ByteSlice>) -> Void
    ) {
        precondition(commandCount < Self.maximumCommandCount)
        if argumentCapacity - argumentCount < count { growArguments(to: argumentCount + count) }
        fill(arguments + argumentCount)
        commands[commandCount] = Request(firstArgument: argumentCount, argumentCount: count, byteCount: byteCount)
        argumentCount += count
        commandCount += 1
    }

    @inline(never)
    private mutating func shrink() {
        arguments.deallocate()
        argumentCapacity = Self.retainedArgumentCapacity
        arguments = .allocate(capacity: argumentCapacity)
    }
}
