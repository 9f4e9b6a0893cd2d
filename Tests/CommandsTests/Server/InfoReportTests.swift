import Primitives
import Testing

@testable import Commands

@Suite struct InfoReportTests {
    private func titles(_ names: [StaticString]) -> [String] {
        InfoSection.chosen(by: names.map(\.slice)).map { "\($0.title)" }
    }

    @Test func withoutNamesTheDefaultSectionsCome() {
        #expect(
            titles([]) == [
                "Server", "Clients", "Memory", "Persistence", "Stats", "Replication", "CPU", "Modules", "Errorstats",
                "Cluster", "Keyspace",
            ])
    }

    @Test func namesChooseWhateverTheirCaseOrderAndRepetition() {
        #expect(titles(["KeySpace", "server", "SERVER", "nothing"]) == ["Server", "Keyspace"])
        #expect(titles(["commandstats", "default"]).contains("Commandstats"))
        #expect(titles(["default", "commandstats"]).count == titles([]).count + 1)
        #expect(titles(["Everything"]).count == InfoSection.all.count)
        #expect(titles(["ALL"]).count == InfoSection.all.count)
        #expect(titles(["nothing"]).isEmpty)
    }

    @Test func sectionsAreApartByAnEmptyLineAndLinesEndInCRLF() {
        let text = InfoSection.report(InfoSection.chosen(by: [("cluster" as StaticString).slice]), of: ServerFacts())
        #expect(text == "# Cluster\r\ncluster_enabled:0\r\n")
        let both = InfoSection.report(
            InfoSection.chosen(by: [("cluster" as StaticString).slice, ("modules" as StaticString).slice]),
            of: ServerFacts())
        #expect(both == "# Modules\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n")
        let all = InfoSection.report(InfoSection.all, of: ServerFacts())
        let lines = all.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast()
        #expect(lines.allSatisfy { $0.last == 0x0D })
    }

    @Test func everyLineIsATitleAFieldOrEmptyAndNoFieldComesTwice() {
        var seen: Set<String> = []
        for line in InfoSection.report(InfoSection.all, of: sample).split(separator: "\r\n") {
            if line.hasPrefix("# ") { continue }
            let name = String(line.prefix { $0 != ":" })
            #expect(name.count < line.count, "\(line)")
            #expect(seen.insert(name).inserted, "\(name)")
        }
    }

    @Test func statisticsHaveRedissForms() {
        let text = InfoSection.report(InfoSection.all, of: sample)
        for line in [
            "cmdstat_config|get:calls=3,usec=40,usec_per_call=13.33,rejected_calls=1,failed_calls=0",
            "latency_percentiles_usec_config|get:p50=12.031,p99.9=20.095",
            "errorstat_ERR:count=7",
            "db3:keys=10,expires=4,avg_ttl=1500,subexpiry=0",
            "used_memory:1536", "used_memory_human:1.50K", "used_memory_peak_perc:75.00%",
            "used_cpu_user:1.000001",
        ] {
            #expect(text.contains("\r\n\(line)\r\n"), "\(line)")
        }
        #expect(!text.contains("db0:"))
    }

    private var sample: ServerFacts {
        var facts = ServerFacts()
        facts.commands = [
            ServerFacts.Command(
                name: "config|get", callCount: 3, microseconds: 40, rejectedCount: 1,
                percentiles: [(name: "50", microseconds: 12.031), (name: "99.9", microseconds: 20.095)])
        ]
        facts.errors = [(code: "ERR", count: 7)]
        facts.databases = [
            ServerFacts.Database(), .init(index: 3, keyCount: 10, expiringCount: 4, averageTTLMilliseconds: 1500),
        ]
        facts.memory.usedBytes = 1536
        facts.memory.peakBytes = 2048
        facts.processor.userMicroseconds = 1_000_001
        return facts
    }

    @Test(arguments: [
        (0, "0B"), (1023, "1023B"), (1024, "1.00K"), (1536, "1.50K"), (1 << 20, "1.00M"), (25_276_514_304, "23.54G"),
        (1 << 50, "1.00P"),
    ])
    func bytesForPeople(bytes: Int, text: String) {
        #expect(NumberText.human(bytes) == text)
    }

    @Test(arguments: [
        (0.0, 2, "0.00"), (1.005, 0, "1"), (-1.5, 1, "-1.5"), (0.0001, 2, "0.00"), (-0.0001, 2, "0.00"),
        (12.3456, 3, "12.346"), (Double.nan, 1, "0.0"), (.infinity, 1, "0.0"), (1e300, 1, "0.0"),
    ])
    func fixedPoint(value: Double, places: Int, text: String) {
        #expect(NumberText.fixed(value, places) == text)
    }
}
