"""MULTI, EXEC, DISCARD, WATCH and UNWATCH, beside redis-server."""

import threading

import pytest

from scenario import run, scenarios

TRANSACTIONS = """
MULTI; SET k v; GET k; INCR n; EXEC; GET k
MULTI; EXEC
EXEC
DISCARD
MULTI; MULTI; EXEC
MULTI; SET k v; DISCARD; GET k; EXEC
MULTI; INCR k; SET k abc; INCR k; GET k; EXEC
MULTI; SET k; SET k v; EXEC; GET k; EXEC
MULTI; FOO; SET k v; EXEC; GET k
MULTI; GET; DISCARD; SET k v; GET k
MULTI; CLIENT FOO; EXEC
MULTI; CLIENT; EXEC
MULTI a
EXEC a
MULTI; EXEC a; EXEC
MULTI; DISCARD a; EXEC
DISCARD a
MULTI; WATCH k; EXEC
MULTI; WATCH; EXEC
MULTI; UNWATCH; EXEC
WATCH
UNWATCH
UNWATCH a
WATCH k; MULTI; SET k v; EXEC; GET k
WATCH k; 2: SET k w; MULTI; SET k v; EXEC; GET k; MULTI; GET k; EXEC
SET k v; WATCH k; 2: SET k v; MULTI; GET k; EXEC
SET k v; WATCH k; 2: DEL k; MULTI; GET k; EXEC
WATCH k; 2: DEL k; MULTI; GET k; EXEC
SET k v; WATCH k; 2: GET k; 2: TTL k; MULTI; GET k; EXEC
SET k v; WATCH k; SET k w; MULTI; GET k; EXEC
SET k v; WATCH k; 2: SET k w; UNWATCH; MULTI; GET k; EXEC
SET k v; WATCH k; 2: SET k w; MULTI; DISCARD; MULTI; GET k; EXEC
SET k v; WATCH k; 2: EXPIRE k 100; MULTI; GET k; EXEC
SET k v EX 100; WATCH k; 2: PERSIST k; MULTI; GET k; EXEC
SET k v; WATCH k; 2: TOUCH k; MULTI; GET k; EXEC
SET k v; WATCH k; 2: APPEND k ""; MULTI; GET k; EXEC
SET k v; WATCH k; 2: APPEND k x; MULTI; GET k; EXEC
SET k v; WATCH k; 2: SETRANGE k 0 ""; MULTI; GET k; EXEC
SET k v; WATCH k; 2: SETBIT k 1 1; MULTI; GET k; EXEC
SET k v; WATCH k; 2: RENAME k l; MULTI; GET k; EXEC
SET l v; WATCH k; 2: RENAME l k; MULTI; GET k; EXEC
SET l v; WATCH k; 2: COPY l k; MULTI; GET k; EXEC
SET k v; WATCH k; 2: MOVE k 1; MULTI; GET k; EXEC
SET k v; WATCH k; 2: SETNX k w; 2: SET k w NX; MULTI; GET k; EXEC
SET k v; WATCH k; 2: GETEX k EX 100; MULTI; GET k; EXEC
SET k v; WATCH k; 2: GETEX k; MULTI; GET k; EXEC
SET k v; WATCH k; 2: GETDEL k; MULTI; GET k; EXEC
SET k abc; WATCH k; 2: INCR k; MULTI; GET k; EXEC
SET k v; WATCH k; 2: FLUSHDB; MULTI; GET k; EXEC
WATCH k; 2: FLUSHALL; MULTI; GET k; EXEC
SET k v; WATCH k; 2: SELECT 1; 2: FLUSHDB; 2: SET k w; MULTI; GET k; EXEC
SET k v; WATCH k; 2: FLUSHALL ASYNC; MULTI; GET k; EXEC
SET k v; WATCH k; 2: SWAPDB 0 1; MULTI; GET k; EXEC
WATCH k; 2: SWAPDB 0 1; MULTI; GET k; EXEC
WATCH k; 2: SELECT 1; 2: SET k v; 2: SWAPDB 0 1; MULTI; GET k; EXEC
SELECT 1; WATCH k; SELECT 0; 2: SELECT 1; 2: SET k v; MULTI; PING; EXEC
SELECT 1; WATCH k; SELECT 0; 2: SET k v; MULTI; PING; EXEC
WATCH a b c; 2: SET c v; MULTI; PING; EXEC
WATCH k; 2: SET k v PXAT 1; MULTI; PING; EXEC
SET k v; WATCH k; 2: SET k v PXAT 1; MULTI; PING; EXEC
WATCH k; 2: GETEX k PXAT 1; 2: EXPIRE k -1; MULTI; PING; EXEC
WATCH k k k; 2: SET k v; MULTI; PING; EXEC
WATCH k; 2: MULTI; 2: SET k v; MULTI; PING; EXEC; 2: EXEC
WATCH k; 2: MULTI; 2: SET k v; 2: EXEC; MULTI; PING; EXEC
WATCH k; 2: MULTI; 2: SET k v; 2: DISCARD; MULTI; PING; EXEC
SET k v PX 30; WATCH k; @sleep 0.06; MULTI; GET k; EXEC
SET k v PX 1; @sleep 0.02; WATCH k; MULTI; GET k; EXEC
SET k v; WATCH k; MULTI; FOO; EXEC; 2: SET k w; MULTI; GET k; EXEC
SET k v; WATCH k; EXEC; 2: SET k w; MULTI; GET k; EXEC
MULTI; SELECT 1; SET k v; SELECT 0; GET k; EXEC; GET k; SELECT 1; GET k
MULTI; SELECT 1; EXEC; SET k v; SELECT 0; GET k
MULTI; SELECT 99; SET k v; EXEC; GET k
MULTI; PING; ECHO hi; PING x; EXEC
MULTI; FLUSHALL; SET k v; DBSIZE; KEYS *; SCAN 0; EXEC
MULTI; MSET a 1 b 2; MGET a b c; DEL a b; MGET a b; EXEC
MULTI; SET k v PX 100000; TTL k; EXPIRE k 100; PERSIST k; EXEC
MULTI; CONFIG GET databases; EXEC
MULTI; HELLO 2; [kind] EXEC; GET none
MULTI; HELLO 3; [kind] EXEC; GET none
MULTI; HELLO 9; GET none; EXEC
MULTI; SET k v; RESET; EXEC; GET k
MULTI; AUTH foo; EXEC
MULTI; CLIENT SETNAME foo; CLIENT GETNAME; EXEC; CLIENT GETNAME
MULTI; OBJECT ENCODING k; SETRANGE k 0 abc; BITFIELD k GET u8 0; EXEC
MULTI; WAIT 0 0; EXEC
multi; set k v; exec
MULTI; SWAPDB 0 1; SET k v; EXEC; GET k; SELECT 1; GET k
MULTI; INCRBYFLOAT k 1.5; LCS k k; GETSET k a; GETDEL k; EXEC
"""


