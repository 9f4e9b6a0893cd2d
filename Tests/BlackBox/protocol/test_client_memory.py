"""`maxmemory-clients`: what all clients together may take, rows R9, C14 and C15."""

import re

import pytest

from harness import BoundedMemory, Server, wait_until
from wire import Closed, Hung, encode

MEGABYTE = b"x" * (1 << 20)
LIMIT = 14 << 20

# What a buffer counts for is each server's own affair.
pytestmark = [pytest.mark.own, pytest.mark.subset]


@pytest.fixture
def server():
    with Server(maxmemory="500mb", maxmemory_clients=LIMIT) as started:
        yield started


def evicted(server):
    return int(server.information("stats")["evicted_clients"])


def send_half(client, megabytes):
    """A request that stays unfinished: as many megabytes of it are held for the client, unless it is closed for them."""
    try:
        client.raw(b"*2\r\n$3\r\nGET\r\n$100000000\r\n" + MEGABYTE * megabytes)
    except Closed:
        pass


def total_of(server, identity):
    line = server.call("CLIENT", "LIST", "ID", identity).value.decode()
    return int(re.search(r"tot-mem=(\d+)", line).group(1))


def queue(client, commands):
    client.call("MULTI")
    for command in commands:
        client.call(*command)


def fill_query_buffer(client):
    send_half(client, 6)


def fill_queue(client):
    queue(client, [("SET", "k", MEGABYTE)] * 6)


def fill_watches(client):
    for start in range(6):
        client.call("WATCH", *[b"%d:%d:" % (start, number) + b"k" * 500 for number in range(1000)])


def fill_replies(client):
    client.call("SET", "reply", "y" * 1000)
    client.raw(encode("GET", "reply") * 6000)


@pytest.mark.parametrize("fill", [fill_query_buffer, fill_queue, fill_watches])
def test_what_counts(server, fill):
    """Each way of making the server hold something is seen in tot-mem, and gone with the connection."""
    with server.connect() as client:
        identity = client.call("CLIENT", "ID").value
        fill(client)
        assert wait_until(lambda: 5 << 20 < total_of(server, identity) < 16 << 20), total_of(server, identity)
        assert int(server.information("memory")["mem_clients_normal"]) > 5 << 20
    assert wait_until(lambda: int(server.information("memory")["mem_clients_normal"]) < 1 << 20)


def test_arguments_announced_and_received_count():
    """The parser's own notes of a long request: sixteen bytes for each of its arguments of six."""
    with Server() as server, server.connect() as client:
        identity = client.call("CLIENT", "ID").value
        client.raw(b"*1000000\r\n" + b"$0\r\n\r\n" * 500_000)
        assert wait_until(lambda: total_of(server, identity) > 500_000 * (6 + 16)), total_of(server, identity)


def test_the_largest_goes_first(server):
    with server.connect() as small, server.connect() as middle, server.connect() as large:
        # Buffers grow by doubling: sizes that are not of one power of two.
        send_half(middle, 3)
        send_half(large, 7)
        small.call("SET", "k", "v")
        send_half(small, 3)
        assert large.is_closed_by_peer()
        middle.raw(b"x")
        small.raw(b"x")
        assert evicted(server) == 1
        assert not middle.is_closed_by_peer(0.3) and not small.is_closed_by_peer(0.3)


@pytest.mark.parametrize("fill", [fill_query_buffer, fill_queue, fill_watches])
def test_every_kind_is_evicted(server, fill):
    with server.connect() as first, server.connect() as second, server.connect() as third:
        fill(first)
        try:
            fill(second)
            fill(third)
        except Closed:
            pass
        assert wait_until(lambda: evicted(server) >= 1)
        server.assert_serves()


def test_replies_that_wait_count(server):
    """Not read at all, they are more than the sockets take."""
    with server.connect(timeout=2, receive_buffer_bytes=4096) as client:
        try:
            for _ in range(20):
                fill_replies(client)
        except (Closed, Hung):
            pass
        assert wait_until(lambda: evicted(server) == 1)


