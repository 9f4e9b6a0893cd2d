import CLinux
import Configuration
import Networking

/// systemd, if it started this process: hears how the service is. See sd_notify(3) and sd_watchdog_enabled(3).
struct ServiceManager: ~Copyable {
    private let socket: NotificationSocket?
    /// Milliseconds between two signs of life, half of what the manager waits for; nil when it waits for none.
    let watchdogBeatMilliseconds: Int?

    /// Reads the environment, and removes what it read from it: children are not the service.
    init(_ supervision: Supervision) {
        let path = EnvironmentVariable.take("NOTIFY_SOCKET")
        let microseconds = EnvironmentVariable.take("WATCHDOG_USEC").flatMap { Int($0) }
        let process = EnvironmentVariable.take("WATCHDOG_PID").flatMap { Int32($0) }
        if supervision != .no, let path { socket = NotificationSocket(path: path) } else { socket = nil }
        let isForUs = process == nil || process == getpid()
        watchdogBeatMilliseconds = isForUs ? microseconds.flatMap { $0 > 0 ? max(1, $0 / 2000) : nil } : nil
    }

    /// Whether there is one that listens.
    var isPresent: Bool {
        switch socket {
        case .some: true
        case .none: false
        }
    }

    func ready(_ status: String) { send("READY=1\nSTATUS=\(status)\nMAINPID=\(getpid())") }

    func stopping() { send("STOPPING=1\nSTATUS=Finishing what is in flight") }

    func alive() { send("WATCHDOG=1") }

    private func send(_ lines: String) {
        switch socket {
        case .some(let socket): socket.send(lines)
        case .none: break
        }
    }
}
