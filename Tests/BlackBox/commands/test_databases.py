"""SELECT, SWAPDB, FLUSHDB and FLUSHALL, beside redis-server."""

import threading

import pytest

from scenario import run, scenarios

DATABASES = """
SELECT 0; SELECT 15; SELECT 16; SELECT -1; SELECT abc; SELECT 1.5; SELECT ""; SELECT 9223372036854775808
SELECT 2147483648; SELECT -2147483649; SWAPDB 0 2147483648; SWAPDB -2147483649 0; SET k v; MOVE k 2147483648; COPY k l DB 9223372036854775807
SELECT
SELECT 1 2
SELECT +1
SELECT 01
SET k v; SELECT 1; GET k; SET k w; SELECT 0; GET k; DBSIZE
SELECT 1; 2: SET k v; GET k; 2: SELECT 1; 2: GET k; SET k x; 2: GET k
SET k zero; SELECT 1; SET k one; SWAPDB 0 1; GET k; SELECT 0; GET k
SWAPDB 0 16
SWAPDB 16 0
SWAPDB -1 0
SWAPDB abc 0
SWAPDB 0 abc
SWAPDB 0
SWAPDB 0 1 2
SET k v; SWAPDB 0 0; GET k
SET k zero EX 100; SWAPDB 0 2; SELECT 2; [near 1] TTL k; DBSIZE; SELECT 0; DBSIZE
2: SELECT 3; 2: SET k three; SWAPDB 0 3; GET k; 2: GET k
MSET a 1 b 2; SELECT 1; SET c 3; FLUSHDB; DBSIZE; SELECT 0; DBSIZE
MSET a 1 b 2; SELECT 1; SET c 3; FLUSHALL; DBSIZE; SELECT 0; DBSIZE
SET a 1; FLUSHDB SYNC; DBSIZE; SET a 1; FLUSHDB ASYNC; DBSIZE; SET a 1; flushdb async; DBSIZE
SET a 1; FLUSHALL SYNC; DBSIZE; SET a 1; FLUSHALL ASYNC; DBSIZE; GET a
FLUSHDB FOO
FLUSHALL FOO
FLUSHDB SYNC ASYNC
FLUSHALL ASYNC SYNC
SET k v; FLUSHDB FOO; GET k; FLUSHALL SYNC ASYNC; GET k
SELECT 5; SET k v; RENAME k l; COPY l m DB 6; SELECT 6; GET m; KEYS *; RANDOMKEY
"""


@scenarios(DATABASES)
def test_databases(line, version, target, reference):
    run(line, version, target, reference)


@pytest.mark.subset
@pytest.mark.parametrize("mode", ["SYNC", "ASYNC"])
def test_a_flush_hides_everything_at_once(connection, mode):
    for _ in range(3):
        connection.pipeline(*[("SET", f"k{number}", "v" * 20) for number in range(30_000)])
        replies = connection.pipeline(("FLUSHALL", mode), ("DBSIZE",), ("GET", "k1"), ("SET", "k1", "new"), ("GET", "k1"))
        assert [reply.value for reply in replies] == [b"OK", 0, None, b"OK", b"new"]


def test_flushes_beside_writers(target, connection):
    """Writers and a flusher at once: every reply is right and the last flush leaves nothing."""
    stop, errors = threading.Event(), []

    def write(name):
        with target.connect() as client:
            while not stop.is_set():
                replies = client.pipeline(*[("SET", f"{name}:{number}", "v") for number in range(100)])
                errors.extend(reply for reply in replies if reply.value != b"OK")

    writers = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for writer in writers:
        writer.start()
    for number in range(60):
        assert connection.call("FLUSHALL", ["ASYNC", "SYNC"][number % 2]).value == b"OK"
        connection.call("SWAPDB", 0, 1)
    stop.set()
    for writer in writers:
        writer.join()
    assert not errors
    connection.call("FLUSHALL")
    assert connection.call("DBSIZE").value == 0
    assert connection.call("KEYS", "*").value == ()
