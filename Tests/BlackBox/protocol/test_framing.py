"""Malformed framing, reachable before authentication: rows P1 to P17 of the catalogue of bad input.

After every case a new connection is served and memory has not grown.
"""

import pytest

from harness import BoundedMemory
from wire import PONG, Hung, encode

pytestmark = pytest.mark.subset
PING = b"*1\r\n$4\r\nPING\r\n"
LENGTH = b"invalid multibulk length"
BULK = b"invalid bulk length"


@pytest.fixture(autouse=True)
def served_and_bounded_after(target):
    with BoundedMemory(target, megabytes=16):
        yield
        target.assert_serves()


def answer(target, data):
    """Everything the server says to `data` before it closes."""
    with target.connect(timeout=5) as client:
        client.raw(data)
        return client.read_until_closed()


def assert_protocol_error(target, data, text=b""):
    """An error with the text, the close, and nothing after it is run."""
    assert target.call("SET", "canary", "alive") == ("simple", b"OK")
    reply = answer(target, data + b"\r\n" + encode("DEL", "canary"))
    assert reply.startswith(b"-ERR Protocol error") and text in reply, reply
    assert reply.count(b"\r\n") == 1 and reply.endswith(b"\r\n"), reply
    assert target.call("GET", "canary").value == b"alive"


@pytest.mark.parametrize("before", [b"\r\n", b"\r\n\r\n", b"*0\r\n", b"*-1\r\n", b"*-10\r\n", b"*0\r\n*0\r\n\r\n"])
@pytest.mark.parametrize("ping", [PING, b"PING\r\n"])
def test_empty_requests_are_ignored(target, before, ping):
    """P1, P2: the parser is as new afterwards (CVE-2026-27623: `*0` then an inline command)."""
    with target.connect() as client:
        client.raw(before + ping)
        assert client.read() == PONG
        client.raw(ping + before + b"*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n")
        assert client.read() == PONG and client.read().value == b"x"


@pytest.mark.parametrize("count", [b"3000000000", b"2147483648", b"99999999999999999999", b"-9223372036854775809", b"abc",
                                   b"+1", b"01", b" 1", b"1 ", b"1x", b"0x1", b"1.0"])
def test_multibulk_lengths(target, count):
    assert_protocol_error(target, b"*" + count, LENGTH)


@pytest.mark.parametrize("length", [b"-10", b"-1", b"2000000000", b"536870913", b"99999999999999999999", b"blabla", b"",
                                    b"+4", b"04", b" 4", b"4 ", b"-0", b"9223372036854775808", b"-9223372036854775808"])
def test_bulk_lengths(target, length):
    assert_protocol_error(target, b"*1\r\n$" + length, BULK)
    assert_protocol_error(target, b"*2\r\n$3\r\nGET\r\n$" + length, BULK)


@pytest.mark.parametrize("other", [b"fooz", b"*1", b":1", b"+OK", b"-1", b"_", b"%1", b"PING"])
def test_not_a_bulk(target, other):
    """P10"""
    assert_protocol_error(target, b"*1\r\n" + other, b"expected '$', got '" + other[:1])


@pytest.mark.stricter
@pytest.mark.parametrize("data", [b"*1\r\n$4\r\nPINGXX", b"*1\r\n$4\r\nPING\n\n", b"*2\r\n$4\r\nECHO\r\n$1\r\nxyz",
                                  b"*1\r\n$4\r\nPING\rX", b"*1\r\n$3\r\nPING\r\n"])
def test_no_line_end_after_a_bulk(target, data):
    """P8: request smuggling; Redis 7.0 lets it pass, Valkey 9.0.5 and we do not."""
    assert_protocol_error(target, data)


@pytest.mark.parametrize("data", [b"*1\n$4\nPING\n", b"*1\rX"])
def test_bare_line_ends_are_never_misread(target, data):
    """P9: wait or error; no reply that is not an error."""
    with target.connect(timeout=0.3) as client:
        client.raw(data)
        try:
            assert client.read().is_error
        except Hung:
            pass


@pytest.mark.parametrize("head", [b"+", b":", b"$", b"%", b"_", b"~", b">", b"|", b"(", b"="])
def test_reply_types_as_requests(target, head):
    """P11: a line, so an unknown command; or an error and the close. Never out of step."""
    with target.connect(timeout=5) as client:
        client.raw(head + b"1\r\n" + b"ECHO in-step\r\n")
        assert client.read().is_error
        try:
            assert client.read().value == b"in-step"
        except Exception:
            assert client.is_closed_by_peer()


@pytest.mark.parametrize("head, text", [
    (b"\0", b"too big inline request"), (b"*\0", b"too big mbulk count string"), (b"*", b"too big mbulk count string"),
    (b"*1\r\n$\0", b"too big bulk count string"), (b"*1\r\n$", b"too big bulk count string"),
    (b"GET ", b"too big inline request"),
])
def test_endless_lines(target, head, text):
    """P12, P13: 64 KB without a line end."""
    reply = answer(target, head + b"x" * 70_000)
    assert reply.startswith(b"-ERR Protocol error: " + text), reply


@pytest.mark.stricter
def test_long_inline_request_with_its_end(target):
    """P14: the limit holds as well when the line end is there."""
    reply = answer(target, b"ECHO " + b"x" * 70_000 + b"\r\n")
    assert reply.startswith(b"-ERR Protocol error: too big inline request"), reply


