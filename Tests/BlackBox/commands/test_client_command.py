"""CLIENT and its subcommands, beside redis-server; what came after 7.0 by its documentation."""

import re
import threading
import time

import pytest

from harness import wait_until
from scenario import run, scenarios
from wire import Closed

CLIENT = """
CLIENT
CLIENT FOO
CLIENT FOO bar
CLIENT "F\\r\\nO"
[kind] CLIENT HELP
CLIENT HELP x
CLIENT GETNAME; CLIENT SETNAME me; CLIENT GETNAME; CLIENT SETNAME ""; CLIENT GETNAME
client setname Me; client getname
CLIENT SETNAME "a b"
CLIENT SETNAME "a\\nb"
CLIENT SETNAME "a\\x00b"
CLIENT SETNAME "a\\x7fb"
CLIENT SETNAME "!~"; CLIENT GETNAME
CLIENT SETNAME me; CLIENT SETNAME "a b"; CLIENT GETNAME
CLIENT SETNAME
CLIENT SETNAME a b
CLIENT GETNAME a
[kind] CLIENT ID
CLIENT ID a
[kind] CLIENT INFO
CLIENT INFO a
[kind] CLIENT LIST
[kind] CLIENT LIST TYPE normal
CLIENT LIST TYPE replica; CLIENT LIST TYPE pubsub; CLIENT LIST TYPE master
CLIENT LIST TYPE foo
CLIENT LIST TYPE
CLIENT LIST FOO
CLIENT LIST ID
CLIENT LIST ID abc
CLIENT LIST ID 0
CLIENT LIST ID -1
CLIENT LIST ID 999999999
CLIENT KILL
CLIENT KILL 127.0.0.1:1
CLIENT KILL ID 999999999
CLIENT KILL ID abc
CLIENT KILL ID 0
CLIENT KILL ID -1
CLIENT KILL ADDR 127.0.0.1:1
CLIENT KILL LADDR 127.0.0.1:1
CLIENT KILL USER nobody
CLIENT KILL TYPE foo
CLIENT KILL TYPE pubsub
CLIENT KILL SKIPME yes ID 999999999
CLIENT KILL SKIPME maybe
CLIENT KILL SKIPME no ADDR 1.2.3.4:5
CLIENT KILL FOO bar
CLIENT KILL ID 999999999 FOO
CLIENT KILL ID 999999999 ADDR 1.2.3.4:5 TYPE normal
CLIENT REPLY
CLIENT REPLY FOO
CLIENT REPLY ON
CLIENT PAUSE
CLIENT PAUSE abc
CLIENT PAUSE -1
CLIENT PAUSE 1 FOO
CLIENT PAUSE 1; @sleep 0.02; PING
CLIENT PAUSE 1 WRITE; @sleep 0.02; SET k v
CLIENT PAUSE 9223372036854775808
CLIENT PAUSE 10000 WRITE; GET k; CLIENT UNPAUSE; SET k v
CLIENT UNPAUSE; CLIENT UNPAUSE a
CLIENT UNBLOCK 999999999
CLIENT UNBLOCK 999999999 TIMEOUT; CLIENT UNBLOCK 999999999 ERROR
CLIENT UNBLOCK abc
CLIENT UNBLOCK 1 FOO
CLIENT UNBLOCK
CLIENT NO-EVICT ON; CLIENT NO-EVICT off
CLIENT NO-EVICT FOO
CLIENT NO-EVICT
CLIENT TRACKINGINFO; CLIENT TRACKINGINFO a
CLIENT GETREDIR; CLIENT GETREDIR a
"""

