import Primitives
import Synchronization
import Testing

@testable import Commands

@Suite struct ServerCommandsTests {
    @Test(arguments: [
        ("WAIT 0 0", ":0"), ("WAIT x 0", "-ERR value is not an integer or out of range"),
        ("WAIT 0 -1", "-ERR timeout is negative"), ("WAITAOF 0 0 0", "*2 :0 :0"),
        ("WAITAOF 1 0 0", "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled."),
        ("ROLE", "*3 $6 master :0 *0"), ("REPLICAOF no one", "+OK"),
        ("REPLICAOF host 99999", "-ERR Invalid master port"),
        ("REPLICAOF host 6379", "-ERR REPLICAOF is not supported: a cache does not replicate"),
        ("CLUSTER INFO", "-ERR This instance has cluster support disabled"),
        ("CLUSTER foo", "-ERR unknown subcommand 'foo'. Try CLUSTER HELP."),
        ("READONLY", "-ERR This instance has cluster support disabled"),
        ("FAILOVER", "-ERR FAILOVER requires connected replicas."),
        ("FAILOVER ABORT", "-ERR No failover in progress."),
        ("SHUTDOWN foo", "-ERR syntax error"), ("SHUTDOWN ABORT", "-ERR No shutdown in progress."),
        ("SHUTDOWN SAVE", "-ERR Errors trying to SHUTDOWN. Check logs."),
        ("CONFIG GET nothing", "*0"), ("CONFIG SET maxmemory 1 foo", "-ERR syntax error"),
        ("CONFIG SET nothing 1", "-ERR Unknown option or number of arguments for CONFIG SET - 'nothing'"),
        ("CONFIG REWRITE", "-ERR The server is running without a config file"),
        ("SLOWLOG GET -2", "-ERR count should be greater than or equal to -1"), ("SLOWLOG LEN", ":0"),
        ("LATENCY LATEST", "*0"), ("LATENCY HISTORY x", "*0"), ("LATENCY RESET a b", ":0"),
        ("LATENCY GRAPH x", "-ERR No samples available for event 'x'"),
        ("MEMORY USAGE nokey", "$-1"), ("MEMORY USAGE k SAMPLES -1", "-ERR syntax error"), ("MEMORY PURGE", "+OK"),
        ("COMMAND foo", "-ERR unknown subcommand 'foo'. Try COMMAND HELP."),
        ("COMMAND GETKEYS mset a b c d", "*2 $1 a $1 c"),
        ("COMMAND GETKEYS get a b", "-ERR Invalid number of arguments specified for command"),
        ("COMMAND GETKEYS ping a", "-ERR The command has no key arguments"),
        ("COMMAND GETKEYS nothing a", "-ERR Invalid command specified"),
        ("COMMAND GETKEYS memory usage k", "*1 $1 k"),
        ("COMMAND GETKEYSANDFLAGS set a b", "*1 *2 $1 a *2 +OW +update"),
        ("COMMAND GETKEYSANDFLAGS set a b get", "*1 *2 $1 a *3 +RW +access +update"),
        ("COMMAND LIST FILTERBY PATTERN getr*", "*1 $8 getrange"), ("COMMAND LIST FILTERBY MODULE x", "*0"),
        ("COMMAND LIST FILTERBY foo bar", "-ERR syntax error"), ("COMMAND INFO nothing", "*1 $-1"),
    ])
    func replies(line: String, expected: String) throws {
        #expect(try ServerHarness().run(line) == expected)
    }

