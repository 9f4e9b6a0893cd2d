"""The same random commands to the target and to redis-server, every reply compared.

`BLACKBOX_SEED` repeats a run, `BLACKBOX_OPERATIONS` sets its length.
"""

import os
import random

import pytest

from wire import Reply, encode

OPERATIONS = int(os.environ.get("BLACKBOX_OPERATIONS", "20000"))
SEED = int(os.environ.get("BLACKBOX_SEED", random.SystemRandom().randrange(1 << 32)))
BATCH = 50

KEYS = [f"k{number}" for number in range(8)]
VALUES = ["", "v", "hello", "10", "-7", "3.5", "9223372036854775807", "-9223372036854775808", "x" * 44, "y" * 45,
          "z" * 300, b"\x00\xff\r\n", "0", "01", " 1", "foobar"]
INTEGERS = ["0", "1", "-1", "2", "5", "-5", "100", "9223372036854775807", "-9223372036854775808", "abc", "", "1.5"]
# Redis saturates the least of all upwards when it is SET: a subtraction overflows there.
BITFIELD_INTEGERS = [number for number in INTEGERS if number != "-9223372036854775808"]
OFFSETS = ["0", "1", "3", "7", "8", "100", "-1", "-2", "-100", "abc"]
SECONDS = ["100", "1000", "0", "-1", "abc", "9223372036854775807"]
MILLISECONDS = ["100000", "1000000", "0", "-1"]
TYPES = ["u8", "i8", "u1", "i5", "u16", "i64", "u63", "u64", "x"]