# Redis 7.2: SETINFO, NO-TOUCH; 7.4: KILL MAXAGE. Texts from the reference's source and Valkey 9.1 itself.
NEWER = """
CLIENT SETINFO LIB-NAME redis-py => OK; CLIENT SETINFO LIB-VER 8.1.0 => OK; client setinfo lib-name x => OK
CLIENT SETINFO LIB-NAME "redis-py(celery_v5.7.0)" => OK; CLIENT SETINFO LIB-NAME "go-redis(,go1.22)" => OK
CLIENT SETINFO LIB-NAME "a b" => -ERR LIB-NAME cannot contain spaces, newlines or special characters.
CLIENT SETINFO LIB-VER "a\\nb" => -ERR LIB-VER cannot contain spaces, newlines or special characters.
CLIENT SETINFO FOO bar => -ERR Unrecognized option 'FOO'
CLIENT SETINFO LIB-NAME => -ERR wrong number of arguments for 'client|setinfo' command
CLIENT SETINFO => -ERR wrong number of arguments for 'client|setinfo' command
CLIENT SETINFO LIB-NAME a b => -ERR wrong number of arguments for 'client|setinfo' command
CLIENT SETINFO LIB-NAME "" => OK
CLIENT NO-TOUCH ON => OK; CLIENT NO-TOUCH off => OK; CLIENT NO-TOUCH FOO => -ERR syntax error
CLIENT NO-TOUCH => -ERR wrong number of arguments for 'client|no-touch' command
CLIENT KILL MAXAGE 100000 => :0
CLIENT KILL MAXAGE abc => -ERR*
CLIENT KILL MAXAGE 0 => -ERR*
CLIENT KILL MAXAGE -1 => -ERR*
CLIENT MAINT_NOTIFICATIONS ON moving-endpoint-type internal-ip => -ERR*; PING => +PONG
"""


@scenarios(CLIENT)
def test_client(line, version, target, reference):
    run(line, version, target, reference)


@scenarios(NEWER)
def test_newer(line, version, target, reference):
    run(line, version, target, reference)


def fields_of(line):
    return dict(word.split("=", 1) for word in line.split(" ") if "=" in word)


def listed(client, *arguments):
    return [fields_of(line) for line in client.call("CLIENT", "LIST", *arguments).value.decode().splitlines()]


FIELDS = """id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free argv-mem multi-mem obl oll omem
tot-mem events cmd user redir resp""".split()


def test_info_fields(target, connection):
    fields = fields_of(connection.call("CLIENT", "INFO").value.decode().rstrip("\n"))
    assert [name for name in FIELDS if name not in fields] == []
    assert fields["id"] == str(connection.call("CLIENT", "ID").value)
    assert fields["addr"] == "%s:%d" % connection.socket.getsockname()
    assert fields["laddr"] == "%s:%d" % connection.socket.getpeername()
    assert (fields["db"], fields["resp"], fields["user"], fields["multi"]) == ("0", "2", "default", "-1")
    assert fields["cmd"] in ("client|info", "client")
    connection.pipeline(("SELECT", 3), ("CLIENT", "SETNAME", "me"), ("HELLO", 3))
    fields = fields_of(connection.call("CLIENT", "INFO").value.decode().rstrip("\n"))
    assert (fields["db"], fields["name"], fields["resp"]) == ("3", "me", "3")


def test_library_is_listed(connection):
    connection.pipeline(("CLIENT", "SETINFO", "lib-name", "one(two,three)"), ("CLIENT", "SETINFO", "lib-ver", "1.2"))
    reply = connection.call("CLIENT", "INFO")
    if b"lib-name=" in reply.value or not connection.call("CLIENT", "SETINFO", "lib-name", "x").is_error:
        assert b"lib-name=one(two,three) " in reply.value and b"lib-ver=1.2" in reply.value


def test_list_has_every_connection(target, connection):
    others = [target.connect() for _ in range(20)]
    identities = {other.call("CLIENT", "ID").value for other in others}
    assert len(identities) == 20
    found = {int(client["id"]) for client in listed(connection)}
    assert identities < found
    some = sorted(identities)[:3]
    assert {int(client["id"]) for client in listed(connection, "ID", *some)} == set(some)
    for other in others:
        other.close()
    assert wait_until(lambda: not identities & {int(client["id"]) for client in listed(connection)})


def test_ids_grow(target):
    identities = []
    for _ in range(5):
        with target.connect() as client:
            identities.append(client.call("CLIENT", "ID").value)
    assert identities == sorted(set(identities))


@pytest.mark.parametrize("how", ["ID", "ADDR", "old", "LADDR"])
def test_kill_another(target, connection, how):
    victim = target.connect()
    identity = victim.call("CLIENT", "ID").value
    address = "%s:%d" % victim.socket.getsockname()
    if how == "ID":
        assert connection.call("CLIENT", "KILL", "ID", identity) == ("integer", 1)
    elif how == "ADDR":
        assert connection.call("CLIENT", "KILL", "ADDR", address) == ("integer", 1)
    elif how == "LADDR":
        local = "%s:%d" % victim.socket.getpeername()
        assert connection.call("CLIENT", "KILL", "LADDR", local, "SKIPME", "yes").value >= 1
    else:
        assert connection.call("CLIENT", "KILL", address) == ("simple", b"OK")
    with pytest.raises(Closed):
        victim.call("PING")
    assert connection.call("PING").value == b"PONG"


