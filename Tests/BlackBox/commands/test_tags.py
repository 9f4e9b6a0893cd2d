"""TAG and SET's options TAGS, KEEPTAGS and STALE; GETSTALE."""

import threading
import time

import pytest

from harness import wait_until

pytestmark = pytest.mark.own


@pytest.fixture
def client(target):
    with target.connect() as connection:
        connection.call("FLUSHALL")
        yield connection


def values(reply):
    return sorted(item.value for item in reply.value)


def test_set_with_tags(client):
    assert client.call("SET", "k", "v", "TAGS", 2, "a", "b").value == b"OK"
    assert values(client.call("TAG", "GET", "k")) == [b"a", b"b"]
    assert client.call("SET", "k", "v", "XX", "GET", "TAGS", 3, "a", "a", "c", "EX", 100).value == b"v"
    assert values(client.call("TAG", "GET", "k")) == [b"a", b"c"]
    assert client.call("SET", "k", "w", "KEEPTAGS").value == b"OK"
    assert values(client.call("TAG", "GET", "k")) == [b"a", b"c"]
    assert client.call("SET", "k", "w", "NX", "TAGS", 1, "z").value is None
    assert values(client.call("TAG", "GET", "k")) == [b"a", b"c"]
    client.call("SET", "k", "w")
    assert values(client.call("TAG", "GET", "k")) == []
    assert client.call("TAG", "GET", "nokey").value is None


@pytest.mark.parametrize("line", [
    "GETSET k w", "SETEX k 100 w", "PSETEX k 100000 w", "MSET k w", "MSETEX 1 k w"])
def test_plain_writes_clear_tags(client, line):
    client.call("SET", "k", "v", "TAGS", 1, "a")
    client.call(*line.split())
    assert values(client.call("TAG", "GET", "k")) == []
    assert client.call("TAG", "COUNT", "a").value == 0


@pytest.mark.parametrize("line", [
    "APPEND k 1", "INCR k", "INCRBYFLOAT k 1.5", "SETRANGE k 0 9", "EXPIRE k 100", "PERSIST k", "GETEX k EX 10",
    "SETBIT k 3 1", "EXPIREAT k 33177117420"])
def test_other_writes_keep_tags(client, line):
    client.call("SET", "k", "5", "TAGS", 2, "a", "b", "EX", 1000)
    assert not client.call(*line.split()).is_error
    assert values(client.call("TAG", "GET", "k")) == [b"a", b"b"]
    assert client.call("TAG", "INVALIDATE", "a").value == 1
    assert client.call("GET", "k").value is None


def test_keys_that_move_take_their_tags_along(client):
    client.call("SET", "k", "v", "TAGS", 1, "a")
    client.call("RENAME", "k", "l")
    client.call("COPY", "l", "m")
    assert values(client.call("TAG", "KEYS", "a")) == [b"l", b"m"]
    client.call("COPY", "l", "n", "DB", 3)
    client.call("MOVE", "m", 4)
    assert values(client.call("TAG", "KEYS", "a")) == [b"l"]
    for database, key in ((3, b"n"), (4, b"m")):
        client.call("SELECT", database)
        assert values(client.call("TAG", "KEYS", "a")) == [key]
    client.call("SWAPDB", 0, 4)
    assert values(client.call("TAG", "KEYS", "a")) == [b"l"]
    assert client.call("TAG", "INVALIDATE", "a").value == 1
    client.call("SELECT", 0)
    assert client.call("GET", "m").value == b"v"
    dump = client.call("DUMP", "m").value
    client.call("RESTORE", "r", 0, dump)
    assert values(client.call("TAG", "GET", "r")) == []
    client.call("FLUSHDB")
    assert client.call("TAG", "COUNT", "a").value == 0


def test_a_copy_in_another_database_outlives_that_ones_invalidations(client):
    client.call("SET", "k", "v", "TAGS", 1, "a")
    client.call("SELECT", 1)
    client.call("SET", "other", "v", "TAGS", 1, "a")
    client.call("TAG", "INVALIDATE", "a")
    client.call("SELECT", 0)
    assert client.call("COPY", "k", "k", "DB", 1).value == 1
    client.call("SELECT", 1)
    assert client.call("GET", "k").value == b"v"
    assert client.call("TAG", "INVALIDATE", "a").value == 1
    assert client.call("GET", "k").value is None and client.call("DBSIZE").value == 0