@scenarios(TRANSACTIONS)
def test_transactions(line, version, target, reference):
    run(line, version, target, reference)


@pytest.mark.subset
def test_nobody_sees_half_of_a_transaction(target, connection):
    """Two keys move in step under MULTI; MGET, itself one command, must never see them apart."""
    stop, torn = threading.Event(), []
    connection.call("MSET", *[word for number in range(16) for word in (f"k{number}", "0")])

    def watch():
        with target.connect() as client:
            while not stop.is_set():
                values = client.call("MGET", *[f"k{number}" for number in range(16)]).plain()
                if len(set(values)) != 1:
                    torn.append(values)

    def move():
        with target.connect() as client:
            while not stop.is_set():
                client.pipeline(("MULTI",), *[("INCR", f"k{number}") for number in range(16)], ("EXEC",))

    threads = [threading.Thread(target=function) for function in (watch, watch, move, move)]
    for thread in threads:
        thread.start()
    stop.wait(1.5)
    stop.set()
    for thread in threads:
        thread.join()
    assert not torn, torn[:3]


@pytest.mark.subset
def test_optimistic_locking_loses_no_increment(target, connection):
    """WATCH, GET, MULTI, SET, EXEC in a loop from several clients adds up."""
    rounds, clients = 150, 4
    connection.call("SET", "n", 0)

    def add():
        with target.connect() as client:
            for _ in range(rounds):
                while True:
                    client.call("WATCH", "n")
                    value = int(client.call("GET", "n").value)
                    if client.pipeline(("MULTI",), ("SET", "n", value + 1), ("EXEC",))[2].value is not None:
                        break

    threads = [threading.Thread(target=add) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert int(connection.call("GET", "n").value) == rounds * clients


def test_multi_key_commands_are_atomic(target, connection):
    stop, torn = threading.Event(), []
    names = [f"k{number}" for number in range(12)]
    connection.call("MSET", *[word for name in names for word in (name, "0")])

    def write(value):
        with target.connect() as client:
            while not stop.is_set():
                client.call("MSET", *[word for name in names for word in (name, value)])

    def read():
        with target.connect() as client:
            while not stop.is_set():
                values = client.call("MGET", *names).plain()
                if len(set(values)) != 1:
                    torn.append(values)

    threads = [threading.Thread(target=write, args=(value,)) for value in "12"]
    threads += [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    stop.wait(1.0)
    stop.set()
    for thread in threads:
        thread.join()
    assert not torn, torn[:3]
