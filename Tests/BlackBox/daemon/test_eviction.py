"""The memory bound and the policies; with few entries LRU, LFU and FIFO are exact."""

import random

import pytest

from harness import SANITIZED, Server, wait_until

own = pytest.mark.own
POLICIES = ["allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu", "volatile-random",
            "volatile-ttl"]
OWN_POLICIES = ["allkeys-fifo", "volatile-fifo", "allkeys-s3fifo"]


def present(client):
    return b"".join(sorted(client.call("KEYS", "*").plain())).decode()


EXACT = [
    ("allkeys-lru", "set a, set b, set c, get a, set d", "acd"),
    ("allkeys-lru", "set a, set b, set c, set a, get b, set d", "abd"),
    ("allkeys-lru", "set a, set b, set c, get a, get b, get c, set d, set e", "cde"),
    ("allkeys-lfu", "set a, set b, set c, get a, get a, get a, get b, get b, get b, set d", "abd"),
    ("allkeys-fifo", "set a, set b, set c, get a, get a, set d", "bcd"),
    ("allkeys-fifo", "set a, set b, set c, set a, set d", "bcd"),
    ("allkeys-fifo", "set a, set b, set c, del a, set d, set e", "cde"),
    ("volatile-lru", "set a, tset b, tset c, get b, tset d", "abd"),
    ("volatile-fifo", "set a, tset b, tset c, get b, tset d", "acd"),
]


@own
@pytest.mark.parametrize("loops", [1, 2])
@pytest.mark.parametrize("policy, steps, expected", EXACT)
def test_three_entries(policy, steps, expected, loops):
    with Server(max_entries=3, maxmemory_policy=policy, loops=loops) as server, server.connect() as client:
        for step in steps.split(", "):
            verb, key = step.split()
            arguments = {"set": ("SET", key, "v"), "tset": ("SET", key, "v", "EX", 1000)}.get(verb, (verb, key))
            assert not client.call(*arguments).is_error
        assert present(client) == expected
        assert int(server.information("stats")["evicted_keys"]) >= 1


@own
def test_the_nearest_to_its_end_goes_first():
    with Server(max_entries=3, maxmemory_policy="volatile-ttl") as server, server.connect() as client:
        for key, seconds in (("a", 3000), ("b", 1000), ("c", 2000)):
            client.call("SET", key, "v", "EX", seconds)
        client.call("SET", "d", "v", "EX", 5000)
        assert present(client) == "acd"


@own
def test_noeviction_refuses():
    with Server(max_entries=3, maxmemory_policy="noeviction") as server, server.connect() as client:
        replies = client.pipeline(*[("SET", key, "v") for key in "abcd"])
        assert replies[3].value == b"OOM command not allowed when used memory > 'maxmemory'."
        assert present(client) == "abc"
        assert client.call("SET", "a", "new").value == b"OK"
        assert client.call("GET", "a").value == b"new"
        client.call("DEL", "a")
        assert client.call("SET", "d", "v").value == b"OK"


@own
def test_volatile_policies_refuse_when_nothing_is_volatile():
    with Server(max_entries=3, maxmemory_policy="volatile-lru") as server, server.connect() as client:
        replies = client.pipeline(*[("SET", key, "v") for key in "abcd"])
        assert replies[3].value.startswith(b"OOM ")
        assert present(client) == "abc"


def test_out_of_memory_text():
    with Server(maxmemory="3mb", maxmemory_policy="noeviction") as server, server.connect() as client:
        replies = client.pipeline(*[("SET", f"k{number}", "x" * 10_000) for number in range(600)])
        errors = {reply.value for reply in replies if reply.is_error}
        assert errors == {b"OOM command not allowed when used memory > 'maxmemory'."}
        assert client.call("GET", "k1").value == b"x" * 10_000
        assert client.call("DEL", "k1").value == 1


@pytest.mark.subset
@pytest.mark.parametrize("policy", POLICIES + [pytest.param(name, marks=own) for name in OWN_POLICIES])
def test_memory_is_bounded(policy):
    chooser = random.Random(7)
    bound = 24 << 20
    with Server(maxmemory=bound, maxmemory_policy=policy) as server, server.connect() as client:
        for _ in range(150):
            sizes = [chooser.choice([1, 50, 500, 5000, 50_000]) for _ in range(100)]
            expiry = ("EX", 10_000) if policy.startswith("volatile") else ()
            replies = client.pipeline(*[("SET", f"k{chooser.randrange(100_000)}", "x" * size, *expiry) for size in sizes])
            assert not [reply for reply in replies if reply.is_error]
        found = server.information("everything")
        assert int(found["evicted_keys"]) > 0
        assert int(found["used_memory"]) <= bound * 1.05
        # One default bound for all: the sum of what is stored, and a fixed part for the process.
        assert SANITIZED or server.resident_bytes() <= bound * 1.5 + (24 << 20)


@own
def test_growing_values_count():
    with Server(maxmemory="16mb", maxmemory_policy="allkeys-lru") as server, server.connect() as client:
        for number in range(64):
            client.call("APPEND", f"k{number % 8}", "x" * 1_000_000)
            client.call("SETRANGE", f"r{number % 8}", 500_000, "x")
        assert int(server.information("memory")["used_memory"]) <= 17 << 20


@own
def test_lowering_the_bound_evicts():
    with Server(maxmemory="64mb", maxmemory_policy="allkeys-lru") as server, server.connect() as client:
        client.pipeline(*[("SET", f"k{number}", "x" * 10_000) for number in range(3000)])
        client.call("CONFIG", "SET", "maxmemory", "8mb")
        assert wait_until(lambda: int(server.information("memory")["used_memory"]) <= 9 << 20)
        assert client.call("DBSIZE").value > 100
        server.assert_serves()


def test_frequency_needs_its_policy():
    with Server(maxmemory_policy="allkeys-lfu") as server, server.connect() as client:
        client.pipeline(("SET", "k", "v"), ("GET", "k"))
        assert client.call("OBJECT", "FREQ", "k").value >= 1
        assert client.call("OBJECT", "IDLETIME", "k").value.startswith(b"ERR An LFU maxmemory policy is selected")