def test_invalidation(client):
    for number in range(300):
        client.call("SET", f"k{number}", "v", "TAGS", 2, f"mod{number % 3}", "all")
    client.call("SET", "other", "v", "TAGS", 1, "other")
    assert client.call("TAG", "INVALIDATE", "mod0", "mod1", "unknown").value == 200
    assert client.call("GET", "k0").value is None and client.call("EXISTS", "k1").value == 0
    assert client.call("GET", "k2").value == b"v"
    assert client.call("DBSIZE").value == 101
    assert len(client.call("KEYS", "*").value) == 101
    assert [count.value for count in client.call("TAG", "COUNT", "mod0", "mod2", "all").value] == [0, 100, 100]
    assert client.call("SET", "k0", "new", "TAGS", 1, "mod0").value == b"OK"
    assert client.call("GET", "k0").value == b"new"


def test_what_all_tags_bear(client):
    client.call("SET", "x", "v", "TAGS", 2, "a", "b")
    client.call("SET", "y", "v", "TAGS", 1, "a")
    client.call("SET", "z", "v", "TAGS", 3, "a", "b", "c")
    assert client.call("TAG", "INVALIDATEALL", "a", "b").value == 2
    assert values(client.call("KEYS", "*")) == [b"y"]
    assert client.call("TAG", "INVALIDATEALL", "a", "unknown").value == 0


def test_changing_the_tags_of_a_key(client):
    client.call("SET", "k", "v")
    assert client.call("TAG", "ADD", "k", "a", "b", "a").value == 2
    assert client.call("TAG", "ADD", "k", "a", "c").value == 1
    assert [flag.value for flag in client.call("TAG", "HAS", "k", "a", "z").value] == [1, 0]
    assert client.call("TAG", "REM", "k", "a", "z").value == 1
    assert client.call("TAG", "SET", "k", "x", "y").value == 2
    assert values(client.call("TAG", "GET", "k")) == [b"x", b"y"]
    for subcommand in ("ADD", "REM", "SET"):
        assert client.call("TAG", subcommand, "nokey", "a").value == -2
    assert client.call("TAG", "HAS", "nokey", "a").value is None
    assert client.call("TTL", "k").value == -1 and client.call("GET", "k").value == b"v"


def test_walks(client):
    expected = set()
    for number in range(2000):
        tag = "even" if number % 2 == 0 else "odd"
        client.call("SET", f"k{number}", "v", "TAGS", 2, tag, f"t{number % 50}")
        if tag == "even":
            expected.add(b"k%d" % number)
    for command, wanted in ((["TAG", "SCAN", "even"], expected),
                            (["TAG", "LIST"], {b"even", b"odd"} | {b"t%d" % number for number in range(50)})):
        seen, cursor = [], b"0"
        while True:
            reply = client.call(*command, cursor, "COUNT", 7).value
            cursor, names = reply[0].value, [item.value for item in reply[1].value]
            seen += names
            if cursor == b"0":
                break
        assert set(seen) == wanted and len(seen) == len(wanted)
    some = client.call("TAG", "LIST", 0, "MATCH", "t4?", "COUNT", 10000).value[1]
    assert values(some) == [b"t%d" % number for number in range(40, 50)]


def test_information(client):
    assert client.call("TAG", "INFO", "a").value is None
    client.call("SET", "k", "v", "TAGS", 1, "a")
    client.call("SET", "l", "v", "TAGS", 1, "a")
    fields = [item.value for item in client.call("TAG", "INFO", "a").value]
    assert fields[:2] == [b"entries", 2] and fields[2] == b"bytes" and fields[3] > 0


@pytest.mark.parametrize("line, error", [
    ("SET k v TAGS", b"ERR numtags"), ("SET k v TAGS 0", b"ERR numtags"), ("SET k v TAGS x a", b"ERR numtags"),
    ("SET k v TAGS 3 a b", b"ERR numtags"), ("SET k v TAGS 1 a KEEPTAGS", b"ERR syntax error"),
    ("SET k v TAGS 1 a TAGS 1 b", b"ERR syntax error"), ("SET k v STALE -1", b"ERR value is not an integer"),
    ("SET k v STALE", b"ERR syntax error"), ("TAG", b"ERR wrong number of arguments for 'tag' command"),
    ("TAG k a", b"ERR unknown subcommand 'k'. Try TAG HELP."),
    ("TAG ADD k", b"ERR wrong number of arguments for 'tag|add' command"),
    ("TAG SCAN a x", b"ERR invalid cursor"), ("TAG SCAN a 0 COUNT", b"ERR syntax error"),
    ("TAG LIST 0 COUNT 0", b"ERR value is not an integer")])
def test_wrong_forms(client, line, error):
    reply = client.call(*line.split())
    assert reply.is_error and reply.value.startswith(error), reply
    assert client.call("DBSIZE").value == 0