def test_no_evict_is_honoured(server):
    """Redis counts a protected client's memory against all others; here it is nobody's."""
    with server.connect() as protected, server.connect() as other:
        assert protected.call("CLIENT", "NO-EVICT", "ON").value == b"OK"
        send_half(protected, 20)
        assert wait_until(lambda: int(server.information("memory")["mem_clients_normal"]) > 20 << 20)
        assert not protected.is_closed_by_peer(0.5)
        send_half(other, 20)
        assert other.is_closed_by_peer()
        assert evicted(server) == 1
        protected.raw(b"x" * (100_000_000 - (20 << 20)) + b"\r\n" + encode("CLIENT", "NO-EVICT", "OFF"))
        assert protected.read().kind == "nil-bulk" and protected.read().value == b"OK"
        send_half(protected, 20)
        assert protected.is_closed_by_peer()


def test_a_limit_set_at_run_time():
    with Server(maxmemory="500mb", maxmemory_clients=0) as server, server.connect() as client:
        send_half(client, 20)
        assert wait_until(lambda: int(server.information("memory")["mem_clients_normal"]) > 20 << 20)
        assert evicted(server) == 0
        assert server.call("CONFIG", "SET", "maxmemory-clients", LIMIT).value == b"OK"
        assert client.is_closed_by_peer()
        assert evicted(server) == 1
        server.call("CONFIG", "RESETSTAT")
        assert evicted(server) == 0


def test_a_percentage_is_one_of_maxmemory():
    with Server(maxmemory="1000mb", maxmemory_clients="10%") as server, server.connect() as client:
        assert client.call("CONFIG", "GET", "maxmemory-clients").plain() == [b"maxmemory-clients", b"10%"]
        send_half(client, 80)
        assert wait_until(lambda: int(server.information("memory")["mem_clients_normal"]) > 80 << 20)
        assert not client.is_closed_by_peer(0.3)
        assert server.call("CONFIG", "SET", "maxmemory", "500mb").value == b"OK"
        assert client.is_closed_by_peer()
        for value in ("101%", "0%", "-1%", "x%", "%", "10 %"):
            assert server.call("CONFIG", "SET", "maxmemory-clients", value).is_error, value


def test_the_default_bounds_a_flood():
    """R9: many clients, each far below its own limits."""
    with Server() as server, BoundedMemory(server, megabytes=160):
        clients = [server.connect() for _ in range(60)]
        for client in clients:
            send_half(client, 8)
        assert wait_until(lambda: evicted(server) >= 40)
        server.assert_serves()
        for client in clients:
            client.close()


def test_a_million_small_commands_are_bounded_too():
    """C14: what queued commands take is not their text but the records of them."""
    with Server(maxmemory_clients=0) as server, server.connect() as client, BoundedMemory(server, megabytes=200):
        client.call("MULTI")
        refused = 0
        for _ in range(40):
            client.raw(encode("PING") * 50_000)
            refused += sum(client.read().is_error for _ in range(50_000))
        assert refused > 0
        assert client.call("EXEC").value.startswith(b"EXECABORT ")


def test_watching_many_keys_is_quick():
    """C15: each is looked up among those before it."""
    keys = [b"%d" % number for number in range(20_000)]
    with Server() as server, server.connect(timeout=20) as client:
        for start in range(0, 4):
            client.call("WATCH", *[b"%d:" % start + key for key in keys])
        assert client.call("WATCH", *keys[:10], *keys[:10]).value == b"OK"
        clients = server.information("clients")
        assert clients["watching_clients"] == "1" and clients["total_watched_keys"] == "80010"
        client.call("UNWATCH")
        clients = server.information("clients")
        assert clients["watching_clients"] == "0" and clients["total_watched_keys"] == "0"


def test_the_largest_recent_buffers(server):
    with server.connect() as client, server.connect(receive_buffer_bytes=4096) as slow:
        send_half(client, 3)
        assert wait_until(lambda: int(server.information("clients")["client_recent_max_input_buffer"]) >= 3 << 20)
        slow.call("SET", "reply", "y" * 10_000)
        slow.raw(encode("GET", "reply") * 600)
        assert wait_until(lambda: int(server.information("clients")["client_recent_max_output_buffer"]) > 100_000)
