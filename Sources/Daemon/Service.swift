import CLinux
import Commands
import Configuration
import Networking
import Primitives
import Server
import Synchronization
import Telemetry

/// A daemon that serves: its parts, put together from a configuration, and its life.
struct Service: ~Copyable {
    private static let signals = [SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2]

    private let configuration: Configuration
    private let log: Log
    private let manager: ServiceManager

    init(_ configuration: Configuration) throws(StartError) {
        self.configuration = configuration
        let values = configuration.values
        do throws(LogError) {
            log = try Log(
                threshold: LogLevel(name: values.logThreshold.rawValue) ?? .notice,
                format: LogLineFormat(rawValue: values.logFormat.rawValue) ?? .auto, path: values.logFilePath)
        } catch {
            throw StartError(error.description)
        }
        manager = ServiceManager(values.supervision)
    }

    /// Serves until a signal or SHUTDOWN ends it.
    consuming func run() throws(StartError) {
        // Before the first thread, so that all of them inherit it.
        Signals.block(Self.signals)
        let values = configuration.values
        try checkSupervision(values)
        try limitClients()
        followClientLimit()
        let listeners = try Listeners.open(values, .ofProcess(), log: log)
        let pidFile = try PIDFile(path: values.pidFilePath)
        log.notice("\(Release.name) version=\(Release.version), pid=\(getpid()), just started")
        log.notice("Configuration: \(configuration.filePath ?? "no conf file, using the defaults")")

        let shared = SharedState(
            table: .standard(), store: SharedState.makeStore(configuration, loopCount: values.loops),
            configuration: configuration, log: log, loopCount: values.loops)
        let shutdown = ShutdownRequest()
        let server: Server
        do throws(SystemError) {
            server = try Server(
                shared: shared, listeners: listeners, loopCount: values.loops,
                onShutdownRequest: { shutdown.request(force: $0) })
            try server.start()
        } catch {
            throw StartError("cannot start the event loops: \(error)")
        }
        let places = listeners.map(\.place).joined(separator: ", ")
        log.notice("Ready to accept connections on \(places) with \(values.loops) event loops")
        manager.ready("Ready to accept connections on \(places)")
        watch(server, shutdown)
        end(server, shutdown)
        pidFile.remove()
        log.notice("\(Release.name) is now ready to exit, bye bye...")
    }

    private func checkSupervision(_ values: ParameterValues) throws(StartError) {
        guard values.supervision == .systemd, !manager.isPresent else { return }
        throw StartError("supervised systemd: NOTIFY_SOCKET is not set, so systemd did not start this process")
    }

    /// Raises the limit of open files for `maxclients`, or lowers `maxclients` to what is allowed.
    private func limitClients() throws(StartError) {
        let wanted = configuration.settings.maxClients
        let limit = ResourceLimits.raiseOpenFiles(to: wanted + Server.reservedDescriptorCount)
        let possible = limit - Server.reservedDescriptorCount
        guard possible < wanted else { return }
        guard possible > 0 else {
            throw StartError(
                "the limit of open files is \(limit), but \(Server.reservedDescriptorCount) are needed besides clients")
        }
        log.warning(
            "maxclients lowered from \(wanted) to \(possible): the limit of open files is \(limit) and cannot be raised"
        )
        setMaxClients(possible)
    }

    /// Raises the limit of open files when CONFIG SET is to raise `maxclients`, which is refused when it cannot be.
    private func followClientLimit() {
        configuration.examine { changed, values in
            guard changed.contains(.maxClients) else { return nil }
            let wanted = values.maxClients + Server.reservedDescriptorCount
            let limit = ResourceLimits.raiseOpenFiles(to: wanted)
            guard limit < wanted else { return nil }
            let possible = max(0, limit - Server.reservedDescriptorCount)
            return Configuration.Objection(
                .maxClients,
                "The operating system is not able to handle the specified number of clients, try with \(possible)")
        }
    }

    private func setMaxClients(_ count: Int) {
        withSlice(of: "\(count)") { value in
            do throws(ConfigurationError) {
                try configuration.set([(name: ("maxclients" as StaticString).slice, value: value)])
            } catch {
                log.warning("\(error)")
            }
        }
    }

    // MARK: Life

    /// Waits for what ends the service, and does what signals ask meanwhile.
    private func watch(_ server: Server, _ shutdown: ShutdownRequest) {
        var beat = manager.watchdogBeatMilliseconds.map(Beat.init)
        while true {
            let signal = Signals.wait(for: Self.signals, timeoutMilliseconds: beat?.restMilliseconds ?? 3_600_000)
            switch signal {
            case SIGTERM, SIGINT:
                guard !shutdown.isRequested else { return }
                log.notice("Received \(signal == SIGINT ? "SIGINT" : "SIGTERM"), scheduling shutdown...")
                return
            case SIGHUP: reopenLog()
            case SIGUSR1, SIGUSR2: log.verbose("Ignored a user signal")
            default: break
            }
            // A beat from a thread that only waits proves nothing: the loops have to have moved.
            if beat?.isDue() == true, server.haveAllLoopsTurned() { manager.alive() }
        }
    }

    private func reopenLog() {
        do throws(LogError) {
            try log.reopen()
            log.notice("Log reopened")
        } catch {
            log.warning("\(error)")
        }
    }

    /// Ends in good order; at once when asked a second time.
    private func end(_ server: Server, _ shutdown: ShutdownRequest) {
        manager.stopping()
        log.notice("User requested shutdown...")
        if shutdown.isForced { server.stop() } else { server.drain() }
        while !server.hasEnded {
            let signal = Signals.wait(for: Self.signals, timeoutMilliseconds: 10)
            guard signal == SIGTERM || signal == SIGINT else { continue }
            log.warning("Asked again to stop: not waiting for clients")
            server.stop()
        }
        server.join()
    }
}

/// SHUTDOWN from a client: becomes a SIGTERM, which the main thread waits for.
final class ShutdownRequest: Sendable {
    private let requested = Atomic<Bool>(false)
    private let forced = Atomic<Bool>(false)

    var isRequested: Bool { requested.load(ordering: .acquiring) }
    var isForced: Bool { forced.load(ordering: .acquiring) }

    func request(force: Bool) {
        if force { forced.store(true, ordering: .releasing) }
        requested.store(true, ordering: .releasing)
        Signals.send(SIGTERM)
    }
}
