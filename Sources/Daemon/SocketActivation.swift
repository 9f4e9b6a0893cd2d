import CLinux
import Networking

/// Listening sockets that systemd has opened and passes on: sd_listen_fds(3) without its library. Connections wait in their queues
/// while the daemon restarts, and the daemon needs neither a privilege for its port nor a network to bind in.
struct SocketActivation {
    /// systemd's first descriptor.
    private static let firstDescriptor: Descriptor = 3

    private let descriptors: [Descriptor]

    /// What the environment passes to this process. The variables are removed: children are not meant.
    static func ofProcess() -> SocketActivation {
        let process = EnvironmentVariable.take("LISTEN_PID").flatMap { Int32($0) }
        let count = EnvironmentVariable.take("LISTEN_FDS").flatMap { Int32($0) } ?? 0
        _ = EnvironmentVariable.take("LISTEN_FDNAMES")
        // A number that no process can have descriptors for is no number of systemd's.
        guard process == getpid(), 1...1024 ~= count else { return SocketActivation(descriptors: []) }
        return SocketActivation(descriptors: (0..<count).map { firstDescriptor + $0 })
    }

    var isEmpty: Bool { descriptors.isEmpty }

    /// The sockets, as listeners.
    ///
    /// - Throws: which descriptor is no listening stream socket.
    func listeners() throws(ListenError) -> [Listener] {
        var listeners: [Listener] = []
        for descriptor in descriptors { listeners.append(try Listener.inherited(descriptor)) }
        return listeners
    }
}

/// A variable of the environment that is for this process and not for its children.
enum EnvironmentVariable {
    /// Its text; it is gone afterwards. Before the first thread.
    static func take(_ name: String) -> String? {
        guard let value = getenv(name) else { return nil }
        let text = String(cString: value)
        unsetenv(name)
        return text
    }
}