def test_limits_are_errors(client):
    client.call("SET", "k", "v", "TAGS", 1, "a")
    for command in (["SET", "k", "w", "TAGS", 1, "x" * 513], ["TAG", "ADD", "k", "x" * 513]):
        assert client.call(*command).value == b"ERR tag too long (max 512)"
    many = [f"t{number}" for number in range(64)]
    for command in (["SET", "k", "w", "TAGS", 65, *many, "u"], ["TAG", "ADD", "k", *many]):
        assert client.call(*command).value == b"ERR too many tags (max 64)"
    assert client.call("GET", "k").value == b"v"
    assert values(client.call("TAG", "GET", "k")) == [b"a"]
    assert client.call("SET", "k", "w", "TAGS", 64, *many).value == b"OK"
    assert client.call("TAG", "INVALIDATE", "t63").value == 1


def test_transactions(client, target):
    client.call("SET", "k", "v", "TAGS", 1, "a")
    client.call("WATCH", "k")
    with target.connect() as other:
        other.call("TAG", "INVALIDATE", "a")
    client.call("MULTI")
    client.call("SET", "k", "w")
    assert client.call("EXEC").value is None
    client.call("MULTI")
    client.call("SET", "k", "v", "TAGS", 1, "a")
    client.call("TAG", "INVALIDATE", "a")
    client.call("GET", "k")
    client.call("TAG", "KEYS", "a")
    replies = client.call("EXEC").value
    assert replies[1].value == 1 and replies[2].value is None and not replies[3].value


def test_resp3_shapes(target, client):
    client.call("HELLO", 3)
    client.call("SET", "k", "v", "TAGS", 1, "a")
    assert client.call("TAG", "GET", "k").kind == "set"
    assert client.call("TAG", "KEYS", "a").kind == "set"
    assert client.call("TAG", "INFO", "a").kind == "map"


def test_stale_entries(client):
    client.call("SET", "k", "v", "PX", 60, "STALE", 100, "TAGS", 1, "a")
    client.call("SET", "l", "v", "PX", 60)
    client.call("SET", "fresh", "v", "STALE", 100)
    assert [item.value for item in client.call("GETSTALE", "fresh").value] == [b"v", 0]
    wait_until(lambda: client.call("GET", "k").value is None and client.call("GET", "l").value is None)
    assert client.call("EXISTS", "k").value == 0 and client.call("TTL", "k").value == -2
    assert values(client.call("KEYS", "*")) == [b"fresh"] and client.call("DBSIZE").value == 1
    value, age = client.call("GETSTALE", "k").value
    assert value.value == b"v" and 0 <= age.value < 60_000
    assert client.call("GETSTALE", "l").value is None
    client.call("TAG", "INVALIDATE", "a")
    assert client.call("GETSTALE", "k").value is None
    client.call("SET", "k", "v", "EX", 100, "STALE", 100, "TAGS", 1, "a")
    assert client.call("TAG", "STALE", "a").value == 1
    assert client.call("GET", "k").value is None
    assert client.call("GETSTALE", "k").value[0].value == b"v"


def test_memory_comes_back(target, client):
    before = None
    for _ in range(3):
        for start in range(0, 20_000, 500):
            client.raw(b"".join(
                b"*6\r\n$3\r\nSET\r\n$6\r\nk%05d\r\n$1\r\nv\r\n$4\r\nTAGS\r\n$1\r\n1\r\n$2\r\nt%d\r\n" % (number, number % 10)
                for number in range(start, start + 500)))
            for _ in range(500):
                client.read()
        assert client.call("TAG", "INVALIDATE", *[f"t{number}" for number in range(10)]).value == 20_000
        assert client.call("DBSIZE").value == 0
        wait_until(lambda: b"tag_pending_reap:0" in client.call("INFO", "stats").value)
        memory = dict(line.split(b":") for line in client.call("INFO", "memory").value.split(b"\r\n") if b":" in line)
        if before is not None:
            assert int(memory[b"tag_memory"]) <= before
        before = int(memory[b"tag_memory"])


def test_no_reader_sees_what_was_invalidated(target, client):
    """A value that was stored before an invalidation began is gone once that was acknowledged."""
    acknowledged, done = [0], threading.Event()

    def invalidate():
        with target.connect() as connection:
            while not done.is_set():
                connection.call("TAG", "INVALIDATE", "t")
                acknowledged[0] += 1
                time.sleep(0)

    thread = threading.Thread(target=invalidate)
    thread.start()
    try:
        for round_number in range(2000):
            client.call("SET", "k", round_number, "TAGS", 1, "t")
            stored_at = acknowledged[0] + 1  # one may have been on its way
            while acknowledged[0] <= stored_at:
                time.sleep(0)
            assert client.call("GET", "k").value is None
    finally:
        done.set()
        thread.join()
