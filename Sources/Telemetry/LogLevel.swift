/// How much a message matters, by Redis's names, from the least up.
public enum LogLevel: UInt64, CaseIterable, Sendable, Comparable {
    case debug, verbose, notice, warning
    /// As a threshold: nothing is logged.
    case nothing

    /// The level called `name` in the configuration.
    public init?(name: String) {
        guard let level = Self.allCases.first(where: { "\($0)" == name }) else { return nil }
        self = level
    }

    public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }

    /// Redis's sign for it in a plain line.
    var sign: Character {
        switch self {
        case .debug: "."
        case .verbose: "-"
        case .notice: "*"
        case .warning, .nothing: "#"
        }
    }

    /// The priority of syslog(3) that the journal reads from `<N>` at the beginning of a line.
    var priority: Int {
        switch self {
        case .debug: 7
        case .verbose: 6
        case .notice: 5
        case .warning, .nothing: 4
        }
    }
}

/// The form of a line of the log.
public enum LogLineFormat: String, Sendable {
    /// `plain`, or `journald` when stderr goes to the journal and there is no log file.
    case auto
    /// `pid:M 21 Nov 2026 03:33:01.123 * text`, as Redis writes it.
    case plain
    /// `<5>text`: the journal keeps time and process itself.
    case journald
}
