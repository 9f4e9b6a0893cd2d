"""What the tests of rules share: a server, a client, and RULE's replies as plain values."""

import pytest

from harness import Server


@pytest.fixture
def server():
    with Server(enable_debug_command="yes") as server:
        yield server


@pytest.fixture
def client(server):
    with server.connect() as client:
        yield client


def text(reply):
    """A reply as a plain value, bytes as text."""
    value = reply.plain()
    return plain_text(value)


def plain_text(value):
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (list, tuple)):
        return [plain_text(item) for item in value]
    return value


def call(client, line):
    return text(client.call(*line.split()))


def rule(client, name):
    """RULE GET as a dictionary."""
    words = call(client, f"RULE GET {name}")
    return dict(zip(words[::2], words[1::2])) if words else None


def define(client, line):
    assert call(client, f"RULE SET {line}") == "OK"
