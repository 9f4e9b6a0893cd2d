"""LEASE: what is replied, and what voids: one computes, and what changed meanwhile is refused."""

import time

import pytest

from harness import BoundedMemory, Server, wait_until
from leases import LONG, clients, lease, read_all, wait_for, win
from wire import OK, Reply

pytestmark = pytest.mark.own

INVALID_TOKEN = "ERR invalid lease token: it has 16 hexadecimal digits"


# Replies


def test_the_states_with_resp2(target, connection):
    token = win(connection, "k")
    assert lease(connection, "k") == [b"wait", None, None, -2]
    assert connection.call("SET", "k", "v", "PX", 50_000, "LEASE", token) == OK
    state, value, none, pttl = lease(connection, "k")
    assert (state, value, none) == (b"hit", b"v", None) and 0 < pttl <= 50_000
    assert connection.call("PERSIST", "k").value == 1
    assert lease(connection, "k", "WAIT", 100) == [b"hit", b"v", None, -1]


def test_the_states_with_resp3(target, connection):
    connection.hello(3)
    reply = connection.call("LEASE", "GET", "k", "TTL", 5000)
    assert reply.kind == "map" and [key.value for key, _ in reply.value] == [b"state", b"value", b"token", b"pttl"]
    assert reply.value[1][1] == Reply("null") and reply.value[3][1] == Reply("integer", -2)
    token = reply.plain()[b"token"]
    assert connection.call("LEASE", "GET", "k").plain() == {b"state": b"wait", b"value": None, b"token": None, b"pttl": -2}
    assert connection.call("SET", "k", "12", "LEASE", token) == OK
    assert connection.call("LEASE", "GET", "k").plain() == {b"state": b"hit", b"value": b"12", b"token": None, b"pttl": -1}


def test_a_large_value(target, connection):
    value = b"x" * 100_000
    with target.connect() as waiter:
        token = win(connection, "k")
        waiter.send("LEASE", "GET", "k", "WAIT", LONG)
        wait_for(target, 1)
        assert connection.call("SET", "k", value, "LEASE", token) == OK
        assert waiter.read().plain() == [b"hit", value, None, -1]


def test_release(target, connection):
    token = win(connection, "k")
    assert connection.call("LEASE", "RELEASE", "other", token).value == 0
    assert connection.call("LEASE", "RELEASE", "k", b"0" * 16).value == 0
    assert connection.call("LEASE", "RELEASE", "k", token.upper()).value == 1
    assert connection.call("LEASE", "RELEASE", "k", token).value == 0
    assert connection.call("SET", "k", "v", "LEASE", token) == Reply("nil-bulk")
    assert win(connection, "k") != token


@pytest.mark.parametrize(
    "line, error",
    [
        ("LEASE", "ERR wrong number of arguments for 'lease' command"),
        ("LEASE GET", "ERR wrong number of arguments for 'lease|get' command"),
        ("LEASE RELEASE k", "ERR wrong number of arguments for 'lease|release' command"),
        ("LEASE RELEASE k 0123456789abcdef x", "ERR wrong number of arguments for 'lease|release' command"),
        ("LEASE TAKE k", "ERR unknown subcommand 'TAKE'. Try LEASE HELP."),
        ("LEASE GET k TTL", "ERR syntax error"),
        ("LEASE GET k FOO 1", "ERR syntax error"),
        ("LEASE GET k TTL 1 TTL 2", "ERR syntax error"),
        ("LEASE GET k WAIT 1 WAIT 2", "ERR syntax error"),
        ("LEASE GET k TTL x", "ERR value is not an integer or out of range"),
        ("LEASE GET k WAIT 1.5", "ERR value is not an integer or out of range"),
        ("LEASE GET k TTL 0", "ERR lease TTL must be between 1 and 3600000 milliseconds"),
        ("LEASE GET k TTL -1", "ERR lease TTL must be between 1 and 3600000 milliseconds"),
        ("LEASE GET k TTL 3600001", "ERR lease TTL must be between 1 and 3600000 milliseconds"),
        ("LEASE GET k WAIT -1", "ERR lease WAIT must be between 0 and 3600000 milliseconds"),
        ("LEASE GET k TTL 5 WAIT 9223372036854775807", "ERR lease WAIT must be between 0 and 3600000 milliseconds"),
        ("LEASE RELEASE k 0123456789abcde", INVALID_TOKEN),
        ("LEASE RELEASE k 0123456789abcdeg", INVALID_TOKEN),
        ("LEASE RELEASE k 0123456789abcdef0", INVALID_TOKEN),
        ("SET k v LEASE", "ERR syntax error"),
        ("SET k v LEASE 12", INVALID_TOKEN),
        ("SET k v LEASE 0123456789abcdef LEASE 0123456789abcdef", "ERR syntax error"),
        ("SET k v GET LEASE 0123456789abcdef", "ERR syntax error"),
    ],
)
def test_wrong_forms(connection, line, error):
    assert connection.call(*line.split()) == Reply("error", error.encode())
    assert connection.call("EXISTS", "k").value == 0


