"""What clients send when they connect, replayed byte for byte; the order of replies is what they live by."""

import asyncio

import pytest

from harness import Server

GUID = bytes(range(0xF0, 0x100))

# Name, protocol after it, commands, and which of them may answer an error by the client's own rules.
HANDSHAKES = [
    ("redis-py 6", 2, "CLIENT SETINFO LIB-NAME redis-py|CLIENT SETINFO LIB-VER 6.4.0|SELECT 1", "SETINFO"),
    ("redis-py 8", 3, "HELLO 3|CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type internal-ip|CLIENT SETNAME me|"
     "CLIENT SETINFO LIB-NAME redis-py|CLIENT SETINFO LIB-VER 8.1.0|SELECT 1", "MAINT SETINFO"),
    ("valkey-glide", 3, "HELLO 3|CLIENT SETINFO LIB-NAME GlidePy|CLIENT SETINFO LIB-VER 2.5.3|INFO REPLICATION", "SETINFO"),
    ("ioredis 5", 2, "select 1|client setname me|client SETINFO LIB-VER 5.8|client SETINFO LIB-NAME ioredis|info", "SETINFO"),
    ("ioredis 6", 3, "hello 3|select 1|client setname me|client SETINFO LIB-VER 6|client SETINFO LIB-NAME ioredis|info", "SETINFO"),
    ("node-redis 4", 2, "CLIENT SETNAME me|SELECT 1|CLIENT SETINFO LIB-VER 4.7|CLIENT SETINFO LIB-NAME node-redis", "SETINFO"),
    ("node-redis 6", 3, "HELLO 3 SETNAME me|SELECT 1|CLIENT SETINFO LIB-VER 6.2|CLIENT MAINT_NOTIFICATIONS ON", "SETINFO MAINT"),
    ("Jedis 7", 3, "HELLO 3|CLIENT SETNAME me|CLIENT SETINFO LIB-NAME jedis|CLIENT SETINFO LIB-VER 7.0|SELECT 1", "SETINFO"),
    ("Lettuce 6", 3, "HELLO 3 SETNAME me|SELECT 1|CLIENT SETNAME me|CLIENT SETINFO lib-name Lettuce|"
     "CLIENT SETINFO lib-ver 6.3.0/abc|PING", "SETINFO"),
    ("go-redis 9", 3, "hello 3 setname me|select 1|client maint_notifications on|"
     "client setinfo LIB-NAME go-redis(,go1.22)|client setinfo LIB-VER 9.12", "setinfo maint"),
    ("StackExchange.Redis 2", 2, "CLIENT SETNAME me|CLIENT SETINFO lib-name SE.Redis|CLIENT SETINFO lib-ver 2.8|CLIENT ID|"
     "CONFIG GET timeout|CONFIG GET replica-read-only|CONFIG GET slave-read-only|CONFIG GET databases|SENTINEL MASTERS|"
     "INFO replication|INFO server|CLUSTER NODES|GET __Booksleeve_TieBreak|ECHO GUID", "SETINFO SENTINEL CLUSTER"),
    ("redis-rs", 3, "HELLO 3|SELECT 1|CLIENT SETINFO LIB-NAME redis-rs|CLIENT SETINFO LIB-VER 0.27", "SETINFO"),
    ("phpredis", 2, "SELECT 1|ECHO phpredis_123|SET k v ex 5 nx|SET k v px 5000", ""),
    ("predis 3", 2, "HELLO 2 SETNAME predis|CLIENT SETINFO LIB-NAME predis|CLIENT SETINFO LIB-VER 3.0|SELECT 1", "SETINFO"),
    ("redis-rb 4", 2, "select 1|client setname me|info|mget a b|set k v px 5000 nx", ""),
    ("redis-rb 6", 3, "HELLO 3|CLIENT SETINFO LIB-NAME redis-client|CLIENT SETINFO LIB-VER 6", "SETINFO"),
    ("redis_exporter", 2, "CLIENT SETNAME redis_exporter|CONFIG GET *|INFO ALL|LATENCY LATEST|LATENCY HISTOGRAM|SLOWLOG LEN|"
     "SLOWLOG GET 1|CLIENT LIST|SCAN 0 MATCH * COUNT 1000|COMMAND INFO COMMANDLOG", ""),
    ("valkey-py 6", 2, "CLIENT SETINFO LIB-NAME valkey-py|CLIENT SETINFO LIB-VER 6.2.0|SELECT 1|PING", "SETINFO"),
    ("coredis 6", 3, "HELLO 3|CLIENT SETINFO LIB-NAME coredis|CLIENT SETINFO LIB-VER 6.9.0", "SETINFO"),
    ("celery over redis-py", 3, "HELLO 3|CLIENT SETINFO LIB-NAME redis-py(celery_v5.7.0)|CLIENT SETINFO LIB-VER 8.1.0", "SETINFO"),
    ("node-redis 5", 2, "CLIENT SETNAME me|SELECT 1|CLIENT SETINFO LIB-NAME node-redis|CLIENT SETINFO LIB-VER 5.0", "SETINFO"),
    ("Jedis 8", 3, "HELLO 3|CLIENT SETNAME me|CLIENT SETINFO LIB-NAME jedis|CLIENT SETINFO LIB-VER 8.0|SELECT 1|PING", "SETINFO"),
    ("StackExchange.Redis 3", 3, "HELLO 3|CLIENT SETNAME me|CLIENT SETINFO lib-name SE.Redis|CLIENT SETINFO lib-ver 3.0|"
     "CLIENT ID|CONFIG GET timeout|CONFIG GET replica-read-only|CONFIG GET databases|SENTINEL MASTERS|INFO replication|"
     "INFO server|CLUSTER NODES|GET __Booksleeve_TieBreak|ECHO GUID", "SETINFO SENTINEL CLUSTER"),
    ("Redisson", 3, "HELLO 3|SELECT 1|CLIENT SETNAME me|READONLY|PING|WAIT 0 0|WAITAOF 0 0 0|INFO ALL", "READONLY"),
    ("Perl Redis", 2, "CLIENT SETNAME me|SELECT 1|PING", ""),
    ("Symfony", 2, "SELECT 1|INFO Server|INFO Memory|MGET k|SETEX k 10 v|SCAN 0 COUNT 1000 MATCH ns*|UNLINK k", ""),
    ("keyv", 2, "INFO server|SET k v PXAT 33177117420000|EXISTS k|UNLINK k", ""),
    ("RedisInsight", 2, "INFO|CLUSTER INFO|SENTINEL MASTERS|MODULE LIST|COMMAND INFO json.get ft.info|CONFIG GET databases|"
     "CLIENT LIST|DBSIZE|SET k v|SCAN 0 MATCH * COUNT 200 TYPE string|TYPE k|TTL k|MEMORY USAGE k SAMPLES 0|OBJECT ENCODING k|"
     "STRLEN k|GETRANGE k 0 9|SLOWLOG GET 50|SLOWLOG LEN|CONFIG GET slowlog-*|ACL LIST|COMMAND", "CLUSTER SENTINEL MODULE ACL"),
    ("redis-cli", 2, "COMMAND DOCS|COMMAND", ""),
    ("redis-cli -3 --bigkeys", 3, "HELLO 3|READONLY|DBSIZE|SCAN 0 COUNT 10|TYPE k|STRLEN k|MEMORY USAGE k", "READONLY"),
    ("memtier_benchmark", 3, "HELLO 3|SELECT 1|SETEX k 10 v|SETRANGE k 0 x|GETRANGE k 0 9", ""),
    ("redis-benchmark", 2, "CONFIG GET save|CONFIG GET appendonly|PING", ""),
]


