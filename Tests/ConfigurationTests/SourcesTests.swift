import Testing

@testable import Configuration

struct SourcesTests {
    @Test func commandLineGoesBeforeEnvironmentBeforeFileBeforeDefault() throws {
        let folder = TemporaryFolder()
        let file = folder.write("a.conf", "port 1\ntimeout 1\nmaxclients 1\n")
        let environment = [(name: "NEARCACHED_PORT", value: "2"), (name: "NEARCACHED_TIMEOUT", value: "2")]
        let configuration = try load([file, "--port", "3"], environment: environment)
        #expect(
            configuration.get("port", "timeout", "maxclients", "databases")
                == "databases=16 maxclients=1 port=3 timeout=2")
        #expect(configuration.filePath == realPath(file))
    }

    @Test func fileSyntaxIsRedis() throws {
        let folder = TemporaryFolder()
        let file = folder.write(
            "a.conf",
            """
            # a comment
               \t
              # an indented comment
            PORT 7000\r
            \tloglevel   Verbose\t
            requirepass "a b\\x21\\"#'"
            logfile '/var/it\\'s \\n.log'
            pidfile a"b c"
            bind 127.0.0.1 \t -::1 10.0.0.1
            client-output-buffer-limit normal 1mb 2k 3
            client-output-buffer-limit slave 0 0 0 pubsub 4 5 6
            save ""
            appendonly no
            timeout 5
            timeout 6
            """)
        let values = try load([file]).values
        #expect(values.port == 7000)
        #expect(values.logThreshold == .verbose)
        #expect(values.password == Array("a b!\"#'".utf8))
        #expect(values.logFilePath == "/var/it's \\n.log")
        #expect(values.pidFilePath == "ab c")
        #expect(values.bindAddresses.map(\.address) == ["127.0.0.1", "::1", "10.0.0.1"])
        #expect(values.shown(.clientOutputBufferLimit) == "normal 1048576 2000 3 slave 0 0 0 pubsub 4 5 6")
        #expect(values.integer(.timeout) == 6)
    }

    @Test func includesStandForTheirLines() throws {
        let folder = TemporaryFolder()
        folder.write("one.conf", "port 1\ninclude two.conf\n")
        folder.write("two.conf", "timeout 2\nport 2\n")
        let file = folder.write("a.conf", "include one.conf\ninclude \(folder.path)/two.conf\nmaxclients 3")
        #expect(try load([file]).get("port", "timeout", "maxclients") == "maxclients=3 port=2 timeout=2")
    }

    @Test func includesThatGoRoundOrNowhereAreRefused() {
        let folder = TemporaryFolder()
        let file = folder.write("a.conf", "\ninclude b.conf\n")
        folder.write("b.conf", "include ./a.conf\n")
        #expect(refusal([file]) == "\(folder.path)/b.conf:1: include: \(folder.path)/./a.conf includes itself")
        folder.write("b.conf", "include c.conf\n")
        #expect(
            refusal([file])
                == "\(folder.path)/b.conf:1: include: cannot read \(folder.path)/c.conf: No such file or directory")
        folder.write("b.conf", "include\n")
        #expect(refusal([file]) == "\(folder.path)/b.conf:1: include takes one path")
        // Each file includes the next one twice: 2^20 reads without a bound.
        for index in 0..<20 { folder.write("n\(index)", "include n\(index + 1)\ninclude n\(index + 1)\n") }
        folder.write("n20", "")
        #expect(refusal(["\(folder.path)/n0"]).hasSuffix("include: more than 128 files are included"))
    }

    @Test(arguments: [
        ("prot 1", "unknown parameter \"prot\", did you mean \"port\"?"),
        ("zzz 1", "unknown parameter \"zzz\""),
        ("port", "port: takes one value, 0 given; allowed: a whole number from 0 to 65535"),
        ("port 1 2", "port: takes one value, 2 given; allowed: a whole number from 0 to 65535"),
        ("port 65536", "port: \"65536\" is not allowed; allowed: a whole number from 0 to 65535"),
        ("port 1x", "port: \"1x\" is not allowed; allowed: a whole number from 0 to 65535"),
        ("timeout -1", "timeout: \"-1\" is not allowed; allowed: seconds, from 0 to 2147483647"),
        ("protected-mode maybe", "protected-mode: \"maybe\" is not allowed; allowed: yes or no"),
        ("supervised upstart", "supervised: \"upstart\" is not allowed; allowed: one of no, systemd, auto"),
        ("appendonly yes", "appendonly: \"yes\" is not possible, only \"no\": A cache keeps no append-only file."),
        ("save 900 1", "save: \"900 1\" is not possible, only \"\": A cache writes no snapshots."),
        ("port \"1", "quotes do not balance"),
        ("port \"1\"2", "quotes do not balance"),
        ("port '1", "quotes do not balance"),
        (
            "logfile \"a\\nb\"",
            "logfile: \"a?b\" is not allowed; allowed: text of up to 4095 bytes without control characters"
        ),
        ("logfile \"\\xff\"", "not UTF-8 text"),
        ("unixsocketperm 999", "unixsocketperm: \"999\" is not allowed; allowed: octal permission bits from 0 to 777"),
        (
            "proto-max-bulk-len 1k",
            "proto-max-bulk-len: \"1k\" is not allowed; "
                + "allowed: bytes, plain or with a unit (b, k=1000, kb=1024, m, mb, g, gb), from 1mb up"
        ),
        (
            "compatibility-version 7.4",
            "compatibility-version: \"7.4\" is not allowed; allowed: a version such as 7.4.0"
        ),
    ])
    func faultsInAFileNameLineAndWhatIsAllowed(_ line: String, _ expected: String) {
        let folder = TemporaryFolder()
        let file = folder.write("a.conf", "# first\n\(line)\nport 7000\n")
        #expect(refusal([file]) == "\(file):2: \(expected)")
    }

    @Test func passwordsDoNotAppearInMessages() {
        let message = refusal(["--requirepass", String(repeating: "secret", count: 100)])
        #expect(
            message == "command line: requirepass: the given value is not allowed; "
                + "allowed: text of up to 512 bytes without control characters")
    }

    @Test func missingFileIsOneLine() {
        #expect(refusal(["/no/such.conf"]) == "cannot read /no/such.conf: No such file or directory")
        #expect(refusal(["/"]) == "cannot read /: Is a directory")
    }

    @Test func environmentNamesAreParameters() throws {
        let configuration = try load(environment: [
            (name: "NEARCACHED_MAX_ENTRIES", value: "5"), (name: "NEARCACHED_BIND", value: "127.0.0.1 ::1"),
            (name: "NEARCACHED_REQUIREPASS", value: "a b"), (name: "PATH", value: "/bin"),
        ])
        #expect(
            configuration.get("max-entries", "bind", "requirepass")
                == "bind=127.0.0.1 ::1 max-entries=5 requirepass=a b")
        #expect(
            refusal(environment: [(name: "NEARCACHED_MAXMEMROY", value: "5")])
                == "environment variable NEARCACHED_MAXMEMROY: unknown parameter \"maxmemroy\", did you mean \"maxmemory\"?"
        )
        #expect(
            refusal(environment: [(name: "NEARCACHED_PORT", value: "http")])
                == "environment variable NEARCACHED_PORT: port: \"http\" is not allowed; "
                + "allowed: a whole number from 0 to 65535")
    }

    @Test func variablesOfAKubernetesServiceAreIgnored() throws {
        let configuration = try load(environment: [
            (name: "NEARCACHED_PORT", value: "tcp://10.0.0.1:7777"),
            (name: "NEARCACHED_PORT_7777_TCP_ADDR", value: "10.0.0.1"),
            (name: "NEARCACHED_SERVICE_HOST", value: "10.0.0.1"),
        ])
        #expect(configuration.values.port == 6379)
    }

    @Test func commandLineIsRedisServers() throws {
        let configuration = try load([
            "--port", "7000", "--bind", "127.0.0.1", "::1", "--SAVE", "", "--requirepass", "a b",
            "--slowlog-log-slower-than", "-1", "--client-output-buffer-limit", "pubsub 1 2 3",
            "--latency-tracking-info-percentiles", "",
        ])
        #expect(
            configuration.get("port", "bind", "requirepass", "slowlog-log*", "latency-tracking-*")
                == "bind=127.0.0.1 ::1 latency-tracking-info-percentiles= port=7000 requirepass=a b "
                + "slowlog-log-slower-than=-1")
        #expect(
            configuration.settings.outputLimits.pubsub
                == OutputLimit(hardBytes: 1, softBytes: 2, softSeconds: 3))
        #expect(
            refusal(["--port", "7000", "--prot", "1"])
                == "command line: unknown parameter \"prot\", did you mean \"port\"?")
        #expect(refusal(["--port"]).hasPrefix("command line: port: takes one value, 0 given"))
        #expect(
            refusal(["-p", "7000"])
                == "command line: \"-p\" is neither a conf file, which comes first, nor --name value; see --help")
        #expect(refusal(["--"]).hasPrefix("command line: \"--\" is neither"))
    }

    @Test func wordsThatAskForSomethingElse() throws {
        func ask(_ words: String...) throws -> String {
            switch try Configuration.load(arguments: words, environment: []) {
            case .serve: "serve"
            case .check: "check"
            case .printText(let text): text
            case .printVersion: "version"
            }
        }
        #expect(try ask() == "serve")
        #expect(try ask("--port", "1", "--check") == "check")
        #expect(try ask("-v") == "version")
        #expect(try ask("--check", "-h") == Configuration.helpText)
        #expect(try ask("--print-conf") == Configuration.confFileText)
        #expect(throws: ConfigurationError.self) { try ask("--check", "--port", "x") }
    }

    @Test func percentagesAreOfTheMachinesMemory() throws {
        let total = MachineResources.memoryBytes
        let bytes = try load(["--maxmemory", "50%"]).settings.maxMemoryBytes
        #expect(abs(bytes - total / 2) <= 100)
        for word in ["0%", "-1%", "101%", "%", "1.5%", "99999999999999999999%", "99999999999999999999gb"] {
            #expect(refusal(["--maxmemory", word]).hasPrefix("command line: maxmemory: \"\(word)\" is not allowed"))
        }
    }

    @Test(arguments: ["", "*", "-::*", "0.0.0.0", "::", "fe80::1%eth0", "-10.1.2.3 ::1"])
    func addressesAreTaken(_ text: String) {
        #expect(refusal(["--bind", text]) == "accepted")
    }

    @Test(arguments: ["localhost", "1.2.3", "--", "-", "1.2.3.4.5", ":::1", "127.0.0.1%eth0", "fe80::1%", "**"])
    func wordsThatAreNoAddressesAreRefused(_ text: String) {
        let file = TemporaryFolder()
        #expect(refusal([file.write("a.conf", "bind \(text)")]).contains("bind: \"\(text)\" is not allowed"))
    }
}