def test_help_lists_the_subcommands(connection):
    text = b"\n".join(line.value for line in connection.call("LEASE", "HELP").value)
    assert b"GET key [TTL milliseconds] [WAIT milliseconds]" in text and b"RELEASE key token" in text


def test_the_limits_are_accepted(connection):
    win(connection, "k", "wait", 0, "ttl", 3_600_000)
    assert lease(connection, "k", "TTL", 1)[0] == b"wait"


# What voids


CHANGES = [
    "SET k w",
    "SET k w; DEL k",
    "SETEX k 10 w",
    "APPEND k w",
    "INCR k",
    "MSET k w",
    "SET o w; RENAME o k",
    "SET o w; COPY o k",
    "SET k w PXAT 1",
    "FLUSHDB",
    "FLUSHALL",
    "SWAPDB 0 1",
    "SWAPDB 1 0",
    "MULTI; SET k w; DEL k; EXEC",
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_voids(target, connection, change):
    token = win(connection, "k")
    with target.connect() as other:
        for command in change.split("; "):
            assert not other.call(*command.split()).is_error
    before = connection.call("GET", "k")
    assert connection.call("SET", "k", "v", "LEASE", token) == Reply("nil-bulk")
    assert connection.call("GET", "k") == before


@pytest.mark.parametrize("command", ["EXISTS k", "EXPIRE k 10", "PERSIST k", "GET k", "SET k w XX", "FLUSHDB in 1"])
def test_what_changes_nothing_does_not_void(target, connection, command):
    token = win(connection, "k")
    with target.connect() as other:
        if command.endswith("in 1"):
            assert other.call("SELECT", 1) == OK
        assert not other.call(*command.split()[:4] if not command.endswith("in 1") else ["FLUSHDB"]).is_error
    assert connection.call("SET", "k", "v", "LEASE", token) == OK


def test_conditions_come_before_the_lease(connection):
    token = win(connection, "k")
    assert connection.call("SET", "k", "v", "XX", "LEASE", token) == Reply("nil-bulk")
    assert connection.call("SET", "k", "v", "NX", "EX", 10, "LEASE", token) == OK
    assert connection.call("SET", "k", "v", "LEASE", token) == Reply("nil-bulk")


def test_a_token_is_for_one_key_of_one_database(target, connection):
    token = win(connection, "k")
    assert connection.call("SET", "l", "v", "LEASE", token) == Reply("nil-bulk")
    win(connection, "l")
    assert connection.call("SET", "l", "v", "LEASE", token) == Reply("nil-bulk")
    assert connection.call("SELECT", 1) == OK
    other = win(connection, "k")
    assert connection.call("SET", "k", "v", "LEASE", token) == Reply("nil-bulk")
    assert connection.call("SET", "k", "v1", "LEASE", other) == OK
    assert connection.call("SELECT", 0) == OK
    assert lease(connection, "k")[0] == b"wait"
    assert connection.call("SET", "k", "v0", "LEASE", token) == OK


def test_a_token_does_not_outlive_the_process():
    with Server() as first, first.connect() as connection:
        token = win(connection, "k")
    with Server() as second, second.connect() as connection:
        win(connection, "k")
        assert connection.call("SET", "k", "v", "LEASE", token) == Reply("nil-bulk")


def test_a_lease_that_ran_out_is_void(connection):
    token = win(connection, "k", "TTL", 1)
    assert wait_until(lambda: lease(connection, "k")[0] == b"win")
    assert connection.call("SET", "k", "v", "LEASE", token) == Reply("nil-bulk")
    assert connection.call("LEASE", "RELEASE", "k", token).value == 0


# Tags


@pytest.mark.parametrize("is_borne", [False, True])
@pytest.mark.parametrize("command", ["INVALIDATE", "STALE"])
def test_an_invalidation_of_a_tag_voids(target, connection, is_borne, command):
    if is_borne:
        assert connection.call("SET", "other", "v", "TAGS", 2, "t", "u") == OK
    token = win(connection, "k")
    with target.connect() as waiter:
        waiter.send("LEASE", "GET", "k", "WAIT", LONG)
        wait_for(target, 1)
        assert connection.call("TAG", command, "t").value == int(is_borne)
        assert connection.call("SET", "k", "v", "TAGS", 2, "s", "t", "LEASE", token) == Reply("nil-bulk")
        assert connection.call("EXISTS", "k").value == 0
        # The next one begins after the invalidation.
        state, _, token, _ = waiter.read().plain()
        assert state == b"win"
        assert waiter.call("SET", "k", "v", "TAGS", 2, "s", "t", "LEASE", token) == OK
    assert connection.call("TAG", "COUNT", "t").value == 1


@pytest.mark.parametrize("is_borne", [False, True])
def test_an_invalidation_of_another_tag_does_not_void(connection, is_borne):
    if is_borne:
        assert connection.call("SET", "other", "v", "TAGS", 1, "u") == OK
    token = win(connection, "k")
    assert not connection.call("TAG", "INVALIDATE", "u").is_error
    assert connection.call("SET", "k", "v", "TAGS", 1, "t", "LEASE", token) == OK
    assert connection.call("GET", "k").value == b"v"


def test_what_the_key_bore_before_voids(connection):
    assert connection.call("SET", "k", "v", "TAGS", 1, "t") == OK
    assert connection.call("TAG", "INVALIDATE", "t").value == 1
    token = win(connection, "k")
    assert connection.call("TAG", "INVALIDATE", "t").value == 0
    assert connection.call("SET", "k", "v", "TAGS", 1, "t", "LEASE", token) == Reply("nil-bulk")
    token = win(connection, "k")
    assert connection.call("SET", "k", "v", "TAGS", 1, "t", "LEASE", token) == OK
    assert lease(connection, "k")[:2] == [b"hit", b"v"]


# Stale values


def make_stale(connection, key, value, window=100):
    assert connection.call("SET", key, value, "PX", 1, "STALE", window) == OK
    assert wait_until(lambda: connection.call("EXISTS", key).value == 0)


def test_one_computes_while_the_others_get_the_stale_value(target, connection):
    make_stale(connection, "k", "old")
    state, value, token, remaining = lease(connection, "k")
    assert (state, value) == (b"win", b"old") and 90_000 < remaining <= 100_000
    with clients(target, 20) as others:
        for number, other in enumerate(others):
            other.send("LEASE", "GET", "k", *(("WAIT", LONG) if number % 2 else ()))

        def handle(_, reply):
            assert reply[:3] == [b"stale", b"old", None] and 90_000 < reply[3] <= 100_000

        read_all(others, handle)
    assert connection.call("GET", "k").kind == "nil-bulk"
    assert connection.call("SET", "k", "new", "LEASE", token) == OK
    assert lease(connection, "k") == [b"hit", b"new", None, -1]


def test_a_stale_value_does_not_outlive_a_deletion(connection):
    make_stale(connection, "k", "old")
    token = lease(connection, "k")[2]
    assert connection.call("FLUSHDB") == OK
    assert connection.call("SET", "k", "v", "LEASE", token) == Reply("nil-bulk")
    assert lease(connection, "k")[:2] == [b"win", None]


def test_the_end_of_the_window_does_not_void(connection):
    make_stale(connection, "k", "old", window=1)
    token = lease(connection, "k")[2]
    assert wait_until(lambda: connection.call("GETSTALE", "k").kind == "nil-array")
    assert connection.call("SET", "k", "v", "LEASE", token) == OK


# Early refresh


def test_one_client_is_elected_before_the_end():
    with Server(refresh_ahead=10_000) as server, server.connect() as connection:
        assert connection.call("CONFIG", "GET", "refresh-ahead").value[1].value == b"10000"
        token = win(connection, "first")
        time.sleep(0.05)
        # Computing takes 50 ms: a hundred times that ahead is 5 s on average.
        assert connection.call("SET", "first", "v", "LEASE", token) == OK
        assert connection.call("SET", "k", "old", "PX", 10_000) == OK
        replies = []
        assert wait_until(lambda: replies.append(lease(connection, "k")) or replies[-1][0] == b"win")
        state, value, token, remaining = replies.pop()
        assert value == b"old" and remaining > 0
        assert all(reply[:3] == [b"hit", b"old", None] for reply in replies)
        # The others read on.
        assert all(lease(connection, "k", "WAIT", LONG)[:2] == [b"hit", b"old"] for _ in range(100))
        assert connection.call("SET", "k", "new", "LEASE", token) == OK
        assert lease(connection, "k") == [b"hit", b"new", None, -1]


def test_without_refresh_ahead_nobody_is(connection):
    assert connection.call("SET", "k", "v", "PX", 5000) == OK
    states = {connection.call("LEASE", "GET", "k").value[0].value for _ in range(200)}
    assert states == {b"hit"}


# Bounds


def test_ten_thousand_leases_come_and_go(target, connection):
    with BoundedMemory(target, 8):
        tokens = set()
        for start in range(0, 10_000, 500):
            requests = [("LEASE", "GET", f"key:{number}", "TTL", 300) for number in range(start, start + 500)]
            tokens |= {reply.value[2].value for reply in connection.pipeline(*requests)}
        assert len(tokens) == 10_000
        assert wait_until(lambda: target.information("stats")["leases"] == "0")
