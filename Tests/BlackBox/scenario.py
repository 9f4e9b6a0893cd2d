r'''Scenarios: one line of commands, run on the target and the reference, replies compared.

    SCENARIOS = """
    SET k v; GET k
    SET k v PX 100000; [near 2000] PTTL k
    WATCH k; 2: SET k other; MULTI; GET k; EXEC
    SET k v IFEQ v => OK; GET k => "v"
    """

Commands are parted by `;`, words by blanks. `"..."` holds blanks and the escapes \xHH \r \n \t \" \\;
`{x*1000}` repeats. `2:` in front uses a second connection. A note in brackets says how to compare:

    [any]        not at all            [shape]      types, down to the elements
    [kind]       the outer type only   [unordered]  elements in any order
    [near N]     integers N apart      [names]      the names of a map (or of name, value, name, value)
    [prefix]     a text's first word

Of names those that are ours alone do not count.

`@sleep 0.1` waits. With ` => ` the reply expected stands in the line and the reference is not asked in
the whole scenario: `OK`, `+text`, `-error text` (a final `*` for any rest), `:1`, `"bulk"`, `nil`,
`nil-array`, `[a, b]`, `?` for anything.
'''

import re
import time
from typing import NamedTuple

import pytest

from harness import KIND
from wire import SLOWNESS, Reply

TOKEN = re.compile(
    rb"""\s*(?: (?P<end>;) | (?P<arrow>=>\s*(?P<expected>(?:"(?:\\.|[^"\\])*"|[^;"])*)) | (?P<note>\[[a-z]+(?:\s\d+)?\](?=\s))
    | (?P<quoted>"(?:\\.|[^"\\])*") | (?P<repeat>\{[^{}]*\*\d+\}) | (?P<word>[^\s;]+) )""",
    re.VERBOSE,
)
ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
OWN_NAMES = (b"nearcached_version",)
ESCAPED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0"}


class Step(NamedTuple):
    arguments: list
    connection: int
    note: str
    expected: bytes | None


def unescape(quoted):
    """The bytes of a quoted word."""
    return ESCAPE.sub(
        lambda match: bytes([int(match[1][1:], 16)]) if len(match[1]) == 3 else ESCAPED.get(match[1], match[1]),
        quoted[1:-1],
    )


def parse(line):
    """The steps of a scenario's line."""
    steps, data, position = [], line.strip().encode("utf-8"), 0
    words, connection, note, expected = [], 1, "", None
    while position < len(data):
        match = TOKEN.match(data, position)
        assert match, f"cannot read {data[position:]!r}"
        position = match.end()
        if match["end"]:
            steps.append(Step(words, connection, note, expected))
            words, connection, note, expected = [], 1, "", None
        elif match["arrow"]:
            expected = match["expected"].strip()
        elif match["note"] and not words:
            note = match["note"][1:-1].decode()
        elif match["quoted"]:
            words.append(unescape(match["quoted"]))
        elif match["repeat"]:
            text, count = match["repeat"][1:-1].rsplit(b"*", 1)
            words.append(text * int(count))
        elif not words and match["word"] and re.fullmatch(rb"\d:", match["word"]):
            connection = int(match["word"][:1])
        else:
            words.append(match["word"] or match["note"])
    if words:
        steps.append(Step(words, connection, note, expected))
    return steps


def lines_of(text):
    """The scenarios of a table; blank lines and lines that begin with `#` are for the reader."""
    return [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]


def scenarios(text):
    """A decorator that runs a test for every line of the table, with RESP2 and RESP3."""

    def decorate(function):
        lines = lines_of(text)
        names = [re.sub(r"[^\x21-\x7e]+", " ", line)[:90] for line in lines]
        return pytest.mark.parametrize("version", [2, 3])(pytest.mark.parametrize("line", lines, ids=names)(function))

    return decorate


