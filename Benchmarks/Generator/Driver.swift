import CPrimitives

/// One connection of the closed loop: a batch goes out, its replies come back, then the next batch goes out.
struct Connection {
    let descriptor: Int32
    let output: UnsafeMutablePointer<UInt8>
    let input: UnsafeMutablePointer<UInt8>
    var outputCount = 0
    var outputSent = 0
    var watchesOutput = false
    var inputCount = 0
    var requests = 0
    var replies = 0
    var sentAt: UInt64 = 0
}

/// Keeps every connection busy with batches of `Work` until there is no more of it.
struct Driver<Work: Workload>: ~Copyable {
    let poller = Poller()
    var work: Work
    /// Time from the first byte of a batch sent to the last byte of its replies received.
    var histogram = LatencyHistogram()
    private(set) var active = 0
    private let connections: UnsafeMutablePointer<Connection>
    private let connectionCount: Int
    private let inputCapacity: Int

    init(port: UInt16, connectionCount: Int, work: consuming Work) {
        self.connectionCount = connectionCount
        inputCapacity = work.inputCapacity
        connections = .allocate(capacity: max(1, connectionCount))
        for index in 0..<connectionCount {
            let connection = Connection(
                descriptor: Socket.connect(port: port), output: .allocate(capacity: work.outputCapacity),
                input: .allocate(capacity: inputCapacity))
            work.prepare(connection.output)
            poller.watch(connection.descriptor, token: index)
            (connections + index).initialize(to: connection)
        }
        self.work = work
    }

    /// Sends every connection's first batch.
    mutating func start() {
        let now = nc_monotonic_nanoseconds()
        for index in 0..<connectionCount {
            active += 1
            beginBatch(connections + index, token: index, now)
        }
    }

    /// Starts, and returns when the last reply has come.
    mutating func run() {
        start()
        while active > 0 { _ = turn() }
    }

    /// Waits once and serves what is ready.
    ///
    /// - Returns: a bit for each ready token of `firstForeignToken` and above, which the caller added to the poller.
    mutating func turn(timeoutNanoseconds: UInt64? = nil) -> UInt64 {
        var foreign: UInt64 = 0
        for index in 0..<poller.wait(timeoutNanoseconds: timeoutNanoseconds) {
            let token = poller.token(index)
            if token < connectionCount {
                serve(connections + token, token: token)
            } else {
                foreign |= 1 << UInt64(token - connectionCount)
            }
        }
        return foreign
    }

    var firstForeignToken: Int { connectionCount }

    @inline(__always)
    private mutating func serve(_ connection: UnsafeMutablePointer<Connection>, token: Int) {
        if connection.pointee.watchesOutput { send(connection, token: token) }
        let inputCount = connection.pointee.inputCount
        let received = Socket.receive(
            connection.pointee.descriptor, connection.pointee.input + inputCount, inputCapacity - 4096 - inputCount)
        guard received > 0 else { return }
        connection.pointee.inputCount += received
        let read = work.consume(
            connection.pointee.input, available: connection.pointee.inputCount,
            awaited: connection.pointee.requests - connection.pointee.replies, output: connection.pointee.output,
            firstRequest: connection.pointee.replies)
        connection.pointee.replies += read.replies
        let rest = connection.pointee.inputCount - read.bytes
        connection.pointee.inputCount = rest
        if rest > 0 {
            guard rest < inputCapacity - 4096, connection.pointee.replies < connection.pointee.requests else {
                fail("more replies than requests")
            }
            connection.pointee.input.update(from: connection.pointee.input + read.bytes, count: rest)
        }
        if connection.pointee.replies == connection.pointee.requests {
            let now = nc_monotonic_nanoseconds()
            histogram.record(now - connection.pointee.sentAt)
            beginBatch(connection, token: token, now)
        }
    }

    @inline(__always)
    private mutating func beginBatch(_ connection: UnsafeMutablePointer<Connection>, token: Int, _ now: UInt64) {
        let batch = work.nextBatch(connection.pointee.output)
        guard batch.requests > 0 else {
            active -= 1
            return
        }
        connection.pointee.requests = batch.requests
        connection.pointee.replies = 0
        connection.pointee.outputCount = batch.bytes
        connection.pointee.outputSent = 0
        connection.pointee.sentAt = now
        send(connection, token: token)
    }

    @inline(__always)
    private mutating func send(_ connection: UnsafeMutablePointer<Connection>, token: Int) {
        let sent = connection.pointee.outputSent
        connection.pointee.outputSent += Socket.send(
            connection.pointee.descriptor, connection.pointee.output + sent, connection.pointee.outputCount - sent)
        let blocked = connection.pointee.outputSent < connection.pointee.outputCount
        guard blocked != connection.pointee.watchesOutput else { return }
        connection.pointee.watchesOutput = blocked
        poller.watch(connection.pointee.descriptor, token: token, writable: blocked, again: true)
    }
}
