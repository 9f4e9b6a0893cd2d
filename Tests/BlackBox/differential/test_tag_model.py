"""Random SET, TAG, INVALIDATE, EXPIRE, RENAME and FLUSH over several connections at once, each reply judged by a model.

Each connection has keys of its own, so it knows what was written; tags and flushes are everybody's. An invalidation has a number
from the moment it is sent. A value may be returned unless an invalidation of one of its tags was acknowledged before the GET was sent
that was sent after the value's SET was acknowledged; it may be missing only if one could have come in between. In the end the index
and the memory must be exact.

`BLACKBOX_SEED` repeats the commands of a run, `BLACKBOX_TAG_OPERATIONS` sets their number.
"""

import os
import random
import threading
from collections import Counter

import pytest

from harness import Server, wait_until
from wire import encode

pytestmark = pytest.mark.own

OPERATIONS = int(os.environ.get("BLACKBOX_TAG_OPERATIONS", "60000"))
SEED = int(os.environ.get("BLACKBOX_SEED", random.SystemRandom().randrange(1 << 32)))
CONNECTIONS = 4
BATCH = 40
TAGS = [f"t{number}" for number in range(12)]
#: What a flush invalidates: every entry bears it.
ALL = "*"


class Board:
    """How many invalidations of each tag were sent and acknowledged, by all connections."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent, self.acknowledged, self.latest = Counter(), Counter(), Counter()

    def send(self, tag):
        with self.lock:
            self.sent[tag] += 1
            return tag, self.sent[tag]

    def acknowledge(self, numbers):
        with self.lock:
            for tag, number in numbers:
                self.acknowledged[tag] += 1
                self.latest[tag] = max(self.latest[tag], number)

    def look(self):
        with self.lock:
            return Counter(self.sent), Counter(self.acknowledged), Counter(self.latest)


class Value:
    """A value that a key may have."""

    def __init__(self, text, tags, before):
        self.text, self.tags = text, {*tags, ALL}
        #: Invalidations that were acknowledged when it was being sent; that were sent when it was acknowledged, once it was.
        self.before, self.after = before, None
        self.is_dead = False

    def copy(self):
        other = Value(self.text, self.tags, self.before)
        other.after, other.is_dead = self.after, self.is_dead
        return other


class Worker(threading.Thread):
    def __init__(self, number, server, board):
        super().__init__()
        self.random = random.Random(SEED + number)
        self.number, self.board = number, board
        self.connection = server.connect(timeout=60)
        self.keys = [f"w{number}:{index}" for index in range(150)]
        self.model, self.serial, self.failure = {}, 0, None

    def run(self):
        try:
            for _ in range(OPERATIONS // CONNECTIONS // BATCH):
                self.batch()
        except Exception as error:  # the main thread shows it
            self.failure = error

    def batch(self):
        plans = [self.plan() for _ in range(BATCH)]
        _, acknowledged, latest = self.board.look()
        numbers = [self.board.send(tag) for _, _, tags in plans for tag in tags]
        self.connection.raw(b"".join(encode(*words) for words, _, _ in plans))
        fresh = []
        checks = []
        for words, judge, tags in plans:
            reply = self.connection.read()
            assert not reply.is_error or words[0] == "RENAME", (words, reply)
            for tag in tags:
                for value in self.model.values():
                    value.is_dead = value.is_dead or tag in value.tags
            judge(reply, acknowledged, latest, fresh, checks)
        self.board.acknowledge(numbers)
        sent, _, _ = self.board.look()
        for value in fresh:
            value.after = sent
        for check in checks:
            check(sent)

    def plan(self):
        """(words, what judges the reply, tags that are invalidated)"""
        key, kind = self.random.choice(self.keys), self.random.random()
        tags = self.random.sample(TAGS, self.random.randint(0, 3))
        if kind < 0.40:
            return ["GET", key], self.judge_get(key), []
        if kind < 0.70:
            self.serial += 1
            text = f"{key}#{self.serial}"
            words = ["SET", key, text, *(["TAGS", len(tags), *tags] if tags else [])]
            return words, self.judge_set(key, text, tags), []
        if kind < 0.80 and tags:
            return ["TAG", "ADD", key, *tags], self.judge_add(key, tags), []
        if kind < 0.86:
            key, target = self.random.sample(self.keys, 2)
            if self.random.random() < 0.5:
                return ["RENAME", key, target], self.judge_rename(key, target), []
            return ["COPY", key, target, "REPLACE"], self.judge_copy(key, target), []
        if kind < 0.92:
            lifetime = self.random.choice([0, 10_000_000])
            return ["PEXPIRE", key, lifetime], self.judge_expire(key, lifetime), []
        if kind < 0.995 or self.number:
            tag = self.random.choice(TAGS)
            return ["TAG", "INVALIDATE", tag], lambda *_: None, [tag]
        return ["FLUSHDB"], lambda *_: None, [ALL]

    def judge_get(self, key):
        def judge(reply, acknowledged, latest, fresh, checks):
            value = self.model.get(key)
            if reply.value is None:
                if value is not None and not value.is_dead:
                    # May an invalidation have hit it? Those sent until now are known when the batch is over.
                    checks.append(lambda sent: self.expect_hit(key, value, sent))
                    value.is_dead = True
                return
            assert value is not None and reply.value == value.text.encode(), (key, reply, value and value.text)
            assert not value.is_dead, f"{key}: a value is read that was invalidated before"
            if value.after is not None:
                late = [tag for tag in value.tags if latest[tag] > value.after[tag]]
                assert not late, f"{key}: a value is read after {late} were invalidated"
        return judge

    def expect_hit(self, key, value, sent):
        assert any(sent[tag] > value.before[tag] for tag in value.tags), f"{key}: a value is gone that nobody invalidated"

    def judge_set(self, key, text, tags):
        def judge(reply, acknowledged, latest, fresh, checks):
            self.model[key] = Value(text, tags, acknowledged)
            fresh.append(self.model[key])
        return judge

    def judge_add(self, key, tags):
        def judge(reply, acknowledged, latest, fresh, checks):
            value = self.model.get(key)
            if reply.value == -2 or value is None:
                assert value is not None or reply.value == -2
                self.model.pop(key, None)
                return
            assert not value.is_dead
            if reply.value > 0:
                # From here on older invalidations do not count.
                value = value.copy()
                value.after = None
                value.tags |= set(tags)
                value.before = Counter({tag: min(value.before[tag], acknowledged[tag]) for tag in value.tags})
                self.model[key] = value
                fresh.append(value)
        return judge

    def judge_copy(self, key, target):
        def judge(reply, acknowledged, latest, fresh, checks):
            if reply.value in (1, b"OK"):
                assert key in self.model and not self.model[key].is_dead
                self.model[target] = self.model[key].copy()
                if self.model[key].after is None:
                    fresh.append(self.model[target])
            else:
                self.model.pop(key, None)
        return judge

    def judge_rename(self, key, target):
        copy = self.judge_copy(key, target)

        def judge(*arguments):
            copy(*arguments)
            self.model.pop(key, None)
        return judge

    def judge_expire(self, key, lifetime):
        def judge(reply, acknowledged, latest, fresh, checks):
            if reply.value == 0 or lifetime == 0:
                self.model.pop(key, None)
        return judge


def test_random_operations_against_a_model():
    print(f"BLACKBOX_SEED={SEED}")
    with Server() as server, server.connect(timeout=60) as client:
        client.call("SET", "x", "v", "TAGS", 1, "warm")
        client.call("FLUSHALL", "SYNC")
        before = used_memory(client)
        board = Board()
        workers = [Worker(number, server, board) for number in range(CONNECTIONS)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
            worker.connection.close()
        for worker in workers:
            if worker.failure:
                raise AssertionError(f"BLACKBOX_SEED={SEED}") from worker.failure
        check_index(client)
        client.call("FLUSHALL", "SYNC")
        wait_until(lambda: field(client, "stats", "tags") == 0)
        # Stripes' maps and slots stay, and connections' buffers come and go.
        assert used_memory(client) - before < 300_000


def field(client, section, name):
    for line in client.call("INFO", section).value.decode().splitlines():
        if line.startswith(name + ":"):
            return int(line.split(":")[1])
    raise AssertionError(f"no {name}")


def used_memory(client):
    return field(client, "memory", "used_memory")


def check_index(client):
    """Counts and lists of tags are what the keys say."""
    keys = [item.value for item in client.call("KEYS", "*").value]
    assert client.call("DBSIZE").value == len(keys)
    bearers = {tag: set() for tag in TAGS}
    for key in keys:
        for tag in client.call("TAG", "GET", key).value:
            bearers[tag.value.decode()].add(key)
    for tag in TAGS:
        assert client.call("TAG", "COUNT", tag).value == len(bearers[tag]), tag
        assert {item.value for item in client.call("TAG", "KEYS", tag).value} == bearers[tag]
