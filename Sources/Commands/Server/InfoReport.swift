import Primitives

/// The text of INFO: sections of `name:value` lines with CRLF, as monitoring tools read it.
struct InfoReport {
    private(set) var text = ""

    mutating func field(_ name: StaticString, _ value: String) { text += "\(name):\(value)\r\n" }
    mutating func field(_ name: StaticString, _ value: Int) { text += "\(name):\(value)\r\n" }
    mutating func field(_ name: StaticString, _ value: Int64) { text += "\(name):\(value)\r\n" }
    mutating func field(_ name: StaticString, _ value: UInt64) { text += "\(name):\(value)\r\n" }
    mutating func field(_ name: StaticString, flag: Bool) { text += flag ? "\(name):1\r\n" : "\(name):0\r\n" }

    /// Several fields that are 0 here, each because what it counts does not exist in a cache.
    mutating func zeros(_ names: StaticString...) {
        for name in names { text += "\(name):0\r\n" }
    }

    /// A line whose name is made at run time.
    mutating func line(_ line: String) { text += line + "\r\n" }

    /// Bytes, and the same for people.
    mutating func bytes(_ name: StaticString, _ value: Int) {
        text += "\(name):\(value)\r\n\(name)_human:\(NumberText.human(value))\r\n"
    }

    fileprivate mutating func begin(_ title: StaticString) {
        if !text.isEmpty { text += "\r\n" }
        text += "# \(title)\r\n"
    }
}

/// One section of INFO.
struct InfoSection: Sendable {
    let title: StaticString
    /// The name to ask for it by, in lower case.
    let name: StaticString
    /// Whether INFO without arguments shows it.
    let isDefault: Bool
    let write: @Sendable (inout InfoReport, ServerFacts) -> Void

    init(
        _ title: StaticString, _ name: StaticString, isDefault: Bool = true,
        _ write: @escaping @Sendable (inout InfoReport, ServerFacts) -> Void
    ) {
        self.title = title
        self.name = name
        self.isDefault = isDefault
        self.write = write
    }

    /// The sections in Redis's order.
    static let all = [
        InfoSection("Server", "server", writeServer),
        InfoSection("Clients", "clients", writeClients),
        InfoSection("Memory", "memory", writeMemory),
        InfoSection("Persistence", "persistence", writePersistence),
        InfoSection("Stats", "stats", writeStatistics),
        InfoSection("Replication", "replication", writeReplication),
        InfoSection("CPU", "cpu", writeProcessor),
        InfoSection("Modules", "modules") { _, _ in },
        InfoSection("Commandstats", "commandstats", isDefault: false, writeCommandStatistics),
        InfoSection("Errorstats", "errorstats", writeErrorStatistics),
        InfoSection("Latencystats", "latencystats", isDefault: false, writeLatencyStatistics),
        InfoSection("Cluster", "cluster") { report, _ in report.field("cluster_enabled", 0) },
        InfoSection("Rules", "rules", isDefault: false, writeRules),
        InfoSection("Keyspace", "keyspace", writeKeyspace),
    ]

    /// The sections that the arguments of INFO ask for, each once, in the table's order; unknown names ask for nothing.
    static func chosen(by names: [ByteSlice]) -> [InfoSection] {
        if names.isEmpty { return all.filter(\.isDefault) }
        let wantsAll = names.contains { $0.equalsIgnoringCase("all") || $0.equalsIgnoringCase("everything") }
        let wantsDefault = names.contains { $0.equalsIgnoringCase("default") }
        return all.filter { section in
            wantsAll || (wantsDefault && section.isDefault) || names.contains { $0.equalsIgnoringCase(section.name) }
        }
    }

    /// The text of `sections`.
    static func report(_ sections: [InfoSection], of facts: ServerFacts) -> String {
        var report = InfoReport()
        for section in sections {
            report.begin(section.title)
            section.write(&report, facts)
        }
        return report.text
    }
}