    @Test func commandInfoHasRedissFields() throws {
        let server = try ServerHarness()
        let range = "$9 find_keys *4 $4 type $5 range $4 spec *6 $7 lastkey :0 $7 keystep :1 $5 limit :0"
        #expect(
            server.run("COMMAND INFO get")
                == "*1 *10 $3 get :2 *2 +readonly +fast :1 :1 :1 *3 +@read +@string +@fast *0 *1 *6 $5 flags *2 +RO "
                + "+access $12 begin_search *4 $4 type $5 index $4 spec *2 $5 index :1 \(range) *0")
        _ = server.run("HELLO 3")
        #expect(
            server.run("COMMAND INFO config|get")
                == "*1 *10 $10 config|get :-3 ~4 +admin +noscript +loading +stale :0 :0 :0 ~3 +@admin +@slow "
                + "+@dangerous ~0 ~0 ~0")
    }

    @Test func debugIsForThoseWhoMay() throws {
        let refusal = "-ERR DEBUG command not allowed."
        #expect(try ServerHarness().run("DEBUG SLEEP 0").hasPrefix(refusal))
        let local = try ServerHarness(["--enable-debug-command", "local"])
        #expect(local.run("DEBUG SLEEP 0") == "+OK")
        #expect(local.run("DEBUG SLEEP 0", on: 2).hasPrefix(refusal))
        let all = try ServerHarness(["--enable-debug-command", "yes"])
        #expect(all.run("DEBUG OBJECT k", on: 2) == "-ERR no such key")
        _ = all.run("SET k v")
        #expect(all.run("DEBUG OBJECT k").contains(" encoding:embstr "))
        #expect(all.run("DEBUG SET-ACTIVE-EXPIRE 0") == "+OK")
        let isSwept = all.shared.sweepEnabled.load(ordering: .relaxed)
        #expect(!isSwept)
        #expect(all.run("DEBUG foo").hasPrefix("-ERR unknown subcommand or wrong number of arguments for 'foo'."))
    }

    @Test func infoCountsWhatRan() throws {
        let server = try ServerHarness()
        for line in ["SET a 1", "GET a", "GET b", "GET", "FOO", "INCR a", "SELECT 2", "SET c 1"] {
            _ = server.run(line)
        }
        let text = server.text("INFO everything")
        for line in [
            "keyspace_hits:1", "keyspace_misses:1", "errorstat_ERR:count=2", "role:master", "connected_slaves:0",
            "db0:keys=1,expires=0,avg_ttl=0,subexpiry=0", "db2:keys=1,expires=0,avg_ttl=0,subexpiry=0", "entries:2",
        ] {
            #expect(text.contains("\r\n\(line)\r\n"), "\(line)")
        }
        #expect(text.contains("\r\ncmdstat_get:calls=2,") && text.contains(",rejected_calls=1,failed_calls=0\r\n"))
        #expect(text.contains("\r\nlatency_percentiles_usec_get:p50="))
        #expect(server.run("CONFIG RESETSTAT") == "+OK")
        let reset = server.text("INFO everything")
        #expect(
            reset.contains("\r\nkeyspace_hits:0\r\n") && !reset.contains("cmdstat_get") && !reset.contains("errorstat"))
    }

    @Test func reportsRunInsideATransactionThatHoldsShards() throws {
        let server = try ServerHarness(["--enable-debug-command", "yes"])
        for line in ["MULTI", "SET a 1", "INFO keyspace", "MEMORY STATS", "MEMORY DOCTOR", "DEBUG OBJECT a"] {
            _ = server.run(line)
        }
        #expect(server.run("CONFIG RESETSTAT") == "+QUEUED")
        #expect(server.run("EXEC").hasPrefix("*6 +OK $"))
    }

    /// The store locks every shard to take a bound; EXEC must not hold one then.
    @Test(arguments: ["DBSIZE", "GET k"])
    func boundsChangeInsideATransaction(neighbour: String) throws {
        let server = try ServerHarness()
        for line in ["MULTI", "SET k 1", neighbour, "CONFIG SET maxmemory 1gb", neighbour] { _ = server.run(line) }
        let value = neighbour == "DBSIZE" ? ":1" : "$1 1"
        #expect(server.run("EXEC") == "*4 +OK \(value) +OK \(value)")
        #expect(server.run("CONFIG GET maxmemory") == "*2 $9 maxmemory $10 1073741824")
    }

    @Test func secretsStayOutOfSlowLogAndMonitor() throws {
        let server = try ServerHarness(["--slowlog-log-slower-than", "0"])
        #expect(server.run("MONITOR", on: 2) == "+OK")
        for line in ["AUTH default secret", "HELLO 2 AUTH default secret", "CONFIG SET requirepass secret"] {
            _ = server.run(line)
        }
        #expect(server.connections.feed.count == 3)
        #expect(!server.connections.feed.joined().contains("secret"))
        #expect(!server.run("SLOWLOG GET 100").contains("secret"))
    }

    @Test func helpComesFromTheTable() throws {
        let server = try ServerHarness()
        for container in server.shared.table.specs where !container.subcommands.isEmpty {
            let lines = CommandHelp.lines(of: container)
            #expect(lines.count == 1 + 2 * container.subcommands.count)
            #expect(lines.suffix(2).first == "HELP")
        }
        #expect(
            server.run("CONFIG HELP").hasPrefix("*11 +CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"))
    }

    @Test func shutdownAsksTheServer() throws {
        let server = try ServerHarness()
        #expect(server.wire("SHUTDOWN NOSAVE NOW").isEmpty)
        #expect(server.wire("SHUTDOWN SAVE FORCE", on: 2).isEmpty)
        #expect(server.connections.shutdowns == [true, false])
        #expect(server.of(1) { $0.shouldClose })
    }
}
