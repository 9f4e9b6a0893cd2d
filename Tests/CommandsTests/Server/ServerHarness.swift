import CPrimitives
import Configuration
import Primitives
import RESP
import Store
import Telemetry

@testable import Commands

/// All commands on one executor with several connections, whose server does nothing but keep them.
final class ServerHarness {
    /// What the server above would hold.
    final class Connections: ServerControl, @unchecked Sendable {
        var sessions: [UnsafeMutablePointer<Session>] = []
        var closed: [UInt64] = []
        var feed: [String] = []
        var shutdowns: [Bool] = []
        var statistics = ServerStatistics()
        weak var shared: SharedState?

        func forEachSession(_ body: (UnsafeMutablePointer<Session>, ConnectionFacts) -> Void) {
            for session in sessions { body(session, ConnectionFacts()) }
        }
        func close(_ session: UnsafeMutablePointer<Session>) { closed.append(session.pointee.id) }
        func feedMonitors(_ line: [UInt8]) { feed.append(String(decoding: line, as: UTF8.self)) }
        func monitorChanged(_ session: UnsafeMutablePointer<Session>) {
            shared?.setMonitored(sessions.contains { $0.pointee.isMonitor })
        }
        var messages: [TrackingMessage] = []
        func deliver(_ messages: [TrackingMessage], toLoop index: Int) { self.messages += messages }
        var woken: [UInt64] = []
        func wake(_ tickets: [UInt64], onLoop index: Int) { woken += tickets }
        func requestShutdown(force: Bool) { shutdowns.append(force) }
        func resetStatistics() {}
    }

    let shared: SharedState
    let connections = Connections()
    private let executor: Executor
    private let output: UnsafeMutablePointer<ReplyBuffer>

    /// - Parameter parameters: `--name value` pairs of the command line.
    init(_ parameters: [String] = [], connections count: Int = 3) throws {
        guard case .serve(let configuration) = try Configuration.load(arguments: parameters, environment: []) else {
            preconditionFailure("the parameters ask for a server")
        }
        shared = SharedState(
            table: CommandTable.standard(), store: Store(Store.Settings()), configuration: configuration,
            log: try Log(threshold: .warning), loopCount: 1)
        executor = Executor(shared: shared, loopIndex: 0)
        output = .allocate(capacity: 1)
        output.initialize(to: ReplyBuffer())
        shared.control = connections
        connections.shared = shared
        for id in 1...UInt64(count) {
            let session = UnsafeMutablePointer<Session>.allocate(capacity: 1)
            session.initialize(
                to: Session(
                    id: id, peerAddress: "10.0.0.\(id):1000", localAddress: "10.0.0.9:6379", descriptor: Int32(id),
                    isUnixSocket: false, isLocal: id == 1, createdMilliseconds: shared.clock.startMilliseconds,
                    isAuthenticated: configuration.values.password == nil))
            connections.sessions.append(session)
        }
    }

    deinit {
        for session in connections.sessions {
            executor.sessionClosed(session)
            session.deinitialize(count: 1)
            session.deallocate()
        }
        output.deinitialize(count: 1)
        output.deallocate()
    }

    func session(_ id: Int) -> UnsafeMutablePointer<Session> { connections.sessions[id - 1] }

    /// What `read` finds in a session, which cannot itself stand in an expectation: it is not copyable.
    func of<Value>(_ id: Int, _ read: (borrowing Session) -> Value) -> Value { read(session(id).pointee) }

    /// Runs the words of `line` on connection `id` and returns the reply as it goes over the wire.
    func wire(_ line: String, on id: Int = 1) -> String {
        let words = line.split(separator: " ").map { Array($0.utf8) }
        var request = Array("*\(words.count)\r\n".utf8)
        for word in words { request += Array("$\(word.count)\r\n".utf8) + word + [13, 10] }
        var batch = RequestBatch()
        var parser = RequestParser()
        request.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            _ = parser.parse(
                base, count: bytes.count, limits: RequestParser.Limits(maximumBulkCount: 1 << 20), into: &batch)
            executor.beginTurn(nowNanoseconds: nc_monotonic_nanoseconds())
            let (executed, outcome) = executor.execute(batch, from: 0, session: session(id), output: output)
            if case .exclusive = outcome {
                _ = executor.executeExclusive(batch, at: executed, session: session(id), output: output)
            }
        }
        defer { output.pointee.removeAll() }
        return String(
            decoding: UnsafeBufferPointer(start: output.pointee.base, count: output.pointee.count), as: UTF8.self)
    }

    /// The reply with line ends as blanks: `$2 ok`.
    func run(_ line: String, on id: Int = 1) -> String {
        wire(line, on: id).split(separator: "\r\n").joined(separator: " ")
    }

    func endTurn() { executor.endTurn() }

    /// Steps the job of a connection, as its loop does; the reply when it is done with it.
    func step(_ id: Int) -> String? {
        guard executor.stepJob(session: session(id), output: output) else { return nil }
        defer { output.pointee.removeAll() }
        let text = String(
            decoding: UnsafeBufferPointer(start: output.pointee.base, count: output.pointee.count), as: UTF8.self)
        return text.split(separator: "\r\n").joined(separator: " ")
    }

    /// Ends a connection, as its loop does.
    func close(_ id: Int) { executor.sessionClosed(session(id)) }

    /// What the messages that wait mean for each connection, with line ends as blanks.
    func pushes() -> [Int: String] {
        var texts: [Int: String] = [:]
        while !connections.messages.isEmpty {
            let messages = connections.messages
            connections.messages = []
            for push in executor.pushes(for: messages) {
                let text = String(decoding: push.bytes, as: UTF8.self).split(separator: "\r\n").joined(separator: " ")
                let id = Int(push.session.pointee.id)
                texts[id] = texts[id].map { "\($0) \(text)" } ?? text
            }
        }
        return texts
    }

    /// The text of a bulk reply.
    func text(_ line: String, on id: Int = 1) -> String {
        String(wire(line, on: id).drop { $0 != "\r\n" }.dropFirst().dropLast())
    }
}
