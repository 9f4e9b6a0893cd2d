"""Announced lengths, slow and silent peers, floods: rows P4, P5, P7, C16, G1-G3 and R1-R8."""

import resource
import socket
import threading
import time

import pytest

from harness import BoundedMemory, Server, wait_until
from wire import PONG, Closed, Connection, Hung, encode

pytestmark = pytest.mark.subset
OPTIONS = {"maxclients": 1000}


@pytest.mark.stricter
def test_announced_lengths_allocate_nothing(target):
    """P4, P7: 300 connections announce 512 MB or a million arguments each."""
    heads = [b"*2147483647\r\n", b"*1048577\r\n", b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\n", b"*1\r\n$100000000\r\n"]
    clients = []
    with BoundedMemory(target, megabytes=24):
        for number in range(300):
            clients.append(target.connect())
            clients[-1].raw(heads[number % len(heads)])
        target.assert_serves()
    for client in clients:
        client.close()


def test_half_a_frame_then_the_end(target):
    with BoundedMemory(target, megabytes=16):
        for data in (b"*", b"*2\r\n", b"*2\r\n$3\r\nGE", b"*2\r\n$3\r\nGET\r\n$5\r\nab", b"GET", b'GET "a'):
            for _ in range(20):
                with target.connect() as client:
                    client.raw(data)
        target.assert_serves()


def test_half_close_gets_its_replies(target):
    """R5"""
    with target.connect() as client:
        client.raw(encode("ECHO", "x" * 100_000) * 20)
        client.socket.shutdown(socket.SHUT_WR)
        assert len(client.read_until_closed()) == 20 * len(b"$100000\r\n" + b"x" * 100_000 + b"\r\n")


def test_a_slow_reader_hurts_only_itself(target):
    """R1: 64 MB of replies that nobody reads; others are answered and memory stays bounded."""
    target.call("SET", "big", "x" * 1_000_000)
    with BoundedMemory(target, megabytes=128), target.connect(timeout=2, receive_buffer_bytes=4096) as slow:
        try:
            for _ in range(100):
                slow.raw(encode("GET", "big") * 10)
        except (Closed, Hung):
            pass
        start = time.monotonic()
        for _ in range(50):
            assert target.call("PING") == PONG
        assert time.monotonic() - start < 20


def test_a_pipeline_larger_than_all_buffers(target):
    """Writer and reader at once: 100,000 commands, every reply in order."""
    count = 100_000
    with target.connect() as client:
        data = b"".join(encode("ECHO", number) for number in range(count))
        writer = threading.Thread(target=client.raw, args=(data,))
        writer.start()
        assert all(client.read().value == b"%d" % number for number in range(count))
        writer.join()


def test_connections_that_reset_mid_reply(target):
    target.call("SET", "big", "x" * 500_000)
    before = target.descriptor_count()
    with BoundedMemory(target, megabytes=64):
        for _ in range(100):
            client = target.connect()
            client.raw(encode("GET", "big") * 5)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
        target.assert_serves()
        assert wait_until(lambda: target.descriptor_count() <= before + 2)


def test_a_storm_of_kills(target):
    """C10: connections under load kill each other and everybody; two-phase close or a crash."""
    stop, errors = threading.Event(), []

    def churn(number):
        while not stop.is_set():
            try:
                with target.connect() as client:
                    identity = client.call("CLIENT", "ID").value
                    client.pipeline(("SET", "k", "v" * 1000), ("MULTI",), ("GET", "k"), ("WATCH", "k"), ("EXEC",))
                    kill = [("CLIENT", "KILL", "TYPE", "normal"), ("CLIENT", "KILL", "ID", identity + 1),
                            ("CLIENT", "KILL", "ID", identity - 1, "SKIPME", "no"), ("CLIENT", "LIST")][number % 4]
                    client.pipeline(("GET", "k"), kill, ("GET", "k"))
            except (Closed, OSError):
                pass
            except Exception as error:
                errors.append(error)

    threads = [threading.Thread(target=churn, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    stop.wait(4)
    stop.set()
    for thread in threads:
        thread.join()
    assert not errors, errors[:3]
    target.assert_serves()
    assert wait_until(lambda: len(target.call("CLIENT", "LIST").value.splitlines()) == 1)


def test_a_storm_of_connections(target):
    """R8"""
    before = target.descriptor_count()
    for _ in range(2000):
        socket.create_connection(target.address).close()
    target.assert_serves()
    assert wait_until(lambda: target.descriptor_count() <= before + 2)


def test_maxclients():
    """R6: the text, the count, and room again once a client has gone."""
    with Server(maxclients=20) as server:
        clients = []
        while len(clients) < 40:
            clients.append(server.connect())
            try:
                if clients[-1].call("PING") != PONG:
                    break
            except Closed:
                break
        assert 15 <= len(clients) <= 21
        with server.connect() as refused:
            assert refused.read_until_closed() == b"-ERR max number of clients reached\r\n"
        assert int(dict(line.split(":") for line in clients[0].call("INFO", "stats").value.decode().split("\r\n")
                        if ":" in line)["rejected_connections"]) >= 1
        for client in clients:
            client.close()
        assert wait_until(lambda: server.call("PING") == PONG)


def test_timeout_closes_idle_connections():
    with Server(timeout=1) as server, server.connect() as idle:
        idle.call("PING")
        assert idle.is_closed_by_peer(5)
        server.assert_serves()


def test_few_descriptors():
    """R7: accepting fails with EMFILE; afterwards the listener still works."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, limits[1]))
    try:
        server = Server().start()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    with_all = []
    try:
        for _ in range(200):
            with_all.append(socket.create_connection(server.address))
        time.sleep(0.3)
        for client in with_all:
            client.close()
        assert wait_until(lambda: serves(server))
    finally:
        server.stop()


def serves(server):
    try:
        return server.call("PING") == PONG
    except (Closed, OSError):
        return False


@pytest.mark.parametrize("data, text", [
    (b"*11\r\n", b"unauthenticated multibulk length"), (b"*2\r\n$4\r\nAUTH\r\n$16385\r\n", b"unauthenticated bulk length"),
])
def test_limits_before_authentication(data, text):
    """P5"""
    with Server(requirepass="secret") as server, server.connect() as client:
        client.raw(data)
        assert client.read_until_closed() == b"-ERR Protocol error: " + text + b"\r\n"
        with server.connect() as other:
            assert other.call("PING").value == b"NOAUTH Authentication required."
            assert other.call("AUTH", "secret").value == b"OK"
            assert other.call("EXISTS", *"abcdefghijklmno").value == 0
            assert other.call("ECHO", "x" * 20_000).value == b"x" * 20_000


@pytest.mark.stricter
def test_a_flood_before_authentication():
    """R1, CVE-2025-21605: errors nobody reads may not pile up."""
    with Server(requirepass="secret") as server, BoundedMemory(server, megabytes=16):
        clients = [server.connect(timeout=0.5, receive_buffer_bytes=4096) for _ in range(20)]
        for client in clients:
            try:
                client.raw(encode("GET", "k") * 50_000)
            except (Closed, Hung):
                pass
        for client in clients:
            client.close()
        assert server.call("AUTH", "secret").value == b"OK"


@pytest.mark.parametrize("line", [b"POST / HTTP/1.1", b"Host: localhost", b"post / http/1.1"])
def test_http_is_dropped(target, line):
    """X1, CVE-2016-10517"""
    target.call("SET", "canary", "alive")
    with target.connect() as client:
        client.raw(line + b"\r\nHost: localhost:6379\r\n\r\n" + b"DEL canary\r\n")
        assert b"+" not in client.read_until_closed()
    assert target.call("GET", "canary").value == b"alive"


@pytest.mark.stricter
@pytest.mark.parametrize("verb", [b"GET", b"PUT", b"DELETE", b"HEAD", b"OPTIONS"])
def test_other_http_is_dropped_too(target, verb):
    target.call("SET", "canary", "alive")
    with target.connect() as client:
        client.raw(verb + b" / HTTP/1.1\r\nDEL canary\r\n\r\n")
        client.read_until_closed()
    assert target.call("GET", "canary").value == b"alive"


@pytest.mark.parametrize("data", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b"SSH-2.0-OpenSSH_9.2\r\n",
                                  b"get key\r\nset k 0 0 1\r\nx\r\n", bytes(range(256)) * 64])
def test_other_protocols(target, data):
    """X2, X3"""
    with BoundedMemory(target, megabytes=8), target.connect(timeout=1) as client:
        try:
            client.raw(data)
            client.read()
        except (Closed, Hung):
            pass
        target.assert_serves()


@pytest.mark.parametrize("pattern", [b"a*" * 50 + b"b", b"*?" * 50_000, b"*b" * 100_000, b"[" * 1000, b"\\" * 1001, b"[a-" * 500])
def test_patterns_cost_little(target, pattern):
    """G1, G2: neither exponential time nor deep recursion (CVE-2022-36021, CVE-2024-31228)."""
    target.call("SET", b"a" * 100, "v")
    target.call("SET", b"ab" * 2000, "v")
    with target.connect(timeout=5) as client:
        for command in (("KEYS", pattern), ("SCAN", 0, "MATCH", pattern, "COUNT", 1000), ("CONFIG", "GET", pattern)):
            client.call(*command)
    target.assert_serves()
