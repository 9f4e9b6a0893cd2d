"""PING, ECHO, QUIT, RESET, AUTH, HELLO and what is unknown, beside redis-server."""

import pytest

from scenario import OWN_NAMES, run, scenarios
from wire import Closed

CONNECTION = """
PING; ping; PiNg; PING hello; PING ""; PING "a\\r\\nb"
PING a b
ECHO hello; ECHO ""; ECHO "\\x00\\xff\\r\\n"
ECHO
ECHO a b
ECHO {x*100000}
FOO
foo bar
FOO a b c
FOO "a\\r\\n+OK\\r\\n" b
"FOO\\r\\n+OK\\r\\n" a
"FOO\\x00BAR" a
FOO {a*200} b
FOO {a*100} {b*100} {c*100}
{F*300}
{F*10000} a b
FOO "" ""
FOO 'a' "it's"
""
GETT k
RESET; GET k
SELECT 3; RESET; SET k v; SELECT 0; GET k
CLIENT SETNAME me; RESET; CLIENT GETNAME
RESET a
MULTI; RESET; EXEC
[names] HELLO 3; RESET; GET none
AUTH
AUTH a b c
AUTH password
AUTH default password
AUTH nobody password
AUTH default ""
[names] HELLO
[names] HELLO 2; GET none
[names] HELLO 3; GET none
[names] HELLO 3 SETNAME me; CLIENT GETNAME
[names] HELLO 2 SETNAME me; CLIENT GETNAME; GET none
[names] hello 3 setname me; CLIENT GETNAME
[names] HELLO 3; [names] HELLO; GET none; [names] HELLO 2; GET none
HELLO 1
HELLO 4
HELLO 0
HELLO -1
HELLO 03
HELLO abc
HELLO ""
HELLO 3.0
HELLO 99999999999999999999
HELLO 9223372036854775808
HELLO 3 FOO
HELLO 3 FOO bar
HELLO 3 "FO\\r\\nO"
HELLO 3 SETNAME
HELLO 3 SETNAME "a b"
HELLO 3 SETNAME "a\\nb"
# A HELLO that fails changes nothing; Redis 7.0 kept the name.
HELLO 3 SETNAME me FOO => -ERR Syntax error in HELLO option 'FOO'; CLIENT GETNAME => nil
HELLO 3 AUTH
HELLO 3 AUTH default
[names] HELLO 3 AUTH default wrong; GET none
HELLO 3 AUTH nobody wrong SETNAME me; CLIENT GETNAME; GET none
HELLO 3 SETNAME me AUTH nobody wrong => -WRONGPASS*; CLIENT GETNAME => nil
[names] HELLO 3 AUTH default "" SETNAME me
HELLO AUTH default x
HELLO SETNAME me
HELLO 4 SETNAME me; CLIENT GETNAME
[names] HELLO 2 SETNAME a SETNAME b; CLIENT GETNAME
"""


@scenarios(CONNECTION)
def test_connection(line, version, target, reference):
    run(line, version, target, reference)


HELLO_FIELDS = [b"server", b"version", b"proto", b"id", b"mode", b"role", b"modules"]


@pytest.mark.parametrize("version", [2, 3])
def test_hello_reply(target, version):
    with target.connect() as client:
        reply = client.call("HELLO", version)
        assert reply.kind == {2: "array", 3: "map"}[version]
        pairs = list(reply.value) if version == 3 else list(zip(reply.value[::2], reply.value[1::2]))
        assert [key.value for key, _ in pairs if key.value not in (b"availability_zone", *OWN_NAMES)] == HELLO_FIELDS
        fields = {key.value: value for key, value in pairs}
        assert fields[b"server"] in (("bulk", b"redis"), ("bulk", b"valkey"))
        assert fields[b"proto"] == ("integer", version)
        assert fields[b"id"] == ("integer", client.call("CLIENT", "ID").value)
        assert fields[b"mode"] == ("bulk", b"standalone")
        assert fields[b"role"] == ("bulk", b"master")
        assert fields[b"modules"].plain() == []


@pytest.mark.own
def test_advertised_version(target):
    """redis-py's client-side caching asks for redis 7.4; 8.4 would let clients send what is not there."""
    with target.connect() as client:
        fields = client.call("HELLO", 3).plain()
    assert fields[b"server"] == b"redis"
    assert fields[b"version"].startswith(b"7.4.")
    information = target.information("server")
    assert information["redis_version"] == fields[b"version"].decode()
    assert information["nearcached_version"] == fields[b"nearcached_version"].decode()
    assert list(fields)[-1] == b"nearcached_version"


def test_hello_toggles_thousands_of_times(target):
    with target.connect() as client:
        replies = client.pipeline(*[command for _ in range(2000) for command in (("HELLO", 3), ("HELLO", 2))])
        assert {reply.kind for reply in replies} == {"map", "array"}
        assert client.call("GET", "none").kind == "nil-bulk"


def test_quit_ends_the_connection_and_what_follows_is_not_run(target, connection):
    with target.connect() as client:
        client.pipeline(("SET", "k", "before"))
        client.raw(b"*1\r\n$4\r\nQUIT\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nafter\r\n")
        assert client.read_until_closed() == b"+OK\r\n"
    assert connection.call("GET", "k").value == b"before"


def test_quit_answers_what_came_before(target):
    with target.connect() as client:
        client.raw(b"PING\r\nPING x\r\nQUIT\r\nPING\r\n")
        assert client.read_until_closed() == b"+PONG\r\n$1\r\nx\r\n+OK\r\n"


@pytest.mark.parametrize("line", ["QUIT a b", "quit"])
def test_quit_forms(target, line):
    with target.connect() as client:
        client.call(*line.split())
        with pytest.raises(Closed):
            client.call("PING")


def test_quit_in_a_transaction_drops_it(target, connection):
    with target.connect() as client:
        client.pipeline(("MULTI",), ("SET", "k", "v"))
        client.raw(b"QUIT\r\n")
        client.read_until_closed()
    assert connection.call("EXISTS", "k").value == 0
