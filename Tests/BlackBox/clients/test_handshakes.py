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
    ("redis-cli", 2, "COMMAND DOCS|COMMAND", ""),
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
