import CLinux
import Commands
import Configuration
import Networking
import Primitives
import RESP
import Store
import Synchronization
import Telemetry
import Testing

@testable import Server

/// A server in this process, on a Unix socket, with commands of its own.
final class TestServer {
    let path: String
    let shared: SharedState
    let server: Server
    private static let counter = Counter()

    init(
        loopCount: Int = 2, _ options: [String] = [], table: CommandTable = CommandTable(TestCommands.specs)
    ) throws {
        path = "/tmp/nearcached-test-\(getpid())-\(Self.counter.next()).sock"
        let request = try Configuration.load(arguments: options, environment: [])
        guard case .serve(let configuration) = request else { throw Failure() }
        shared = SharedState(
            table: table,
            store: SharedState.makeStore(configuration, loopCount: loopCount), configuration: configuration,
            log: try Log(threshold: .nothing), loopCount: loopCount)
        let listener = try Listener.unix(path: path, permissions: 0o600, backlog: 128)
        server = try Server(
            shared: shared, listeners: [listener], loopCount: loopCount, onShutdownRequest: { _ in })
        try server.start()
    }

    deinit {
        server.stop()
        server.join()
    }

    func connect() throws -> TestClient { try TestClient(path: path) }

    struct Failure: Error {}
}

/// Commands that do to a connection what real ones do.
enum TestCommands {
    static let specs: [CommandSpec] = [
        spec("ping", [.fast]) { Call($0).reply.simple("PONG") },
        spec("quit", [.fast, .noAuth]) { context in
            Call(context).session.pointee.shouldClose = true
            Call(context).reply.ok()
        },
        spec("work", []) { Call($0).session.pointee.job = Work(steps: Int(Call($0)[1].int64 ?? 1)) },
        spec("fill", []) { fill(Call($0)) },
        spec("refer", []) { refer(Call($0)) },
        spec("count", [.exclusive]) { context in
            var count: Int64 = 0
            Call(context).shared.control?.forEachSession { _, _ in count += 1 }
            Call(context).reply.integer(count)
        },
        spec("killothers", [.exclusive]) { killOthers(Call($0)) },
        spec("killme", [.exclusive]) { context in
            Call(context).shared.control?.close(Call(context).session)
            Call(context).reply.ok()
        },
        spec("monitor", [.exclusive]) { context in
            Call(context).session.pointee.isMonitor = true
            Call(context).shared.control?.monitorChanged(Call(context).session)
            Call(context).reply.ok()
        },
    ]

    static func spec(
        _ name: StaticString, _ flags: CommandFlags, _ handler: @escaping Handler
    ) -> CommandSpec {
        CommandSpec(
            name, arity: -1, flags: flags, group: .connection, since: "1.0.0", summary: "For tests.",
            complexity: "O(1)", handler: handler)
    }

    /// A bulk of as many bytes as the argument says.
    private static func fill(_ call: Call) {
        let count = Int(call[1].int64 ?? 0)
        let bytes = [UInt8](repeating: 0x78, count: count)
        bytes.withUnsafeBufferPointer { buffer in
            if let base = buffer.baseAddress { call.reply.bulk(ByteSlice(base: base, count: count)) }
        }
    }

    /// As many values by reference as the first argument says, each of as many bytes as the second.
    private static func refer(_ call: Call) {
        let size = Int(call[2].int64 ?? 0)
        for _ in 0..<(call[1].int64 ?? 0) {
            let block = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
            block.initialize(repeating: 0x78, count: size)
            call.reply.bulkReference(ByteSlice(base: block, count: size), owner: block) { $0.deallocate() }
        }
    }

    private static func killOthers(_ call: Call) {
        let own = call.session.pointee.id
        var count: Int64 = 0
        call.shared.control?.forEachSession { session, _ in
            guard session.pointee.id != own else { return }
            call.shared.control?.close(session)
            count += 1
        }
        call.reply.integer(count)
    }

    private final class Work: Job {
        private var steps: Int

        init(steps: Int) { self.steps = steps }

        func step(_ call: Call) -> Bool {
            steps -= 1
            if steps == 0 { call.reply.ok() }
            return steps == 0
        }
    }
}

/// Numbers that are never given twice.
final class Counter: Sendable {
    private let value = Atomic<Int>(0)

    func next() -> Int { value.add(1, ordering: .relaxed).newValue }
}