def commands_of(text):
    return [[GUID if word == "GUID" else word for word in command.split()] for command in text.split("|")]


@pytest.mark.parametrize("is_pipelined", [True, False], ids=["one packet", "one by one"])
@pytest.mark.parametrize("name, protocol, text, tolerated", HANDSHAKES, ids=[row[0] for row in HANDSHAKES])
def test_handshake(target, connection, name, protocol, text, tolerated, is_pipelined):
    commands = commands_of(text)
    with target.connect() as client:
        replies = client.pipeline(*commands) if is_pipelined else [client.call(*command) for command in commands]
        for command, reply in zip(commands, replies):
            words = " ".join(map(str, command[:2])).upper()
            if reply.is_error:
                assert any(word.upper() in words for word in tolerated.split()), (command, reply)
            elif command[0] == "ECHO":
                assert reply.value == (GUID if command[1] == GUID else command[1].encode())
            elif words == "INFO REPLICATION":
                assert b"\r\nrole:master\r\n" in reply.value
            elif command[0].upper() == "HELLO":
                assert reply.kind == ("map" if protocol == 3 else "array")
        assert client.call("GET", "none").kind == ("null" if protocol == 3 else "nil-bulk")


@pytest.mark.parametrize("first", [["AUTH", "secret"], ["AUTH", "default", "secret"], ["HELLO", "3", "AUTH", "default", "secret"],
                                   ["HELLO", "3", "SETNAME", "me", "AUTH", "default", "secret"],
                                   ["hello", "2", "auth", "default", "secret"]])
