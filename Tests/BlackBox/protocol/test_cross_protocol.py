"""What speaks something else: rows X1 to X3 of the catalogue of bad input."""

import ssl

import pytest

from harness import BoundedMemory, Server
from wire import Closed, Hung, encode

pytestmark = pytest.mark.subset


@pytest.mark.parametrize("line", [b"POST / HTTP/1.1", b"Host: localhost", b"post / http/1.1"])
def test_http_is_dropped(target, line):
    """X1, CVE-2016-10517"""
    target.call("SET", "canary", "alive")
    with target.connect() as client:
        client.raw(line + b"\r\nHost: localhost:6379\r\n\r\n" + b"DEL canary\r\n")
        assert client.read_until_closed() == b""
    assert target.call("GET", "canary").value == b"alive"


@pytest.mark.parametrize("name", [b"POST", b"post", b"Host:", b"HOST:"])
def test_http_in_arrays_is_dropped_too(target, name):
    target.call("SET", "canary", "alive")
    for arguments in ((), ("/", "HTTP/1.1")):
        with target.connect() as client:
            client.raw(encode(name, *arguments) + encode("DEL", "canary"))
            assert client.read_until_closed() == b""
    with target.connect() as client:
        assert client.pipeline(("MULTI",), ("SET", "canary", "dead"))[1].value == b"QUEUED"
        client.raw(encode(name) + encode("EXEC"))
        assert client.read_until_closed() == b""
    assert target.call("GET", "canary").value == b"alive"


def test_http_before_authentication():
    with Server(requirepass="secret") as server, server.connect() as client:
        client.raw(encode("POST", "/"))
        assert client.read_until_closed() == b""


@pytest.mark.stricter
@pytest.mark.parametrize("verb", [b"GET", b"PUT", b"DELETE", b"HEAD", b"OPTIONS"])
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_other_http_is_dropped_too(target, verb, version):
    target.call("SET", "canary", "alive")
    with target.connect() as client:
        client.raw(verb + b" /asdf HTTP/" + version + b"\r\nDEL canary\r\n\r\n")
        assert client.read_until_closed() == b""
    assert target.call("GET", "canary").value == b"alive"


def test_commands_of_the_same_names_work(target):
    with target.connect() as client:
        assert client.call("SET", "HTTP/1.1", "v").value == b"OK"
        client.raw(b"GET HTTP/1.1\r\n")
        assert client.read().value == b"v"
        assert client.call("GET", "/", "HTTP/1.1").is_error
        client.call("DEL", "HTTP/1.1")


@pytest.mark.own
def test_one_warning_a_minute():
    with Server() as server:
        for _ in range(20):
            with server.connect() as client:
                client.raw(b"POST / HTTP/1.1\r\n")
                client.read_until_closed()
        assert server.log().count("SECURITY ATTACK") == 1


@pytest.mark.stricter
def test_a_tls_client_is_told_at_once(target):
    """X2: it would wait for an answer until its own patience ends."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with target.connect(timeout=5) as client:
        with pytest.raises(OSError) as caught:
            context.wrap_socket(client.socket)
        assert not isinstance(caught.value, TimeoutError), "closed, not left waiting"


@pytest.mark.stricter
@pytest.mark.parametrize("pieces", [[b"\x16\x03\x01\x02\x00\x01"], [b"\x16", b"\x03"], [b"PING\r\n\x16\x03\x03"]])
def test_a_handshake_in_pieces(target, pieces):
    with target.connect() as client:
        for piece in pieces:
            client.raw(piece)
        assert client.is_closed_by_peer()


@pytest.mark.parametrize("data", [b"\x16", b"\x16PING\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", b"get key\r\nset k 0 0 1\r\nx\r\n",
                                  bytes(range(256)) * 64])
def test_other_protocols(target, data):
    """X3"""
    with BoundedMemory(target, megabytes=8), target.connect(timeout=1) as client:
        try:
            client.raw(data)
            client.read()
        except (Closed, Hung):
            pass
        target.assert_serves()
