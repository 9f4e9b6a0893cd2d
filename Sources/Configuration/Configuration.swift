import Primitives
import Synchronization

/// The configuration of a running daemon: read at the start, asked for and changed by CONFIG.
///
/// Thread-safe. Values stand behind one lock, for the cold path; loops hold a copy of `settings` and look at `generation`
/// once per turn to see whether it is still good.
public final class Configuration: Sendable {
    /// Called with the names that changed, after the new values are in place and before CONFIG SET answers.
    public typealias Observer = @Sendable (_ changed: [ParameterName], _ values: ParameterValues) -> Void

    /// Asked before a change: the parameter that cannot have its new value, and why; nil when all can.
    public typealias Examiner = @Sendable (_ changed: [ParameterName], _ values: ParameterValues) -> Objection?

    /// Why a parameter cannot have the value that it was to get.
    public struct Objection {
        public let name: ParameterName
        /// The reason, in Redis's words where it has some.
        public let reason: String

        public init(_ name: ParameterName, _ reason: String) {
            self.name = name
            self.reason = reason
        }
    }

    private let state: Locked<ParameterValues>
    /// Held through a change and its observers, so that observers see changes in order.
    let changes = Locked<[Observer]>([])
    let examiners = Locked<[Examiner]>([])
    private let counter = Atomic<UInt64>(1)

    /// The conf file, as an absolute path without links; nil when started without one.
    public let filePath: String?

    init(_ values: ParameterValues, filePath: String? = nil) {
        state = Locked(values)
        self.filePath = filePath
    }

    /// Every parameter at its default: for tests and for embedding.
    public convenience init() { self.init(ParameterValues()) }

    /// All values, copied under the lock. For the start and for rare commands.
    public var values: ParameterValues { state.withLock { $0 } }

    /// Grows with every change; one relaxed load.
    public var generation: UInt64 { counter.load(ordering: .relaxed) }

    /// The settings that loops read, copied under the lock.
    public var settings: Settings {
        // The generation is stored inside the lock, after the values: copy and number belong together.
        state.withLock { Settings($0, generation: counter.load(ordering: .relaxed)) }
    }

    /// Adds an observer of later changes. It must not change the configuration itself.
    public func observe(_ observer: @escaping Observer) { changes.withLock { $0.append(observer) } }

    /// Adds someone who knows whether later changes are possible on this machine. It must not change the configuration itself.
    public func examine(_ examiner: @escaping Examiner) { examiners.withLock { $0.append(examiner) } }

    /// Puts new values in place and tells loops by the generation. The caller holds `changes`.
    func replace(_ values: ParameterValues) {
        state.withLock {
            $0 = values
            counter.add(1, ordering: .relaxed)
        }
    }
}

/// What the command line asks for.
public enum StartRequest: Sendable {
    /// Serve with this configuration.
    case serve(Configuration)
    /// The configuration was asked to be checked and is good.
    case check
    /// Print a text and exit: help or a conf file.
    case printText(String)
    /// Print the version and exit.
    case printVersion
}

extension Configuration {
    /// Reads the configuration from its sources: the command line goes before the environment, that before the file,
    /// that before the defaults.
    ///
    /// - Parameters:
    ///   - arguments: the words behind the program's name.
    ///   - environment: variables; those that do not begin with `NEARCACHED_` are ignored.
    /// - Throws: the first fault, as one line that says where it is and what is allowed.
    public static func load(
        arguments: [String], environment: [(name: String, value: String)]
    ) throws(ConfigurationError) -> StartRequest {
        let options = try CommandLineOptions(arguments)
        switch options.action {
        case .help: return .printText(helpText)
        case .version: return .printVersion
        case .printConfiguration: return .printText(confFileText)
        case .serve, .check: break
        }
        var values = ParameterValues()
        var directives: [Directive] = []
        if let path = options.filePath { directives += try ConfigurationFile.read(path) }
        directives += EnvironmentVariables.directives(environment) + options.directives
        for directive in directives { try directive.apply(to: &values) }
        guard options.action == .serve else { return .check }
        return .serve(Configuration(values, filePath: options.filePath.map { realPath($0) ?? $0 }))
    }
}
