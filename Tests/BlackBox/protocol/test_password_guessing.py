"""Guessing passwords: row R12. Failures cost time, and only the one who fails."""

import time

import pytest

from harness import Server, wait_until
from wire import PONG, Hung, encode

pytestmark = [pytest.mark.own, pytest.mark.subset]
WRONG = b"WRONGPASS invalid username-password pair or user is disabled."
FREE_FAILURES = 5


@pytest.fixture
def server():
    with Server(requirepass="secret") as started:
        yield started


def fail(client, count=1):
    for _ in range(count):
        assert client.call("AUTH", "wrong").value == WRONG


def delayed(server):
    with server.connect() as client:
        client.call("AUTH", "secret")
        text = client.call("INFO", "stats").value.decode()
    return int(text.split("acl_delayed_auth_replies:")[1].split()[0])


def test_the_first_failures_are_answered_at_once(server):
    with server.connect() as client:
        fail(client, FREE_FAILURES)
    assert delayed(server) == 0


def test_later_ones_wait_longer_and_longer(server):
    """Counted over the connections of one address; never asserted to the millisecond, only that more is not less."""
    with server.connect() as client:
        fail(client, FREE_FAILURES)
    waits = []
    for _ in range(4):
        with server.connect() as client:
            start = time.monotonic()
            fail(client)
            waits.append(time.monotonic() - start)
    assert delayed(server) == 4
    assert waits[3] > waits[0] and waits[3] > 1, waits


def test_nobody_else_waits(server):
    with server.connect() as guesser, server.connect() as other, server.connect(timeout=0.5) as probe:
        fail(guesser, FREE_FAILURES + 4)
        guesser.send("AUTH", "wrong")
        with pytest.raises(Hung):
            probe.read()
        # From the same address: the right password, and commands, are answered at once.
        assert other.call("AUTH", "secret").value == b"OK"
        assert other.call("PING") == PONG
        assert guesser.read().value == WRONG


def test_nothing_is_read_or_run_before_the_reply(server):
    with server.connect() as client:
        fail(client, FREE_FAILURES)
        client.raw(encode("AUTH", "wrong") + encode("AUTH", "secret") + encode("SET", "k", "v"))
        assert client.read().value == WRONG
        assert client.read().value == b"OK" and client.read().value == b"OK"


def test_hello_counts_as_well(server):
    with server.connect() as client:
        fail(client, FREE_FAILURES - 1)
        assert client.call("HELLO", 3, "AUTH", "default", "wrong").value == WRONG
        assert client.call("HELLO", 3, "AUTH", "default", "wrong").value == WRONG
    assert delayed(server) == 1


def test_a_guesser_that_leaves_or_is_left(server):
    """Held replies of connections that close, or that a stopping server still has, do no harm."""
    clients = [server.connect() for _ in range(20)]
    for client in clients:
        client.raw(encode("AUTH", "wrong") * 2)
    for client in clients[:10]:
        client.close()
    assert wait_until(lambda: delayed(server) > 0)
    start = time.monotonic()
    server.signal(15)
    assert server.wait() == 0
    assert time.monotonic() - start < 20
