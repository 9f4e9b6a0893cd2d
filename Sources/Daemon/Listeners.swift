import Configuration
import Networking
import Telemetry

/// The sockets that clients connect to.
enum Listeners {
    /// Takes over the sockets that are passed to this process, or else opens all that the configuration names. An address that the
    /// machine lacks is passed over when it is optional.
    static func open(
        _ values: ParameterValues, _ activation: SocketActivation, log: Log
    ) throws(StartError) -> [Listener] {
        var listeners: [Listener] = []
        do throws(ListenError) {
            if !activation.isEmpty { return try activation.listeners() }
            if let port = values.port {
                for address in values.bindAddresses {
                    if let listener = try tcp(address, port, values.tcpBacklog, log) { listeners.append(listener) }
                }
            }
            if let path = values.unixSocketPath {
                listeners.append(
                    try Listener.unix(
                        path: path, permissions: values.unixSocketPermissions, backlog: values.tcpBacklog))
            }
        } catch {
            throw StartError(error.description)
        }
        guard !listeners.isEmpty else {
            throw StartError(
                "nothing to listen on: port is 0 or no address of bind is there, and unixsocket is not set")
        }
        return listeners
    }

    /// A TCP listener; nil when the machine lacks the address and need not have it.
    private static func tcp(
        _ address: BindAddress, _ port: UInt16, _ backlog: Int32, _ log: Log
    ) throws(ListenError) -> Listener? {
        do throws(ListenError) {
            return try Listener.tcp(address: address.address, port: port, backlog: backlog)
        } catch {
            guard address.isOptional, error.isMissingAddress else { throw error }
            log.verbose("\(error); the address is optional")
            return nil
        }
    }
}
