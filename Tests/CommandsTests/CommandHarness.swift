import CPrimitives
import Configuration
import Primitives
import RESP
import Store
import Telemetry

@testable import Commands

/// One executor with a store and a session of its own: request lines in, reply text out.
final class CommandHarness {
    private let executor: Executor
    private let session: UnsafeMutablePointer<Session>
    private let output: UnsafeMutablePointer<ReplyBuffer>

    /// A table of `specs` and the PING that an executor insists on.
    init(_ specs: [CommandSpec], policy: EvictionPolicy = .noEviction) throws {
        let ping = CommandSpec(
            "ping", arity: -1, flags: [.fast], group: .connection, since: "1.0.0", summary: "Answers.",
            complexity: "O(1)", handler: { Call($0).reply.simple("PONG") })
        let store = Store(Store.Settings(policy: policy))
        let shared = SharedState(
            table: CommandTable(specs + [ping]), store: store, configuration: Configuration(),
            log: try Log(threshold: .warning), loopCount: 1)
        store.configure(policy: policy, maximumBytes: 0, maximumEntryCount: 0, frequencyLogFactor: 10)
        executor = Executor(shared: shared, loopIndex: 0)
        session = .allocate(capacity: 1)
        session.initialize(
            to: Session(
                id: 1, peerAddress: "", localAddress: "", descriptor: -1, isUnixSocket: false, isLocal: true,
                createdMilliseconds: 0, isAuthenticated: true))
        output = .allocate(capacity: 1)
        output.initialize(to: ReplyBuffer())
    }

    deinit {
        executor.sessionClosed(session)
        session.deinitialize(count: 1)
        session.deallocate()
        output.deinitialize(count: 1)
        output.deallocate()
    }

    var protocolVersion: Int32 {
        get { session.pointee.protocolVersion }
        set { session.pointee.protocolVersion = newValue }
    }

    /// Runs the words of `line` and returns the reply as it goes over the wire, "\r\n" shown as a space.
    func run(_ line: String) -> String { run(line.split(separator: " ").map { Array($0.utf8) }) }

    func run(_ arguments: [[UInt8]]) -> String {
        String(decoding: runRaw(arguments), as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
            .dropLast().joined(separator: " ")
    }

    /// Runs one request and returns the bytes of its reply.
    func runRaw(_ arguments: [[UInt8]]) -> [UInt8] {
        var wire = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments { wire += Array("$\(argument.count)\r\n".utf8) + argument + [13, 10] }
        var batch = RequestBatch()
        var parser = RequestParser()
        wire.withUnsafeBufferPointer { bytes in
            _ = parser.parse(
                bytes.baseAddress!, count: bytes.count,
                limits: RequestParser.Limits(maximumBulkCount: 512 << 20), into: &batch)
            executor.beginTurn(nowNanoseconds: nc_monotonic_nanoseconds())
            let (_, outcome) = executor.execute(batch, from: 0, session: session, output: output)
            if case .blocked = outcome {
                while !executor.stepJob(session: session, output: output) {}
            }
        }
        defer { output.pointee.removeAll() }
        // Values from 16 KiB on are held by reference; the other side would see them in place.
        return Array(UnsafeBufferPointer(start: output.pointee.base, count: output.pointee.count))
    }
}
