import CLinux
import CPrimitives
import Primitives

/// A client that sends one GET at a time, a tenth of a millisecond after the last reply, and keeps the longest wait.
///
/// A pause that the machine caused is told from the server's own: from each wait are taken the time that the generator stood in
/// its run queue, and the time that the server's threads stood in theirs while the server did not run; and what is left is
/// the server's only as far as it ran meanwhile. A virtual machine's CPU clocks stand still while the hypervisor runs
/// something else.
struct PauseProbe {
    /// Short against a pause that matters, long enough to leave an idle server idle.
    private static let intervalNanoseconds: UInt64 = 100_000

    private let dialect: Dialect
    private let descriptor: Int32
    private let keyCount: Int
    private let keyOffset: Int
    private let request: UnsafeMutableBufferPointer<UInt8>
    private let reply: UnsafeMutableBufferPointer<UInt8>
    private let digits = KeyDigits()
    private var random: RandomGenerator
    private let server: ProcessClock
    private let serverDelay: RunQueueDelay
    private let ownDelay = RunQueueDelay(process: getpid())

    private var received = 0
    private(set) var isWaiting = false
    private var dueAt: UInt64 = 0
    private var sentAt: UInt64 = 0
    private var before = (server: UInt64(0), serverDelay: UInt64(0), ownDelay: UInt64(0))
    /// Waits as the client saw them, and less what other programs took.
    private(set) var waits = LatencyHistogram()
    private(set) var longestOwn: UInt64 = 0

    init(arguments: Arguments, poller: Poller, token: Int) {
        guard let process = arguments.serverProcess else { fail("pause needs --server-pid") }
        dialect = arguments.dialect
        descriptor = Socket.connect(port: arguments.port)
        poller.watch(descriptor, token: token)
        keyCount = arguments.integer("keys", 1_000_000, in: 1...KeyDigits.maximumKeys)
        random = RandomGenerator(seed: UInt64(arguments.integer("seed", 1)) + 1)
        let bytes = dialect.get(KeyDigits.template)
        request = .allocate(capacity: bytes.count)
        _ = request.initialize(from: bytes)
        // The key is the last thing before the CRLF in both dialects.
        keyOffset = bytes.count - 2 - KeyDigits.template.utf8.count + KeyDigits.digitsOffset
        reply = .allocate(capacity: 65_536)
        server = ProcessClock(process: process)
        serverDelay = RunQueueDelay(process: process)
    }

    /// How long the poller may sleep before the next request is due; nil while a reply is awaited.
    func sleepNanoseconds(_ now: UInt64) -> UInt64? {
        if isWaiting { return nil }
        return dueAt > now ? dueAt - now : 0
    }

    mutating func sendIfDue(_ now: UInt64) {
        guard !isWaiting, now >= dueAt, let base = request.baseAddress else { return }
        nc_store64(base + keyOffset, digits.word(UInt64(random.below(keyCount))))
        before = (server.nanoseconds(), serverDelay.nanoseconds(), ownDelay.nanoseconds())
        sentAt = nc_monotonic_nanoseconds()
        guard Socket.send(descriptor, base, request.count) == request.count else { fail("a probe was not sent") }
        isWaiting = true
        received = 0
    }

    mutating func receive() {
        guard let base = reply.baseAddress else { return }
        received += Socket.receive(descriptor, base + received, reply.count - received)
        guard let answer = dialect.scanReply(base, available: received) else { return }
        guard answer.count == received, answer.kind == .hit || answer.kind == .miss else { fail("a probe failed") }
        let now = nc_monotonic_nanoseconds()
        let wait = now - sentAt
        isWaiting = false
        dueAt = now + Self.intervalNanoseconds
        waits.record(wait)
        guard wait > longestOwn else { return }
        let serverRan = min(wait, server.nanoseconds() - before.server)
        let serverStood = min(wait - serverRan, serverDelay.nanoseconds() - before.serverDelay)
        let generatorStood = min(wait, ownDelay.nanoseconds() - before.ownDelay)
        longestOwn = max(longestOwn, min(serverRan, wait - min(wait, serverStood + generatorStood)))
    }
}

/// A command sent once, with the time until its reply.
struct SingleCommand {
    private let descriptor: Int32
    private let sentAt: UInt64
    private(set) var replyNanoseconds: UInt64?

    init(port: UInt16, poller: Poller, token: Int, bytes: [UInt8]) {
        descriptor = Socket.connect(port: port)
        poller.watch(descriptor, token: token)
        sentAt = nc_monotonic_nanoseconds()
        let sent = bytes.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { Socket.send(descriptor, $0, buffer.count) } ?? 0
        }
        guard sent == bytes.count else { fail("the command was not sent") }
    }

    mutating func receive() {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 256) { buffer in
            guard let base = buffer.baseAddress, Socket.receive(descriptor, base, 256) > 0 else { return }
            guard base[0] != UInt8(ascii: "-") else { fail("the command failed") }
            replyNanoseconds = nc_monotonic_nanoseconds() - sentAt
        }
    }
}

/// `pause`: the longest wait of a pipeline-1 client in one of five phases.
///
/// - `load`: while other connections store the keys, with `--expires-at` when given;
/// - `flush`: while the server is emptied, and for `--seconds` from then;
/// - `invalidate`: while the tag that `load --tags` gave all entries is invalidated, and for `--seconds` from then;
/// - `watch`: for `--seconds` with nothing else going on, such as an expiry. The idle case is the noise floor.
func runPauseProbe(_ arguments: Arguments) {
    let phase = arguments.text("phase", "watch")
    let isLoad = phase == "load"
    let seconds = arguments.integer("seconds", isLoad ? 0 : 3, in: 0...3600)
    var driver = Driver(
        port: arguments.port, connectionCount: isLoad ? arguments.integer("connections", 4, in: 1...60) : 0,
        work: fixedWorkload(arguments, keys: .sequential))
    var probe = PauseProbe(arguments: arguments, poller: driver.poller, token: driver.firstForeignToken)
    var command: SingleCommand?
    let start = nc_monotonic_nanoseconds()
    let end = start + UInt64(seconds) * 1_000_000_000
    if isLoad {
        driver.work.begin(operations: arguments.integer("keys", 1_000_000))
        driver.start()
    } else if phase == "flush" || phase == "invalidate" {
        command = SingleCommand(
            port: arguments.port, poller: driver.poller, token: driver.firstForeignToken + 1,
            bytes: phase == "flush" ? arguments.dialect.flush : Dialect.invalidate)
    }
    var now = start
    // A reply still awaited at the end may be the longest wait of all.
    while driver.active > 0 || now < end || probe.isWaiting {
        if driver.active > 0 || now < end { probe.sendIfDue(now) }
        let ready = driver.turn(timeoutNanoseconds: probe.sleepNanoseconds(now))
        if ready & 1 != 0 { probe.receive() }
        if ready & 2 != 0 { command?.receive() }
        now = nc_monotonic_nanoseconds()
    }
    var line = JSONLine()
    line.add("seconds", Double(now - start) / 1e9)
    line.add("probes", probe.waits.count)
    line.add("longest_pause_ms", Double(probe.longestOwn) / 1e6)
    line.add("longest_wait_ms", Double(probe.waits.maximum) / 1e6)
    line.add(probe.waits)
    if let reply = command?.replyNanoseconds { line.add("command_reply_ms", Double(reply) / 1e6) }
    line.add("failures", driver.work.counts.failures)
    line.write()
}
