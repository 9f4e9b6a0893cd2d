import Primitives
import Testing

@testable import Configuration

struct CommandsTests {
    @Test func getTakesPatternsInAnyCaseAndShowsEachOnce() {
        let configuration = Configuration()
        #expect(configuration.get("slowlog-*") == "slowlog-log-slower-than=10000 slowlog-max-len=128")
        #expect(
            configuration.get("SLOWLOG-m*", "slowlog-max-len", "*max-len")
                == "slowlog-max-len=128")
        // Redis gives a name without wildcards back as it was asked for.
        #expect(configuration.get("TIMEOUT") == "TIMEOUT=0")
        #expect(configuration.get("nothing", "zz*").isEmpty)
        #expect(configuration.get("slave-read-only") == "slave-read-only=yes")
        #expect(configuration.get("*read-only") == "replica-read-only=yes slave-read-only=yes")
        #expect(configuration.get("save", "appendonly") == "appendonly=no save=")
        #expect(configuration.get("maxmemory") == "maxmemory=104857600")
        #expect(
            configuration.get("client-output*")
                == "client-output-buffer-limit=normal 268435456 67108864 10 slave 268435456 67108864 60 "
                + "pubsub 33554432 8388608 60")
        #expect(configuration.get("io-threads") == "io-threads=\(configuration.values.loops)")
    }

    @Test func aShareFollowsMaxmemory() {
        let configuration = Configuration()
        #expect(configuration.get("maxmemory-clients") == "maxmemory-clients=10%")
        #expect(configuration.settings.maxMemoryClientsBytes == 50 << 20, "half of maxmemory, being less than 64 MB")
        #expect(configuration.set("maxmemory", "1000mb") == "OK")
        #expect(configuration.settings.maxMemoryClientsBytes == 100 << 20)
        #expect(configuration.set("maxmemory", "200mb") == "OK")
        #expect(configuration.settings.maxMemoryClientsBytes == 64 << 20)
        #expect(configuration.set("maxmemory-clients", "75%") == "OK")
        #expect(configuration.settings.maxMemoryClientsBytes == 150 << 20)
        #expect(configuration.set("maxmemory", "0") == "OK")
        #expect(configuration.settings.maxMemoryClientsBytes == 0)
        #expect(configuration.set("maxmemory-clients", "5mb") == "OK")
        #expect(configuration.get("maxmemory-clients") == "maxmemory-clients=5242880")
        #expect(configuration.settings.maxMemoryClientsBytes == 5 << 20)
        #expect(configuration.set("maxmemory-clients", "1") == "OK")
        #expect(configuration.settings.maxMemoryClientsBytes == 128 << 10, "as in Redis")
        #expect(configuration.set("maxmemory-clients", "0") == "OK")
        #expect(configuration.settings.maxMemoryClientsBytes == 0)
    }

    @Test func anExaminerMayRefuseAChange() {
        let configuration = Configuration()
        configuration.examine { changed, values in
            changed.contains(.maxClients) && values.maxClients > 20_000 ? .init(.maxClients, "too many") : nil
        }
        let observed = Locked(0)
        configuration.observe { _, _ in observed.withLock { $0 += 1 } }
        let refused = "CONFIG SET failed (possibly related to argument 'maxclients') - too many"
        #expect(configuration.set("timeout", "5", "maxclients", "20001") == refused)
        #expect(configuration.get("timeout") == "timeout=0", "all or none")
        #expect(observed.withLock { $0 } == 0)
        #expect(configuration.set("timeout", "5", "maxclients", "20000") == "OK")
        #expect(observed.withLock { $0 } == 1)
    }

    @Test func getOfAllIsSortedAndComplete() {
        let names = Configuration().get("*").split(separator: " ").filter { $0.contains("=") }
        #expect(names.count >= ParameterTable.names.count)
    }

    /// The texts were taken from redis-server 7.0.15, but for names and lists of ours.
    @Test(arguments: [
        (["foo", "1"], "Unknown option or number of arguments for CONFIG SET - 'foo'"),
        (["timeout", "1", "foo\r\n+OK", "1"], "Unknown option or number of arguments for CONFIG SET - 'foo??+OK'"),
        (["maxclients", "abc"], failure("maxclients", "argument couldn't be parsed into an integer")),
        (["TIMEOUT", "x"], failure("timeout", "argument couldn't be parsed into an integer")),
        (["timeout", "-1"], failure("timeout", "argument must be between 0 and 2147483647 inclusive")),
        (
            ["slowlog-log-slower-than", "-5"],
            failure("slowlog-log-slower-than", "argument must be between -1 and 9223372036854775807 inclusive")
        ),
        (
            ["slowlog-log-slower-than", "99999999999999999999"],
            failure("slowlog-log-slower-than", "argument couldn't be parsed into an integer")
        ),
        (
            ["client-query-buffer-limit", "1"],
            failure(
                "client-query-buffer-limit",
                "argument must be between 1048576 and 9223372036854775807 inclusive")
        ),
        (
            ["client-query-buffer-limit", "1zz"],
            failure("client-query-buffer-limit", "argument must be a memory value")
        ),
        (["maxmemory", "1zz"], failure("maxmemory", "argument must be a memory or percent value")),
        (["maxmemory", "101%"], failure("maxmemory", "percentage argument must be less or equal to 100")),
        (
            ["loglevel", "foo"],
            failure(
                "loglevel",
                "argument(s) must be one of the following: debug, verbose, notice, warning, nothing")
        ),
        (["latency-tracking", "maybe"], failure("latency-tracking", "argument must be 'yes' or 'no'")),
        (["databases", "3"], failure("databases", "can't set immutable config")),
        (["Logfile", "/tmp/x"], failure("Logfile", "can't set immutable config")),
        (["appendonly", "yes"], failure("appendonly", "can't set immutable config")),
        (["timeout", "1", "timeout", "2"], failure("timeout", "duplicate parameter")),
        (
            ["client-output-buffer-limit", "foo 1 2 3"],
            failure("client-output-buffer-limit", "Invalid client class specified in buffer limit configuration.")
        ),
        (
            ["client-output-buffer-limit", "normal 1 2"],
            failure("client-output-buffer-limit", "Wrong number of arguments in buffer limit configuration.")
        ),
        (
            ["client-output-buffer-limit", "normal 1x 2 3"],
            failure(
                "client-output-buffer-limit",
                "Error in hard, soft or soft_seconds setting in buffer limit configuration.")
        ),
        (
            ["latency-tracking-info-percentiles", "50 a"],
            failure("latency-tracking-info-percentiles", "Invalid latency-tracking-info-percentiles parameters")
        ),
        (
            ["latency-tracking-info-percentiles", "50 101"],
            failure(
                "latency-tracking-info-percentiles",
                "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]")
        ),
        (["requirepass", "a\nb"], failure("requirepass", "argument must not have control characters")),
    ])
    func setRefusesWithRedisTexts(_ words: [String], _ expected: String) {
        let configuration = Configuration()
        let before = configuration.get("*")
        let generation = configuration.generation
        let message =
            words.count == 2
            ? configuration.set(words[0], words[1]) : configuration.set(words[0], words[1], words[2], words[3])
        #expect(message == expected)
        #expect(configuration.get("*") == before)
        #expect(configuration.generation == generation)
    }

    @Test func setIsAllOrNothing() {
        let configuration = Configuration()
        #expect(configuration.set("timeout", "5", "maxclients", "x") != "OK")
        #expect(configuration.get("timeout") == "timeout=0")
        #expect(configuration.set("timeout", "5", "maxclients", "7") == "OK")
        #expect(configuration.get("timeout", "maxclients") == "maxclients=7 timeout=5")
    }

    @Test func setOfAFactToItsValueIsAccepted() {
        let configuration = Configuration()
        #expect(configuration.set("save", "", "appendonly", "no", "slave-read-only", "yes") == "OK")
        #expect(configuration.generation == 1)
    }

    @Test func setOfOneOutputClassLeavesTheOthers() {
        let configuration = Configuration()
        #expect(configuration.set("client-output-buffer-limit", "replica 1kb 2 3") == "OK")
        #expect(
            configuration.get("client-output-buffer-limit")
                == "client-output-buffer-limit=normal 268435456 67108864 10 slave 1024 2 3 pubsub 33554432 8388608 60")
    }

    @Test func observersHearOfChangesAndLoopsSeeTheGeneration() {
        let configuration = Configuration()
        let heard = Locked<[[ParameterName]]>([])
        configuration.observe { changed, values in
            heard.withLock { $0.append(changed) }
            #expect(values.integer(.timeout) == 5)
        }
        let before = configuration.settings
        #expect(before.generation == configuration.generation)
        #expect(configuration.set("timeout", "5", "maxclients", "10000") == "OK")
        #expect(configuration.set("timeout", "x") != "OK")
        #expect(configuration.set("timeout", "5") == "OK")
        #expect(heard.withLock { $0 } == [[.timeout]])
        #expect(configuration.generation == before.generation + 1)
        #expect(configuration.settings.timeoutSeconds == 5)
        #expect(configuration.settings.generation == configuration.generation)
    }
}

private func failure(_ name: String, _ reason: String) -> String {
    "CONFIG SET failed (possibly related to argument '\(name)') - \(reason)"
}