def test_handshake_with_a_password(first):
    with Server(requirepass="secret") as server, server.connect() as client:
        replies = client.pipeline(first, ["SELECT", "1"], ["CLIENT", "SETNAME", "me"], ["PING"])
        assert not any(reply.is_error for reply in replies), replies


def test_errors_that_clients_read(target):
    """Section 3 of the field survey: the very texts by which clients fall back."""
    with target.connect() as client:
        assert client.call("HELLO", 9).value == b"NOPROTO unsupported protocol version"
        assert client.call("WAITAOF2", 0).value.startswith(b"ERR unknown command 'WAITAOF2', with args beginning with: '0' ")
        assert client.call("CLUSTER", "NODES").value == b"ERR This instance has cluster support disabled"
        assert client.call("SENTINEL", "MASTERS").value.startswith(b"ERR unknown command")
        assert client.call("COMMAND", "INFO", "COMMANDLOG").plain() == [None]
        assert client.call("CONFIG", "GET", "nosuch").plain() == []
        assert client.call("WAIT", 0, 0).value == 0


@pytest.mark.own
@pytest.mark.parametrize("protocol", [2, 3])
def test_parameters_that_tools_ask_for(target, protocol):
    """Section 3, rule 9: a flat map of texts for every pattern, and nothing for what is unknown."""
    expected = {"save": "", "appendonly": "no", "databases": "16", "timeout": "0", "replica-read-only": "yes",
                "slave-read-only": "yes", "maxclients": "10000", "slowlog-max-len": "128", "cluster-enabled": "no"}
    with target.connect() as client:
        client.hello(protocol)
        for pattern in ("*", *expected, "SAVE", "maxmemory*", "slowlog-*", "nosuch*"):
            reply = client.call("CONFIG", "GET", pattern)
            assert reply.kind == ("map" if protocol == 3 else "array")
            pairs = reply.value if protocol == 3 else tuple(zip(reply.value[::2], reply.value[1::2]))
            assert all(element.kind == "bulk" for pair in pairs for element in pair)
            found = {name.value.decode().lower(): value.value.decode() for name, value in pairs}
            wanted = expected if pattern == "*" else {pattern.lower(): expected.get(pattern.lower())}
            assert {name: value for name, value in wanted.items() if value is not None}.items() <= found.items()
            assert bool(found) == (pattern != "nosuch*")


@pytest.mark.parametrize("command", ["set k v px 100000 nx", "SET k v NX PX 100000", "Set k v Nx pX 100000", "set k v nx ex 100"])
def test_names_in_any_case_and_options_in_any_order(connection, command):
    """Section 3, rule 11."""
    assert connection.call(*command.split()).value == b"OK"
    assert 0 < connection.call("pTTL", "k").value <= 100_000
    for scan in ("scan 0 count 100 match k", "SCAN 0 MATCH k COUNT 100", "Scan 0 Type string Match k"):
        assert connection.call(*scan.split()).plain() == [b"0", [b"k"]]


@pytest.mark.parametrize("protocol", ["RESP2", "RESP3"])
def test_valkey_glide(target, protocol):
    glide = pytest.importorskip("glide")

    async def work():
        configuration = glide.GlideClientConfiguration(
            [glide.NodeAddress("127.0.0.1", target.port)], client_name="me", database_id=1,
            protocol=getattr(glide.ProtocolVersion, protocol))
        client = await glide.GlideClient.create(configuration)
        try:
            assert await client.set("k", "v") == "OK"
            assert await client.get("k") == b"v"
            assert await client.mget(["k", "none"]) == [b"v", None]
            batch = glide.Batch(is_atomic=True)
            batch.set("n", "1")
            batch.incr("n")
            assert await client.exec(batch, raise_on_error=True) == ["OK", 2]
            assert (await client.scan(b"0"))[0] == b"0"
        finally:
            await client.close()

    asyncio.run(asyncio.wait_for(work(), 30))
