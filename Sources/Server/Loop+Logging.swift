import Commands
import Configuration
import Telemetry

/// What a loop has to say of its clients. Never their keys or values. Never inlined: texts bring reference counting into
/// functions that have none otherwise.
extension Loop {
    /// A client is closed that did something wrong.
    @inline(never)
    func warnOfClosing(_ reason: String, _ connection: ConnectionPointer) {
        server._withUnsafeGuaranteedRef { $0.shared.log.warning("Closing client \(name(connection)): \(reason)") }
    }

    /// A client is closed as configured.
    @inline(never)
    func noteClosing(_ reason: String, _ connection: ConnectionPointer) {
        server._withUnsafeGuaranteedRef { $0.shared.log.verbose("Closing client \(name(connection)): \(reason)") }
    }

    /// The largest clients are closed.
    @inline(never)
    func warnOfEviction(_ count: Int) {
        server._withUnsafeGuaranteedRef {
            $0.shared.log.warning(
                "Closing the \(count) largest clients: all together passed maxmemory-clients, "
                    + "\(settings.maxMemoryClientsBytes) bytes")
        }
    }

    /// Once a minute at most: whoever sends one sends many.
    @inline(never)
    func warnOfHostileRequest(_ connection: ConnectionPointer) {
        server._withUnsafeGuaranteedRef { server in
            guard server.mayWarnOfHostileRequest(now: now) else { return }
            server.shared.log.warning(
                "Possible SECURITY ATTACK detected. \(name(connection)) sends HTTP, as a browser does that was made to "
                    + "(cross-protocol scripting). Connection dropped.")
        }
    }

    private func name(_ connection: ConnectionPointer) -> String {
        let session = Connection.session(of: connection)
        return "id=\(session.pointee.id) addr=\(session.pointee.peerAddress)"
    }
}
