import Testing

@testable import Configuration

struct ParameterTableTests {
    @Test func everyNameStandsInTheTableOnceInItsOrder() {
        #expect(ParameterTable.all.map(\.name) == ParameterName.allCases)
    }

    @Test func namesAndAliasesAreDistinctAndLowerCase() {
        let names = ParameterTable.all.flatMap { [$0.name.rawValue] + $0.aliases }
        #expect(Set(names).count == names.count)
        for name in names { #expect(name == name.asciiLowercased) }
    }

    /// What the conf file and `--help` show as a default must be readable, and mean the default.
    @Test func everyDefaultReadsBackAsItself() throws {
        for parameter in ParameterTable.all where !parameter.isFact {
            var values = ParameterValues()
            try values.set(parameter, arguments: parameter.fallback.arguments)
            #expect(values[parameter.name].isSame(as: parameter.fallback), "\(parameter.name)")
        }
    }

    /// Also what CONFIG GET shows: tools send it back by CONFIG SET.
    @Test func everyShownValueReadsBackAsItself() throws {
        for parameter in ParameterTable.all {
            var values = ParameterValues()
            let shown = values.shown(parameter.name)
            try values.set(parameter, arguments: parameter.arguments(inText: shown))
            #expect(values.shown(parameter.name) == shown, "\(parameter.name)")
        }
    }

    @Test func accessorsAgreeWithTheTable() {
        let values = ParameterValues()
        let settings = Settings(values, generation: 7)
        #expect(values.bindAddresses.map(\.address) == ["127.0.0.1", "::1"])
        #expect(values.bindAddresses.map(\.isOptional) == [false, true])
        #expect(values.port == 6379)
        #expect(values.unixSocketPath == nil)
        #expect(values.unixSocketPermissions == nil)
        #expect(values.password == nil)
        #expect(values.tcpBacklog == 511)
        #expect(values.databaseCount == 16)
        #expect(values.loops >= 1)
        #expect(values.latencyPercentiles.map(\.value) == [50, 99, 99.9])
        #expect(values.logThreshold == .notice)
        #expect(values.logFormat == .auto)
        #expect(values.supervision == .auto)
        #expect(values.debugCommandAccess == .no)
        #expect(values.logFilePath == nil)
        #expect(values.pidFilePath == nil)
        #expect(settings.generation == 7)
        #expect(settings.maxMemoryBytes == 100 << 20)
        #expect(settings.maxMemoryPolicy == .allkeysS3FIFO)
        #expect(settings.slowlogThresholdMicroseconds == 10000)
        #expect(settings.outputLimits.pubsub == OutputLimit(hardBytes: 32 << 20, softBytes: 8 << 20, softSeconds: 60))
        #expect(settings.isProtected && !settings.isPasswordRequired && settings.isLatencyTracked)
    }

    @Test(arguments: [
        ("maxmemroy", "maxmemory"), ("prot", "port"), ("max-memory", "maxmemory"), ("Log-Level", "loglevel"),
        ("slave-readonly", "slave-read-only"),
    ])
    func misspeltNamesAreSuggested(_ given: String, _ expected: String) {
        #expect(ParameterTable.suggestion(for: given) == expected)
    }

    @Test(arguments: ["zzzzzzzz", "", "tls-cert-file", String(repeating: "x", count: 100_000)])
    func strangeNamesAreNotSuggestedFor(_ given: String) {
        #expect(ParameterTable.suggestion(for: given) == nil)
    }
}

struct MemorySizeTests {
    @Test(arguments: [
        ("0", 0), ("1", 1), ("7b", 7), ("1k", 1000), ("1kb", 1024), ("1K", 1000), ("1Kb", 1024), ("2m", 2_000_000),
        ("2mb", 2 << 20), ("3g", 3_000_000_000), ("3GB", 3 << 30), ("9223372036854775807", Int64.max),
        ("8589934591gb", 8_589_934_591 << 30),
    ])
    func unitsAreRedis(_ text: String, _ bytes: Int64) {
        #expect(MemorySize.bytes(text) == bytes)
    }

    @Test(arguments: [
        "", "b", "-1", "+1", "1 mb", "1tb", "1zz", "1.5gb", "0x10", "١", "8589934592gb", "9223372036854775808",
        "99999999999999999999gb", "18446744073709551616b",
    ])
    func othersAreRefused(_ text: String) {
        #expect(MemorySize.bytes(text) == nil)
    }

    @Test func compactTextIsExact() {
        for bytes: Int64 in [0, 1, 1000, 1023, 1024, 1536, 1 << 20, (1 << 20) + 1, 100 << 20, 5 << 30, .max] {
            #expect(MemorySize.bytes(MemorySize.compact(bytes)) == bytes)
        }
        #expect(MemorySize.compact(100 << 20) == "100mb")
    }
}

struct MachineResourcesTests {
    @Test func memoryAndCoresArePlausible() {
        #expect(MachineResources.memoryBytes > 1 << 20)
        #expect(MachineResources.coreCount >= 1)
    }
}