class Player:
    """Runs the steps of one scenario on one server."""

    def __init__(self, server, version):
        self.server, self.version, self.connections = server, version, {}
        with server.connect() as connection:
            connection.call("FLUSHALL")

    def close(self):
        for connection in self.connections.values():
            connection.close()

    def connection(self, number):
        if number not in self.connections:
            self.connections[number] = self.server.connect()
            if self.version == 3:
                self.connections[number].hello(3)
        return self.connections[number]

    def play(self, step):
        if step.arguments[0] == b"@sleep":
            return time.sleep(float(step.arguments[1]))
        return self.connection(step.connection).call(*step.arguments)


def run(line, version, target, reference):
    """Plays the scenario and asserts that every reply is right."""
    steps = parse(line)
    is_documented = any(step.expected is not None for step in steps)
    if is_documented and KIND == "redis":
        pytest.skip("differs from Redis 7.0")
    players = [Player(target, version)] + ([] if is_documented else [Player(reference, version)])
    try:
        for step in steps:
            replies = [player.play(step) for player in players]
            if step.arguments[0] == b"@sleep":
                continue
            shown = b" ".join(step.arguments)[:200]
            if step.expected is not None:
                assert matches(replies[0], step.expected.decode()), f"{shown!r}: {replies[0]}, expected {step.expected}"
            elif not is_documented:
                assert same(*replies, step.note), f"{shown!r}: target {replies[0]}, reference {replies[1]}"
    finally:
        for player in players:
            player.close()


def shape(reply):
    """The reply's types without its values."""
    if isinstance(reply.value, tuple):
        return Reply(reply.kind, tuple(shape(element) if isinstance(element, Reply) else tuple(map(shape, element))
                                       for element in reply.value))
    return Reply(reply.kind)


def names(reply):
    """The names of a map, or of the flat array that RESP2 makes of it."""
    if not isinstance(reply.value, tuple):
        return reply
    found = [key for key, _ in reply.value] if reply.kind == "map" else reply.value[::2]
    return (reply.kind, sorted(str(name.value) for name in found if name.value not in OWN_NAMES))


def near(left, right, distance):
    if left.kind != right.kind:
        return False
    if left.kind == "integer":
        return abs(left.value - right.value) <= distance
    if isinstance(left.value, tuple):
        return len(left.value) == len(right.value) and all(near(*pair, distance) for pair in zip(left.value, right.value))
    return left == right


def same(left, right, note):
    """Whether the two replies agree as far as the note asks."""
    if note == "any":
        return True
    if note == "kind":
        return left.kind == right.kind
    if note == "shape":
        return shape(left) == shape(right)
    if note == "names":
        return names(left) == names(right)
    if note.startswith("near"):
        return near(left, right, int(note.split()[1]) * SLOWNESS)
    if note == "unordered" and isinstance(left.value, tuple) and isinstance(right.value, tuple):
        return left.kind == right.kind and sorted(map(repr, left.value)) == sorted(map(repr, right.value))
    if note == "prefix":
        return left.kind == right.kind and left.value.split()[:1] == right.value.split()[:1]
    return left == right


def matches(reply, expected):
    """Whether the reply is what the text after `=>` says."""
    value = reply.value.decode("latin-1") if isinstance(reply.value, bytes) else reply.value
    if expected == "?":
        return True
    if expected == "OK":
        return reply == ("simple", b"OK")
    if expected == "nil":
        return reply.kind in ("nil-bulk", "null")
    if expected == "nil-array":
        return reply.kind in ("nil-array", "null")
    if expected.startswith(":"):
        return reply.kind == "integer" and value == int(expected[1:])
    if expected.startswith('"'):
        return reply.kind == "bulk" and reply.value == unescape(expected.encode())
    if expected[:1] in "+-":
        if reply.kind != {"+": "simple", "-": "error"}[expected[0]]:
            return False
        return value.startswith(expected[1:-1]) if expected.endswith("*") else value == expected[1:]
    if expected.startswith("["):
        inner = [part.strip() for part in expected[1:-1].split(",")] if expected != "[]" else []
        return reply.kind == "array" and len(inner) == len(reply.value) and all(map(matches, reply.value, inner))
    raise AssertionError(f"cannot read the expectation {expected!r}")
