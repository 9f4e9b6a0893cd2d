"""Announced lengths, slow and silent peers, floods: rows P4, P5, P7, G1-G3 and R1-R8."""

import os
import resource
import socket
import threading
import time
from pathlib import Path

import pytest

from harness import SLOWNESS, BoundedMemory, Server, wait_until
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


def processor_seconds(server):
    fields = Path(f"/proc/{server.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_few_descriptors():
    """R7: accepting fails with EMFILE. Meanwhile nothing spins and who is there is served, afterwards everybody."""
    with Server() as server, server.connect() as client:
        client.call("PING")
        limits = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (server.descriptor_count() + 10, limits[1]))
        waiting = [socket.create_connection(server.address) for _ in range(100)]
        before = processor_seconds(server)
        for _ in range(20):
            assert client.call("PING") == PONG
            time.sleep(0.05)
        if server.kind == "nearcached":
            assert processor_seconds(server) - before < 0.5 * SLOWNESS, "a busy loop"
            assert server.log().count("Accepting no connections") == 1, "one line, not one for every try"
        for one in waiting:
            one.close()
        assert wait_until(lambda: serves(server))


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


@pytest.mark.parametrize("pattern", [b"a*" * 50 + b"b", b"*?" * 50_000, b"*b" * 100_000, b"[" * 1000, b"\\" * 1001, b"[a-" * 500])
def test_patterns_cost_little(target, pattern):
    """G1, G2: neither exponential time nor deep recursion (CVE-2022-36021, CVE-2024-31228)."""
    target.call("SET", b"a" * 100, "v")
    target.call("SET", b"ab" * 2000, "v")
    with target.connect(timeout=5) as client:
        for command in (("KEYS", pattern), ("SCAN", 0, "MATCH", pattern, "COUNT", 1000), ("CONFIG", "GET", pattern)):
            client.call(*command)
    target.assert_serves()
