"""What is counted of each rule: exact, whatever is done."""

import random

import pytest

from harness import Server, wait_until
from ruling import call, client, define, rule, server, text

pytestmark = pytest.mark.own


def test_counts_are_exact(client):
    define(client, "a k:* ttl 1000")
    define(client, "b q:*")
    client.pipeline(*[["SET", f"k:{index}", "x" * index] for index in range(100)])
    client.pipeline(*[["GET", f"k:{index}"] for index in range(150)])
    client.pipeline(*[["SET", f"q:{index}", "v"] for index in range(10)])
    call(client, "DEL q:0 q:1")
    facts = rule(client, "a")
    assert (facts["entries"], facts["hits"], facts["misses"], facts["writes"]) == (100, 100, 50, 100)
    assert rule(client, "b")["entries"] == 8
    total = sum(call(client, f"MEMORY USAGE k:{index}") for index in range(100))
    assert 0 < facts["bytes"] <= total
    info = text(client.call("INFO", "rules"))
    assert f"rule_a:entries=100,stale=0,bytes={facts['bytes']},hits=100,misses=50,writes=100" in info
    call(client, "PEXPIRE k:1 1")
    assert wait_until(lambda: rule(client, "a")["expirations"] == 1)
    assert rule(client, "a")["entries"] == 99
    call(client, "CONFIG RESETSTAT")
    facts = rule(client, "a")
    assert (facts["entries"], facts["hits"], facts["expirations"]) == (99, 0, 0)


def test_counts_follow_databases(client):
    define(client, "a k:*")
    for database in [0, 1, 2]:
        call(client, f"SELECT {database}")
        client.pipeline(*[["SET", f"k:{index}", "v"] for index in range(10)])
    assert rule(client, "a")["entries"] == 30
    call(client, "FLUSHDB")
    assert rule(client, "a")["entries"] == 20
    call(client, "SWAPDB 0 2")
    assert call(client, "MOVE k:1 9") == 1
    call(client, "SELECT 1")
    assert call(client, "MOVE k:1 9") == 0
    assert call(client, "MOVE k:3 9") == 1
    assert rule(client, "a")["entries"] == 20
    call(client, "RENAME k:2 other")
    assert rule(client, "a")["entries"] == 19
    call(client, "COPY other k:2")
    assert rule(client, "a")["entries"] == 20
    call(client, "FLUSHALL")
    facts = rule(client, "a")
    assert (facts["entries"], facts["bytes"]) == (0, 0)


def test_entries_are_exact_after_whatever_was_done(server):
    """Random commands in three databases; then each rule has as many entries as there are keys with its prefix."""
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    with server.connect() as client:
        define(client, "all *")
        define(client, "a a:* stale 1")
        define(client, "b b:* tags t1 tag-template b{1}")
        define(client, "c c:* max-value 50")
        key = lambda: f"{rng.choice('abcd')}:{rng.randrange(30)}"  # noqa: E731
        size = lambda: "x" * rng.choice([1, 30, 60, 300, 20_000])  # noqa: E731
        for _ in range(300):
            commands = [
                rng.choice(
                    [
                        lambda: ["SET", key(), size()],
                        lambda: ["SET", key(), size(), "TAGS", "2", "t1", "t2"],
                        lambda: ["SET", key(), size(), "PX", str(rng.randrange(1, 30))],
                        lambda: ["APPEND", key(), size()],
                        lambda: ["SET", key(), "1", "KEEPTTL"],
                        lambda: ["INCR", key()],
                        lambda: ["SETRANGE", key(), str(rng.randrange(100)), size()],
                        lambda: ["DEL", key(), key()],
                        lambda: ["RENAME", key(), key()],
                        lambda: ["COPY", key(), key(), "REPLACE"],
                        lambda: ["COPY", key(), key(), "DB", str(rng.randrange(3)), "REPLACE"],
                        lambda: ["MOVE", key(), str(rng.randrange(3))],
                        lambda: ["PERSIST", key()],
                        lambda: ["PEXPIRE", key(), str(rng.randrange(1, 30))],
                        lambda: ["TAG", "ADD", key(), "t3"],
                        lambda: ["TAG", "SET", key(), "t1"],
                        lambda: ["TAG", "INVALIDATE", f"t{rng.randrange(1, 4)}"] if rng.random() < 0.05 else ["GET", key()],
                        lambda: ["SWAPDB", str(rng.randrange(3)), str(rng.randrange(3))],
                        lambda: ["SELECT", str(rng.randrange(3))],
                        lambda: ["FLUSHDB"] if rng.random() < 0.05 else ["GET", key()],
                    ]
                )()
                for _ in range(50)
            ]
            client.pipeline(*commands)
        expected = dict.fromkeys(["a", "b", "c", "all"], 0)

        def is_exact():
            for name in expected:
                expected[name] = 0
            for database in range(3):
                call(client, f"SELECT {database}")
                for name in call(client, "KEYS *"):
                    expected[name[0] if name[0] in "abc" else "all"] += 1
            return all(rule(client, name)["entries"] == count for name, count in expected.items())

        # Entries past their deadline, and those that a tag has made void, go in the background.
        assert wait_until(is_exact), (seed, expected, [rule(client, name) for name in expected])
        call(client, "FLUSHALL")
        facts = [rule(client, name) for name in expected]
        assert all((fact["entries"], fact["stale"], fact["bytes"]) == (0, 0, 0) for fact in facts), (seed, facts)


def test_evictions_are_counted():
    with Server(max_entries=50, maxmemory_policy="allkeys-lru") as server, server.connect() as client:
        define(client, "a k:*")
        client.pipeline(*[["SET", f"k:{index}", "v"] for index in range(80)])
        facts = rule(client, "a")
        assert facts["entries"] + facts["evictions"] == 80
        assert facts["entries"] == call(client, "DBSIZE") <= 50


def test_a_number_is_not_reused_while_entries_bear_it(client):
    define(client, "a a:*")
    call(client, "SET a:1 v")
    call(client, "RULE DEL a")
    define(client, "b b:*")
    assert rule(client, "b")["entries"] == 0
    call(client, "GET a:1")
    assert rule(client, "b")["hits"] == 0
    define(client, "a c:*")
    assert rule(client, "a")["entries"] == 1
    # 255 rules, each with an entry, have all numbers.
    call(client, "FLUSHALL")
    call(client, "RULE DEL a")
    call(client, "RULE DEL b")
    for index in range(255):
        define(client, f"r{index} r{index}:*")
        client.call("SET", f"r{index}:", "v")
    reply = client.call("RULE", "SET", "more", "*")
    assert "there are 255 rules already" in text(reply)
    call(client, "RULE DEL r0")
    reply = client.call("RULE", "SET", "more", "*")
    assert "bear all 255 numbers" in text(reply)
    call(client, "DEL r0:")
    define(client, "more *")