@pytest.mark.parametrize("line", [b'ECHO "abc', b"ECHO 'abc", b'ECHO "a"b', b"ECHO 'a'b", b'ECHO "\\', b'SET "a" "b'])
def test_unbalanced_quotes(target, line):
    assert_protocol_error(target, line, b"unbalanced quotes in request")


@pytest.mark.parametrize("line, value", [
    (b"ECHO x", b"x"), (b"  ECHO\t x  ", b"x"), (b'ECHO "a b"', b"a b"), (b"ECHO 'a b'", b"a b"), (b'ECHO ""', b""),
    (b'ECHO "\\x41\\x00\\xff"', b"A\x00\xff"), (b'ECHO "\\n\\r\\t\\b\\a\\\\\\""', b"\n\r\t\b\a\\\""), (b"ECHO '\\''", b"'"),
    (b'ECHO "\\xzz"', b"xzz"), (b"echo \xff\xfe", b"\xff\xfe"), (b"ECHO 'a\\nb'", b"a\\nb"), (b'"ECHO" x', b"x"),
])
def test_inline_words(target, line, value):
    with target.connect() as client:
        for end in (b"\r\n", b"\n"):
            client.raw(line + end)
            assert client.read().value == value


def test_many_inline_words(target):
    with target.connect() as client:
        client.raw(b"EXISTS" + b" k" * 10_000 + b"\r\n")
        assert client.read() == ("integer", 0)


FRAMES = [
    PING, b"PING\r\n", b'ECHO "a\\x00b"\r\n', b"*0\r\n" + PING, b"\r\n" + PING,
    encode("SET", "split", b"a\r\nb\0c"), encode("MSET", "split:a", "", "split:b", "x" * 40), encode("GET", "split"),
]


@pytest.mark.parametrize("number", range(len(FRAMES)))
def test_every_split_point(target, number):
    """P15"""
    frame = FRAMES[number]
    with target.connect() as client:
        client.raw(encode("SET", "split", b"a\r\nb\0c") + frame)
        client.read()
        expected = client.read()
        for point in range(1, len(frame)):
            client.raw(frame[:point])
            client.raw(frame[point:])
            assert client.read() == expected, point


def test_one_byte_at_a_time(target):
    data = encode("SET", "bytes", "value") + b"GET bytes\r\n" + encode("ECHO", b"\r\n") + PING
    with target.connect() as client:
        for number in range(len(data)):
            client.raw(data[number : number + 1])
        assert [client.read().value for _ in range(4)] == [b"OK", b"value", b"\r\n", b"PONG"]


@pytest.mark.parametrize("command", [
    ["a\r\n+OK\r\n"], ["GET\0"], ["X" * 10_000], ["X", "a\r\n+OK\r\n", "\n", "\r"], ["CLIENT", "a\r\nb"],
    ["CONFIG", "SET", "a\r\nb", "1"], ["CONFIG", "SET", "timeout", "a\r\n-b"], ["HELLO", "3", "a\r\nb"],
    ["CONFIG", "SET", "maxmemory-policy", "x\r\n+OK"], ["OBJECT", "a\r\nb"], ["COMMAND", "a\r\nb"], ["MEMORY", "a\nb"],
    ["SET", "k", "v", "a\r\nb"], ["SELECT", "a\r\nb"], ["BITOP", "a\r\nb", "d", "k"], ["EXPIRE", "k", "1", "a\r\nb"],
    ["CLIENT", "KILL", "TYPE", "a\r\nb"], ["CLIENT", "LIST", "TYPE", "a\r\nb"], ["CLIENT", "SETNAME", "a\r\nb"],
    ["LATENCY", "a\r\nb"], ["SLOWLOG", "a\r\nb"], ["AUTH", "a\r\nb", "c\r\nd"], ["CLIENT", "SETINFO", "a\r\nb", "c"],
    ["INFO", "a\r\nb"], ["DEBUG", "a\r\nb"], ["SCAN", "a\r\nb"], ["SCAN", "0", "TYPE", "a\r\nb"], ["SHUTDOWN", "a\r\nb"],
])
def test_no_line_end_of_the_input_comes_back_in_an_error(target, command):
    """P16, CVE-2025-67733: one reply of one line, then in step."""
    with target.connect() as client:
        client.raw(encode(*command) + encode("ECHO", "in-step"))
        reply = client.read()
        if reply.is_error:
            assert len(reply.value) < 1024
            assert not set(b"\r\n\0") & set(reply.value)
        assert client.read().value == b"in-step"


def test_nothing_runs_after_a_protocol_error(target):
    """P17: what came before is answered and stays, what comes after is not run."""
    target.call("SET", "k", "untouched")
    reply = answer(target, encode("SET", "before", "x") + PING + b"*1\r\n$-5\r\n" + encode("SET", "k", "changed"))
    assert reply == b"+OK\r\n+PONG\r\n-ERR Protocol error: invalid bulk length\r\n"
    assert target.call("GET", "k").value == b"untouched"
    assert target.call("GET", "before").value == b"x"


def test_the_error_is_readable_though_more_is_on_its_way(target):
    """A close with unread input is a reset, and a reset throws the error away."""
    for _ in range(5):
        with target.connect(timeout=5) as client:
            client.raw(b"*1\r\n$-5\r\n" + b"x" * 500_000)
            assert client.read().is_error