class Generator:
    """Random commands over a few keys; times are far off or past, so that no reply depends on speed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.families = [(weight, getattr(self, name)) for name, weight in
                         [("string", 10), ("counter", 6), ("span", 5), ("bits", 5), ("keyspace", 8), ("expiry", 7),
                          ("many", 4), ("database", 1), ("transaction", 4), ("bad", 2)]]

    def pick(self, values):
        return self.random.choice(values)

    def key(self):
        return self.pick(KEYS)

    def some(self, values, least=0):
        return self.random.sample(values, self.random.randint(least, min(3, len(values))))

    def command(self):
        weights, makers = zip(*self.families)
        return [str(word) if not isinstance(word, bytes) else word
                for word in self.random.choices(makers, weights)[0]()]

    def time_option(self):
        return self.pick([[], [], ["EX", self.pick(SECONDS)], ["PX", self.pick(MILLISECONDS)], ["EXAT", "33177117420"],
                          ["PXAT", "33177117420123"], ["KEEPTTL"], ["PXAT", "1"]])

    def string(self):
        options = self.some(["NX", "XX", "GET"]) if self.random.random() < 0.4 else []
        return self.pick([
            lambda: ["SET", self.key(), self.pick(VALUES), *options, *self.time_option()],
            lambda: ["GET", self.key()], lambda: ["GETSET", self.key(), self.pick(VALUES)],
            lambda: ["GETDEL", self.key()], lambda: ["SETNX", self.key(), self.pick(VALUES)],
            lambda: ["SETEX", self.key(), self.pick(SECONDS), self.pick(VALUES)],
            lambda: ["APPEND", self.key(), self.pick(VALUES)], lambda: ["STRLEN", self.key()],
            lambda: ["GETEX", self.key(), *self.pick([[], ["PERSIST"], ["EX", "100"], ["EXAT", "33177117420"]])],
            lambda: ["LCS", self.key(), self.key(), *self.pick([[], ["LEN"], ["IDX"], ["IDX", "WITHMATCHLEN"]])],
        ])()

    def counter(self):
        return self.pick([
            lambda: ["INCR", self.key()], lambda: ["DECR", self.key()],
            lambda: ["INCRBY", self.key(), self.pick(INTEGERS)], lambda: ["DECRBY", self.key(), self.pick(INTEGERS)],
            # Eighths are exact in double and in long double.
            lambda: ["INCRBYFLOAT", self.pick(["f0", "f1"]), self.pick(["0.5", "1.25", "-3", "2.125", "abc", "1000"])],
        ])()

    def span(self):
        return self.pick([
            lambda: ["GETRANGE", self.key(), self.pick(OFFSETS), self.pick(OFFSETS)],
            lambda: ["SETRANGE", self.key(), self.pick(OFFSETS), self.pick(VALUES)],
        ])()

    def bits(self):
        unit = self.pick([[], ["BYTE"], ["BIT"]])
        return self.pick([
            lambda: ["SETBIT", self.key(), self.pick(OFFSETS), self.pick("0012")],
            lambda: ["GETBIT", self.key(), self.pick(OFFSETS)],
            lambda: ["BITOP", self.pick(["AND", "OR", "XOR", "NOT"]), self.key(), *self.some(KEYS, 1)],
            lambda: ["BITFIELD", self.key(), "OVERFLOW", self.pick(["WRAP", "SAT", "FAIL"]),
                     self.pick(["SET", "INCRBY"]), self.pick(TYPES), self.pick(["0", "#1", "5"]), self.pick(BITFIELD_INTEGERS)],
            # Over keys that exist alone: what 7.0 says of missing ones with wrong arguments has changed since.
            lambda: ["BITCOUNT", "bits", self.pick(["0", "1", "-2"]), self.pick(["-1", "3", "100"]), *unit],
            lambda: ["BITPOS", "bits", self.pick("01"), self.pick(["0", "1", "-2"]), self.pick(["-1", "3"]), *unit],
            lambda: ["SETBIT", "bits", self.random.randrange(200), self.pick("01")],
        ])()

    def key_pair(self):
        return [self.key(), self.key()]

    def key_options(self):
        return self.pick([[], ["REPLACE"], ["DB", "1"], ["DB", "1", "REPLACE"]])

    def keyspace(self):
        return self.pick([
            lambda: ["RENAME", *self.key_pair()], lambda: ["RENAMENX", *self.key_pair()],
            lambda: ["COPY", *self.key_pair(), *self.key_options()], self.key_command,
            lambda: ["KEYS", self.pick(["*", "k[0-3]", "k?", "none"])],
        ])()

    def key_words(self):
        return self.pick(["DEL", "UNLINK", "EXISTS", "TOUCH"])

    def many(self):
        pairs = [word for key in self.some(KEYS, 1) for word in (key, self.pick(VALUES))]
        return self.pick([lambda: ["MSET", *pairs], lambda: ["MSETNX", *pairs], lambda: ["MGET", *self.some(KEYS, 1)],
                          lambda: [self.key_words(), *self.some(KEYS, 1)]])()

    def key_command(self):
        # Not OBJECT ENCODING: an integer stays one when SETBIT finds the bit as it is to be.
        return ["TYPE", self.key()]

    def database(self):
        return self.pick([["SELECT", "0"], ["SELECT", "0"], ["SELECT", "1"], ["SWAPDB", "0", "1"], ["FLUSHDB"],
                          # Not DBSIZE: in Redis it counts what is past its deadline until that is swept.
                          ["SELECT", "99"], ["MOVE", self.key(), "1"]])

    def transaction(self):
        return self.pick([["MULTI"], ["EXEC"], ["EXEC"], ["DISCARD"], ["WATCH", self.key()], ["UNWATCH"]])

    def bad(self):
        command = self.pick([self.string, self.counter, self.span, self.many])()
        return self.pick([lambda: command[:-1], lambda: [*command, "extra"], lambda: ["NOSUCH", *command]])()

    def expiry(self):
        return self.pick([
            lambda: ["EXPIRE", self.key(), self.pick(SECONDS), *self.some(["NX", "XX", "GT", "LT"])],
            lambda: ["PEXPIRE", self.key(), self.pick(MILLISECONDS)],
            lambda: ["EXPIREAT", self.key(), "33177117420", *self.some(["NX", "XX", "GT", "LT"])[:1]],
            lambda: ["TTL", self.key()], lambda: ["PTTL", self.key()], lambda: ["PERSIST", self.key()],
            lambda: [self.pick(["EXPIRETIME", "PEXPIRETIME"]), self.key()],
        ])()


def tolerance(command):
    name = command[0].upper()
    if name in ("TTL", "EXPIRETIME"):
        return 3
    if name in ("PTTL", "PEXPIRETIME"):
        return 3000
    return 0


def agree(left, right, distance):
    if left.kind != right.kind:
        return False
    if left.kind == "integer":
        return abs(left.value - right.value) <= distance
    if isinstance(left.value, tuple) and len(left.value) == len(right.value):
        pairs = zip(left.value, right.value)
        if left.kind == "map":
            return all(agree(*pair, distance) for entry in pairs for pair in zip(*entry))
        return all(agree(*pair, distance) for pair in pairs)
    return left == right


def ordered(reply):
    """Replies of KEYS come in any order, also inside EXEC."""
    if reply.kind == "array" and all(isinstance(element, Reply) for element in reply.value):
        inner = tuple(map(ordered, reply.value))
        return Reply("array", tuple(sorted(inner, key=repr)) if all(e.kind == "bulk" for e in inner) else inner)
    return reply


def dump(client):
    """Everything stored: values, and whether they expire."""
    state = {}
    for database in (0, 1):
        client.call("SELECT", database)
        for key in sorted(client.call("KEYS", "*").plain()):
            state[database, key] = (client.call("GET", key).value, client.call("TTL", key).value > 0)
    return state


@pytest.mark.subset
@pytest.mark.parametrize("version", [2, 3])
def test_random_commands(target, reference, version):
    generator = Generator(SEED + version)
    print(f"BLACKBOX_SEED={SEED} protocol {version}")
    done = []
    with target.connect() as ours, reference.connect() as theirs:
        for client in (ours, theirs):
            client.hello(version)
            client.call("FLUSHALL")
            client.call("SET", "bits", "seed")
        for _ in range(OPERATIONS // BATCH):
            commands = [generator.command() for _ in range(BATCH)]
            replies = [client.pipeline(*commands) for client in (ours, theirs)]
            for command, left, right in zip(commands, *replies):
                done.append(command)
                # EXEC's reply may hold times: the widest tolerance applies, to times alone.
                distance = 3000 if command[0] == "EXEC" else tolerance(command)
                left, right = (ordered(reply) for reply in (left, right))
                assert agree(left, right, distance), (
                    f"seed {SEED}, protocol {version}, after {len(done)} commands: {command!r}\n"
                    f"target {left}\nreference {right}\nbefore it {done[-12:-1]}"
                )
        for client in (ours, theirs):
            client.call("DISCARD")
        assert dump(ours) == dump(theirs)


def fill(client, count, chooser):
    """Values of every encoding; returns what is stored."""
    stored = {}
    for number in range(count):
        value = chooser.choice([b"%d" % chooser.randrange(-(1 << 40), 1 << 40), b"-128", b"127", b"32768", b"2147483648",
                                b"9223372036854775807", b"", b"ab" * 5000, bytes(chooser.randrange(256) for _ in range(70)),
                                bytes(chooser.randrange(256) for _ in range(20_000)), b"0" * 64, b"a" * 16384, b"00123"])
        stored[b"d%d" % number] = value
        client.call("SET", b"d%d" % number, value)
    return stored


@pytest.mark.parametrize("direction", ["target to reference", "reference to target"])
def test_dump_and_restore_across(target, reference, direction):
    chooser = random.Random(SEED)
    print(f"BLACKBOX_SEED={SEED}")
    source, sink = (target, reference) if direction.startswith("target") else (reference, target)
    with source.connect() as giver, sink.connect() as taker:
        for client in (giver, taker):
            client.call("FLUSHALL")
        for key, value in fill(giver, 200, chooser).items():
            payload = giver.call("DUMP", key).value
            assert taker.call("RESTORE", key, 0, payload).value == b"OK"
            assert taker.call("GET", key).value == value
            assert taker.call("RESTORE", key, 0, payload).value == b"BUSYKEY Target key name already exists."
        assert taker.call("RESTORE", "r", 100_000, payload, "REPLACE").value == b"OK"
        assert 90 < taker.call("TTL", "r").value <= 100
        assert taker.call("RESTORE", "r", 33177117420123, payload, "ABSTTL", "REPLACE").value == b"OK"
        assert taker.call("PEXPIRETIME", "r").value == 33177117420123
        assert taker.call("RESTORE", "past", 1, payload, "ABSTTL").value == b"OK"
        assert taker.call("EXISTS", "past").value == 0


RESTORE_ERRORS = [("0",), ("-1",), ("abc",), ("0", "FOO"), ("0", "IDLETIME"), ("0", "IDLETIME", "-1"), ("0", "FREQ", "256"),
                  ("0", "FREQ", "5"), ("0", "IDLETIME", "5"), ("0", "IDLETIME", "5", "FREQ", "5"), ("0", "ABSTTL"),
                  ("1", "ABSTTL"), ("0", "replace"), ("99999999999", "absttl", "replace")]


@pytest.mark.parametrize("words", RESTORE_ERRORS)
def test_restore_options(target, reference, words):
    replies = []
    for server in (target, reference):
        with server.connect() as client:
            client.call("FLUSHALL")
            client.call("SET", "k", "value")
            payload = client.call("DUMP", "k").value
            replies.append([client.call("RESTORE", "l", words[0], payload, *words[1:]), client.call("GET", "l"),
                            client.call("RESTORE", "k", words[0], payload, *words[1:])])
    assert replies[0] == replies[1]


@pytest.mark.subset
def test_damaged_payloads_are_refused(connection):
    """C9: every byte flipped, every length cut: an error, never a crash or a wrong value."""
    wrong = b"ERR DUMP payload version or checksum are wrong"
    for value in (b"value", b"12345", b"ab" * 200):
        connection.call("SET", "k", value)
        payload = connection.call("DUMP", "k").value
        damaged = [payload[:cut] for cut in range(len(payload))]
        damaged += [payload[:at] + bytes([payload[at] ^ bit]) + payload[at + 1 :] for at in range(len(payload)) for bit in (1, 128)]
        connection.raw(b"".join(encode("RESTORE", "l", 0, data, "REPLACE") for data in damaged))
        for data in damaged:
            assert connection.read().value == wrong, data
        assert connection.call("EXISTS", "l").value == 0
