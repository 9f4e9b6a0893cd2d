"""A RESP2/RESP3 client that shows every reply with its wire type.

A usual client library hides what these tests are about: whether a nil was `$-1`, `*-1` or `_`, whether a
reply was a map or a flat array, what an error said to the letter.
"""

import os
import socket
import time
from typing import NamedTuple

# Sanitized binaries are slower by this factor; see scripts/test.
SLOWNESS = float(os.environ.get("BLACKBOX_SLOWNESS", "1"))
TIMEOUT_SECONDS = 10.0 * SLOWNESS


class Reply(NamedTuple):
    """One reply: `kind` is the wire type's name, `value` bytes, an integer or a tuple of replies."""

    kind: str
    value: object = None

    def __repr__(self):
        return self.kind if self.value is None else f"{self.kind}({self.value!r})"

    @property
    def is_error(self):
        return self.kind == "error"

    def plain(self):
        """The reply as plain Python: bytes, int, None, lists, dicts."""
        if self.kind in ("map", "attribute"):
            return {key.plain(): value.plain() for key, value in self.value}
        if isinstance(self.value, tuple):
            return [element.plain() for element in self.value]
        return self.value


OK = Reply("simple", b"OK")
PONG = Reply("simple", b"PONG")
QUEUED = Reply("simple", b"QUEUED")

SCALARS = {b"+": "simple", b"-": "error", b",": "double", b"(": "big-number"}
BLOBS = {b"$": "bulk", b"=": "verbatim", b"!": "blob-error"}
AGGREGATES = {b"*": "array", b"~": "set", b">": "push", b"%": "map", b"|": "attribute"}


class Closed(Exception):
    """The peer closed or reset the connection."""


class Hung(Exception):
    """The peer said nothing within the time-out."""


class BadReply(Exception):
    """The peer sent what is not RESP."""


def to_bytes(argument):
    if isinstance(argument, bytes):
        return argument
    return str(argument).encode()


def encode(*arguments):
    """The request as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(arguments)]
    for argument in map(to_bytes, arguments):
        parts.append(b"$%d\r\n%s\r\n" % (len(argument), argument))
    return b"".join(parts)


class Connection:
    """One connection; every wait is bounded by `timeout` seconds."""

    def __init__(self, address, timeout=TIMEOUT_SECONDS, receive_buffer_bytes=None):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        else:
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            self.socket = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        self.timeout = timeout
        self.socket.settimeout(timeout)
        try:
            self.socket.connect(address)
        except OSError:
            self.socket.close()
            raise
        if self.socket.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()
        self.position = 0
        self.pushes = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    # Sending

    def raw(self, data):
        """Send bytes as they are."""
        try:
            self.socket.sendall(data)
        except TimeoutError as error:
            raise Hung(f"{len(data)} bytes were not taken within {self.timeout} s") from error
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed(str(error)) from error

    def send(self, *arguments):
        self.raw(encode(*arguments))

    def call(self, *arguments):
        """Send one command and read its reply."""
        self.send(*arguments)
        return self.read()

    def pipeline(self, *commands):
        """Send all commands in one write, then read all their replies."""
        self.raw(b"".join(encode(*command) for command in commands))
        return [self.read() for _ in commands]

    def hello(self, version):
        """Switch to the protocol `version`; the reply must be a map or an array, not an error."""
        reply = self.call("HELLO", version)
        assert not reply.is_error, reply
        return reply

    # Receiving

    def _fill(self):
        if self.position > 1 << 16:
            del self.buffer[: self.position]
            self.position = 0
        try:
            data = self.socket.recv(1 << 18)
        except TimeoutError as error:
            raise Hung(f"no reply within {self.timeout} s; so far {bytes(self.buffer[self.position:][:80])!r}") from error
        except (ConnectionResetError, BrokenPipeError) as error:
            raise Closed(str(error)) from error
        if not data:
            raise Closed("end of stream")
        self.buffer += data

    def _line(self):
        start = self.position
        while (end := self.buffer.find(b"\r\n", start)) < 0:
            start = max(self.position, len(self.buffer) - 1)
            before = self.position
            self._fill()
            start -= before - self.position
        line = bytes(self.buffer[self.position : end])
        self.position = end + 2
        return line

    def _exactly(self, count):
        while len(self.buffer) - self.position < count:
            self._fill()
        data = bytes(self.buffer[self.position : self.position + count])
        self.position += count
        return data

    def read(self):
        """The next reply; pushes go to `self.pushes`."""
        while True:
            reply = self.read_any()
            if reply.kind != "push":
                return reply
            self.pushes.append(reply)

    def read_any(self):
        """The next reply or push."""
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind in SCALARS:
            return Reply(SCALARS[kind], rest)
        if kind == b":":
            return Reply("integer", int(rest))
        if kind == b"_":
            return Reply("null")
        if kind == b"#":
            return Reply("boolean", {b"t": True, b"f": False}[rest])
        if kind in BLOBS:
            if rest == b"-1":
                return Reply("nil-bulk")
            data = self._exactly(int(rest) + 2)
            if data[-2:] != b"\r\n":
                raise BadReply(f"no CR LF after a blob: {data[-10:]!r}")
            return Reply(BLOBS[kind], data[:-2])
        if kind in AGGREGATES:
            if rest == b"-1":
                return Reply("nil-array")
            name, count = AGGREGATES[kind], int(rest)
            if name in ("map", "attribute"):
                return Reply(name, tuple((self.read_any(), self.read_any()) for _ in range(count)))
            return Reply(name, tuple(self.read_any() for _ in range(count)))
        raise BadReply(repr(line[:100]))

    def read_until_closed(self, limit_bytes=1 << 26):
        """All bytes up to the end of the stream; a reset counts as the end. Raises Hung if it stays open."""
        data = bytes(self.buffer[self.position :])
        self.buffer, self.position = bytearray(), 0
        pieces, size = [data], len(data)
        deadline = time.monotonic() + self.timeout
        while size < limit_bytes:
            if time.monotonic() > deadline:
                raise Hung("the connection stays open")
            try:
                piece = self.socket.recv(1 << 16)
            except TimeoutError as error:
                raise Hung(f"the connection stays open; last bytes {pieces[-1][-80:]!r}") from error
            except ConnectionResetError:
                break
            if not piece:
                break
            pieces.append(piece)
            size += len(piece)
        return b"".join(pieces)

    def is_closed_by_peer(self, within_seconds=5.0):
        """Whether the stream ends within the time, unread data aside."""
        self.socket.settimeout(within_seconds * SLOWNESS)
        try:
            while self.socket.recv(1 << 16):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True
        finally:
            self.socket.settimeout(self.timeout)
