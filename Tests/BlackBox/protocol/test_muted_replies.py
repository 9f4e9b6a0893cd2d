"""CLIENT REPLY and commands that take several turns: a reply that comes all the same puts a client out of step."""

import pytest

from wire import PONG, encode

pytestmark = pytest.mark.subset
KEYS = 120_000


@pytest.fixture
def filled(target):
    with target.connect(timeout=30) as client:
        for start in range(0, KEYS, 10_000):
            client.call("MSET", *[word for number in range(start, start + 10_000) for word in (f"muted:{number}", "v")])
        yield client
        client.call("FLUSHALL")


LONG = [("KEYS", "*:x*"), ("FLUSHALL",), ("LCS", "a", "b")]


@pytest.mark.parametrize("command", LONG, ids=lambda command: command[0])
def test_off_mutes_them(filled, command):
    filled.call("MSET", "a", "ab" * 4000, "b", "ba" * 4000)
    filled.raw(encode("CLIENT", "REPLY", "OFF") + encode(*command) + encode("PING") + encode("CLIENT", "REPLY", "ON"))
    assert filled.read().value == b"OK"
    assert filled.call("PING") == PONG


@pytest.mark.parametrize("command", LONG, ids=lambda command: command[0])
def test_skip_mutes_one(filled, command):
    filled.call("MSET", "a", "ab" * 4000, "b", "ba" * 4000)
    filled.raw(encode("CLIENT", "REPLY", "SKIP") + encode(*command) + encode("ECHO", "after"))
    assert filled.read().value == b"after"
    assert filled.call("PING") == PONG
