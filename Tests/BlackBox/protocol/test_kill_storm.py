"""CLIENT KILL in every state a connection can be in: row C10.

Closing another connection while a list of connections is walked was a use after free in others
(CVE-2026-56684, CVE-2026-81934); here every loop closes its own, later. Worth the most with a sanitized
binary: the thread and the address sanitizer both end the process at the first report, and the harness
reads its log.
"""

import random
import threading
import time

import pytest

from harness import SANITIZED, Server, wait_until
from wire import PONG, BadReply, Closed, Hung, encode

pytestmark = pytest.mark.subset
SECONDS = 8 if SANITIZED else 4


@pytest.mark.stricter
def test_kills_its_own_connection_inside_multi(target):
    """EXEC's reply comes, then the end; what follows in the same packet is not run. Redis 7.0 stops in the middle of it."""
    with target.connect() as client:
        target.call("SET", "k", "untouched")
        identity = client.call("CLIENT", "ID").value
        client.raw(
            encode("MULTI") + encode("CLIENT", "KILL", "ID", identity, "SKIPME", "no") + encode("INCR", "n")
            + encode("EXEC") + encode("SET", "k", "changed"))
        replies = [client.read() for _ in range(4)]
        assert [reply.value for reply in replies[:3]] == [b"OK", b"QUEUED", b"QUEUED"]
        assert replies[3].plain()[0] == 1 and len(replies[3].value) == 2
        assert client.read_until_closed() == b""
    assert target.call("GET", "k").value == b"untouched"
    target.call("DEL", "n")


def test_kills_itself_in_the_old_form(target):
    with target.connect() as client:
        host, port = client.socket.getsockname()
        client.raw(encode("CLIENT", "KILL", f"{host}:{port}") + encode("PING"))
        assert client.read().value == b"OK"
        assert client.read_until_closed() == b""


@pytest.mark.parametrize("step", [1, -1])
def test_kills_the_neighbour_in_the_walk(target, step):
    """Each of thirty connections kills the one that came after (or before) it, all at the same time."""
    clients = [target.connect() for _ in range(30)]
    identities = [client.call("CLIENT", "ID").value for client in clients]
    for client, identity in zip(clients, identities):
        client.raw(encode("CLIENT", "KILL", "ID", identity + step, "SKIPME", "no") + encode("PING"))
    for client in clients:
        try:
            client.read_until_closed() if client.is_closed_by_peer(0.1) else None
        except (Closed, Hung):
            pass
        client.close()
    assert wait_until(lambda: len(target.call("CLIENT", "LIST").value.splitlines()) == 1)


def test_kills_one_whose_reply_is_half_written(target):
    target.call("SET", "big", b"x" * 8_000_000)
    descriptors = target.descriptor_count()
    for _ in range(10):
        with target.connect(receive_buffer_bytes=4096) as slow, target.connect() as killer:
            identity = slow.call("CLIENT", "ID").value
            slow.raw(encode("GET", "big") * 3)
            assert wait_until(lambda: b"cmd=get" in killer.call("CLIENT", "LIST", "ID", identity).value)
            assert killer.call("CLIENT", "KILL", "ID", identity).value == 1
            # The entry that its replies refer to goes in the same moment.
            killer.call("SET", "big", b"y" * 8_000_000)
            assert slow.is_closed_by_peer()
    target.call("DEL", "big")
    assert wait_until(lambda: target.descriptor_count() <= descriptors + 1)


def test_kills_those_that_a_pause_holds(target):
    with target.connect() as killer:
        held = [target.connect() for _ in range(10)]
        identities = [client.call("CLIENT", "ID").value for client in held]
        assert killer.call("CLIENT", "PAUSE", 60_000, "WRITE").value == b"OK"
        for client in held:
            client.raw(encode("SET", "paused", "v") + encode("GET", "paused"))
        for identity in identities[::2]:
            assert killer.call("CLIENT", "KILL", "ID", identity).value == 1
        assert killer.call("CLIENT", "UNPAUSE").value == b"OK"
        for number, client in enumerate(held):
            if number % 2 == 0:
                assert client.is_closed_by_peer()
            else:
                assert client.read().value == b"OK" and client.read().value == b"v"
            client.close()


class Storm:
    """Threads that talk, kill and are killed until the time is over. What is random is printed."""

    def __init__(self, server, seed):
        self.server, self.seed = server, seed
        self.deadline = time.monotonic() + SECONDS
        self.errors = []

    def run(self):
        threads = [threading.Thread(target=self.work, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not self.errors, (self.seed, self.errors[:3])

    def work(self, number):
        chance = random.Random(self.seed * 1000 + number)
        while time.monotonic() < self.deadline:
            try:
                with self.server.connect(receive_buffer_bytes=chance.choice([None, 4096])) as client:
                    self.talk(client, chance)
            except (Closed, OSError):
                pass
            except (BadReply, Hung, AssertionError, ValueError) as error:
                self.errors.append(error)

    def talk(self, client, chance):
        identity = client.call("CLIENT", "ID").value
        steps = [self.load, self.transaction, self.half_read, self.pause, self.kill, self.kill, self.monitor]
        for step in chance.choices(steps, k=4):
            step(client, identity, chance)

    def load(self, client, _, chance):
        commands = [("SET", f"k{chance.randrange(8)}", "v" * chance.choice([10, 1000, 40_000])) for _ in range(20)]
        client.pipeline(*commands, *[("GET", f"k{number}") for number in range(8)])

    def transaction(self, client, identity, chance):
        client.pipeline(
            ("WATCH", "k0", "k1"), ("MULTI",), ("GET", "k0"), ("CLIENT", "LIST"), self.victim(identity, chance),
            ("SET", "k1", "w"), ("EXEC",))

    def half_read(self, client, *_):
        client.raw(encode("GET", "k2") * 200)

    def pause(self, client, *_):
        client.raw(encode("CLIENT", "PAUSE", 5, "WRITE") + encode("SET", "k3", "p"))

    def monitor(self, client, *_):
        client.raw(encode("MONITOR"))

    def kill(self, client, identity, chance):
        client.raw(encode("GET", "k4") + encode(*self.victim(identity, chance)) + encode("GET", "k4"))

    def victim(self, identity, chance):
        return chance.choice([
            ("CLIENT", "KILL", "ID", identity + 1),
            ("CLIENT", "KILL", "ID", identity - 1, "SKIPME", "no"),
            ("CLIENT", "KILL", "ID", identity, "SKIPME", "no"),
            ("CLIENT", "KILL", "TYPE", "normal"),
            ("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "no"),
            ("CLIENT", "INFO"),
        ])


@pytest.mark.parametrize("loops", [1, 4])
def test_a_storm(loops):
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    options = {"loops": loops} if Server().kind == "nearcached" else {}
    with Server(**options) as server:
        before = server.descriptor_count()
        Storm(server, seed).run()
        server.assert_serves()
        assert wait_until(lambda: len(server.call("CLIENT", "LIST").value.splitlines()) == 1)
        assert wait_until(lambda: server.descriptor_count() <= before)
        with server.connect() as client:
            assert client.call("CLIENT", "UNPAUSE").value == b"OK"
            assert client.call("SET", "k", "v").value == b"OK" and client.call("PING") == PONG


@pytest.mark.own
def test_a_storm_of_evictions():
    """The same, with clients closed for the memory they take at any moment."""
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")
    with Server(maxmemory="200mb", maxmemory_clients="256kb", loops=4) as server:
        Storm(server, seed).run()
        server.assert_serves()
        assert int(server.information("stats")["evicted_clients"]) > 0
