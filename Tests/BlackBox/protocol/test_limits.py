"""Limits on what one client may make the server hold: rows P6, C4, C14, R1, R2 and R3."""

import pytest

from harness import BoundedMemory, Server, wait_until
from wire import PONG, Closed, Hung, encode

MEGABYTE = b"x" * (1 << 20)


def test_output_limit_closes_the_client():
    """R2: one reply above the hard limit ends this client and nobody else."""
    limit = "normal 2mb 0 0"
    with Server(client_output_buffer_limit=limit.split()) as server, server.connect() as client, server.connect() as other:
        client.call("SET", "big", MEGABYTE)
        with BoundedMemory(server, megabytes=64):
            client.raw(encode("MGET", *["big"] * 50))
            assert len(client.read_until_closed()) < 50 << 20
            assert other.call("PING") == PONG
        # Redis 7.0 does not count them yet.
        assert server.kind == "redis" or int(server.information("stats")["client_output_buffer_limit_disconnections"]) >= 1


def test_output_within_the_limit_arrives():
    with Server(client_output_buffer_limit="normal 8mb 4mb 60".split()) as server, server.connect() as client:
        client.call("SET", "big", MEGABYTE)
        assert len(client.call("MGET", "big", "big", "big").value) == 3


@pytest.mark.stricter
@pytest.mark.subset
def test_normal_clients_are_capped_by_default(target):
    """R1: 512 MB of replies asked for and none read: either not read from, or closed, never held."""
    target.call("SET", "big", MEGABYTE)
    with BoundedMemory(target, megabytes=100), target.connect(timeout=2, receive_buffer_bytes=4096) as slow:
        try:
            for _ in range(512):
                slow.raw(encode("GET", "big"))
        except (Closed, Hung):
            pass
        target.assert_serves()


def test_a_slow_reader_still_gets_everything():
    """Back-pressure loses nothing: what was asked for comes, in order, once the client reads."""
    with Server() as server, server.connect(receive_buffer_bytes=4096) as client:
        client.call("SET", "value", b"y" * 100_000)
        commands = b"".join(encode("ECHO", number) + encode("GET", "value") for number in range(100))
        client.raw(commands)
        for number in range(100):
            assert client.read().value == b"%d" % number
            assert client.read().value == b"y" * 100_000


def test_query_buffer_limit():
    """C14: what one client sends without an end."""
    with Server(client_query_buffer_limit="2mb") as server, server.connect(timeout=5) as client:
        with BoundedMemory(server, megabytes=32):
            try:
                client.raw(b"*2\r\n$3\r\nGET\r\n$100000000\r\n" + MEGABYTE * 20)
            except (Closed, Hung):
                pass
            assert client.is_closed_by_peer()
        server.assert_serves()


@pytest.mark.own
def test_queued_commands_are_bounded():
    """C14: a transaction that never ends. What does not fit is refused, and with it the whole."""
    with Server(client_query_buffer_limit="4mb") as server, server.connect() as client:
        with BoundedMemory(server, megabytes=48):
            with BoundedMemory(server, megabytes=160):
                client.call("MULTI")
                replies = [client.call("SET", "k", MEGABYTE) for _ in range(80)]
            assert replies[0].value == b"QUEUED"
            assert replies[-1].is_error
            assert client.call("EXEC").value.startswith(b"EXECABORT ")
        server.assert_serves()
        assert server.call("EXISTS", "k").value == 0


def test_bulk_length_parameter():
    """P6, C4: the limit holds for what is sent and for what grows."""
    with Server(proto_max_bulk_len="1mb") as server, server.connect() as client:
        assert client.call("SET", "k", MEGABYTE).value == b"OK"
        with server.connect() as other:
            other.raw(b"*2\r\n$3\r\nGET\r\n$1048577\r\n")
            assert other.read_until_closed() == b"-ERR Protocol error: invalid bulk length\r\n"
        too_long = b"ERR string exceeds maximum allowed size (proto-max-bulk-len)"
        assert client.call("APPEND", "k", "x").value == too_long
        assert client.call("SETRANGE", "k", 1 << 20, "x").value == too_long
        assert client.call("STRLEN", "k").value == 1 << 20


@pytest.mark.stricter
@pytest.mark.parametrize("data", [b"", b"*2\r\n$4\r\nAUTH\r\n$6\r\nsec"])
def test_silence_before_authentication(data):
    """R3: the first command within ten seconds."""
    with Server(requirepass="secret") as server, server.connect() as client:
        client.raw(data)
        assert client.is_closed_by_peer(15)
        with server.connect() as other:
            assert other.call("AUTH", "secret").value == b"OK"


def test_idle_clients_stay_by_default(target):
    """`timeout 0`: pools keep their connections."""
    with target.connect() as client:
        client.call("PING")
        assert not client.is_closed_by_peer(1.5)
        assert client.call("PING") == PONG


@pytest.mark.subset
def test_many_connections(target):
    clients = [target.connect() for _ in range(500)]
    for client in clients:
        client.send("INCR", "n")
    assert sorted(client.read().value for client in clients) == list(range(1, 501))
    for client in clients:
        client.close()
    assert wait_until(lambda: len(target.call("CLIENT", "LIST").value.splitlines()) == 1)


@pytest.mark.subset
@pytest.mark.parametrize("size", [0, 1, 16_383, 16_384, 16_385, 65_535, 65_536, 1 << 20, 8 << 20])
def test_values_of_every_size(connection, size):
    """Sixteen kibibytes is where values begin to be sent by reference."""
    value = bytes(number & 0xFF for number in range(256)) * (size // 256 + 1)
    value = value[:size]
    assert connection.call("SET", "k", value).value == b"OK"
    replies = connection.pipeline(("GET", "k"), ("SET", "k", "new"), ("GET", "k"), ("SET", "k", value), ("GETDEL", "k"))
    assert [reply.value for reply in replies] == [value, b"OK", b"new", b"OK", value]


def test_a_value_sent_by_reference_outlives_its_deletion(target, connection):
    """The reply is under way to a reader that waits, while the entry is overwritten and deleted."""
    old, new = b"o" * 3_000_000, b"n" * 3_000_000
    connection.call("SET", "k", old)
    with target.connect(receive_buffer_bytes=4096) as slow:
        slow.raw(encode("GET", "k") * 3)
        assert wait_until(lambda: b"cmd=get" in target.call("CLIENT", "LIST").value)
        for _ in range(5):
            connection.call("SET", "k", new)
            connection.call("DEL", "k")
        connection.call("FLUSHALL")
        # Whole values or nil, never a mixture.
        assert all(slow.read().value in (old, new, None) for _ in range(3))