def test_kill_oneself_answers_first(target):
    client = target.connect()
    assert client.call("CLIENT", "KILL", "ID", client.call("CLIENT", "ID").value, "SKIPME", "no") == ("integer", 1)
    assert client.is_closed_by_peer()


def test_kill_oneself_in_a_transaction(target):
    """C10: EXEC's reply, then the end."""
    client = target.connect()
    identity = client.call("CLIENT", "ID").value
    client.pipeline(("MULTI",), ("PING",), ("CLIENT", "KILL", "ID", identity, "SKIPME", "no"))
    assert client.call("EXEC") == ("array", (("simple", b"PONG"), ("integer", 1)))
    assert client.is_closed_by_peer()


def test_skipme_is_the_default(target, connection):
    others = [target.connect() for _ in range(5)]
    for other in others:
        other.call("PING")
    assert connection.call("CLIENT", "KILL", "TYPE", "normal").value >= 5
    assert connection.call("PING").value == b"PONG"
    assert all(other.is_closed_by_peer() for other in others)


def test_reply_off_skip_and_on(connection):
    connection.raw(b"CLIENT REPLY OFF\r\nPING\r\nSET k v\r\nFOO\r\nCLIENT REPLY ON\r\nGET k\r\n")
    assert connection.read().value == b"OK"
    assert connection.read().value == b"v"
    connection.raw(b"CLIENT REPLY SKIP\r\nPING lost\r\nPING kept\r\n")
    assert connection.read().value == b"kept"


@pytest.mark.parametrize("mode, command, waits", [
    ("ALL", ("GET", "k"), True), ("ALL", ("PING",), True), ("WRITE", ("SET", "k", "v"), True),
    ("WRITE", ("GET", "k"), False), ("WRITE", ("PING",), False),
])
def test_pause(target, connection, mode, command, waits):
    with target.connect() as other:
        other.call("PING")
        # A pause of everything holds up UNPAUSE as well, so it is left to end by itself.
        connection.call("CLIENT", "PAUSE", 700, mode)
        other.send(*command)
        other.socket.settimeout(0.3)
        try:
            got = other.socket.recv(100)
        except TimeoutError:
            got = None
        assert (got is None) == waits
        assert connection.call("CLIENT", "UNPAUSE").value == b"OK"
        if waits:
            other.socket.settimeout(other.timeout)
            assert not other.read().is_error


def test_pause_ends_by_itself(target, connection):
    connection.call("CLIENT", "PAUSE", 150, "WRITE")
    start = time.monotonic()
    assert connection.call("SET", "k", "v").value == b"OK"
    assert time.monotonic() - start > 0.1


def test_kill_while_paused(target, connection):
    """C10: a paused client with queued work is killed; nothing it sent is run later."""
    with target.connect() as victim:
        identity = victim.call("CLIENT", "ID").value
        connection.call("CLIENT", "PAUSE", 60_000, "WRITE")
        victim.send("SET", "k", "late")
        time.sleep(0.05)
        assert connection.call("CLIENT", "KILL", "ID", identity) == ("integer", 1)
        connection.call("CLIENT", "UNPAUSE")
        assert victim.is_closed_by_peer()
    assert connection.call("EXISTS", "k").value == 0


def test_kill_by_age(target, connection):
    probe = connection.call("CLIENT", "KILL", "MAXAGE", 100_000)
    if probe.is_error:
        pytest.skip("CLIENT KILL MAXAGE is younger than this target")
    assert probe.value == 0


def test_list_and_kill_beside_churn(target, connection):
    """Lists and kills while connections come and go; every reply stays well-formed."""
    stop = threading.Event()

    def churn():
        while not stop.is_set():
            with target.connect() as client:
                try:
                    client.call("PING")
                except Closed:
                    pass

    threads = [threading.Thread(target=churn) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(100):
        for client in listed(connection):
            assert re.fullmatch(r"\d+", client["id"])
        connection.call("CLIENT", "KILL", "TYPE", "normal")
    stop.set()
    for thread in threads:
        thread.join()
    target.assert_serves()
