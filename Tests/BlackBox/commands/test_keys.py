"""Commands on keys, whatever they hold, beside redis-server."""

import pytest

from scenario import run, scenarios

# Our default policy keeps no idle times.
OPTIONS = {"maxmemory_policy": "noeviction"}

KEYS = """
DEL k; SET k v; DEL k; EXISTS k
MSET a 1 b 2 c 3; DEL a b none a; DBSIZE
DEL
UNLINK k; MSET a 1 b 2; UNLINK a b c; DBSIZE
UNLINK
EXISTS k; SET k v; EXISTS k; EXISTS k k none k
EXISTS
TYPE k; SET k v; TYPE k
TYPE
TYPE a b
TOUCH k; MSET a 1 b 2; TOUCH a b c a
TOUCH
DBSIZE; SET k v; DBSIZE; DBSIZE x
RANDOMKEY; SET k v; RANDOMKEY; RANDOMKEY x
RENAME k l
SET k v; RENAME k l; GET l; EXISTS k
SET k v; RENAME k k; GET k
RENAME k k
MSET k v l w; RENAME k l; GET l; DBSIZE
SET k v EX 100; SET l w; RENAME k l; [near 1] TTL l
SET k v; SET l w EX 100; RENAME k l; TTL l
RENAME k
RENAME a b c
RENAMENX k l
SET k v; RENAMENX k l; GET l
MSET k v l w; RENAMENX k l; MGET k l
SET k v; RENAMENX k k; GET k
RENAMENX k k
SET k v EX 100; RENAMENX k l; [near 1] TTL l
RENAMENX k
COPY k l
SET k v; COPY k l; MGET k l
MSET k v l w; COPY k l; GET l; COPY k l REPLACE; GET l
SET k v EX 100; COPY k l; [near 1] TTL l
SET k v; SET l w EX 100; COPY k l REPLACE; TTL l
SET k v; COPY k k
SET k v; COPY k k DB 0; COPY k k DB 0 REPLACE
SET k v; COPY k k DB 1; COPY k k DB 1; COPY k k REPLACE DB 1; SELECT 1; GET k
SET k v; COPY k l DB 16
SET k v; COPY k l DB -1
SET k v; COPY k l DB abc
SET k v; COPY k l DB
SET k v; COPY k l FOO
SET k v; COPY k l REPLACE REPLACE; COPY k m DB 1 DB 2
COPY k
COPY
COPY k l DB 16
MOVE k 1
SET k v; MOVE k 1; EXISTS k; SELECT 1; GET k
SET k v; MOVE k 0
MOVE k 0
SET k v; MOVE k 16; MOVE k -1; MOVE k abc; MOVE k ""; EXISTS k
SET k v; SELECT 1; SET k w; SELECT 0; MOVE k 1; GET k
SET k v EX 100; MOVE k 1; SELECT 1; [near 1] TTL k
MOVE k
MOVE k 1 2
KEYS *
MSET one 1 two 2 three 3 four 4; [unordered] KEYS *; [unordered] KEYS *o*; [unordered] KEYS t??; KEYS one; KEYS none
MSET hello 1 hallo 2 hxllo 3 hllo 4 heello 5; [unordered] KEYS h?llo; [unordered] KEYS h[ae]llo; [unordered] KEYS h*llo
MSET hello 1 hallo 2 hxllo 3; [unordered] KEYS h[^e]llo; [unordered] KEYS h[a-e]llo; [unordered] KEYS h[e-a]llo
MSET a*b 1 acb 2 a?b 3 a[b 4 a\\\\b 5; KEYS a\\*b; KEYS a\\?b; KEYS "a\\\\[b"; [unordered] KEYS a*b; KEYS "a\\\\\\\\b"
MSET a 1 b 2; [unordered] KEYS [; KEYS "[a"; [unordered] KEYS "[^"; KEYS "[]"; KEYS "[]-a]"; KEYS "[a-"; KEYS "\\\\"
MSET "" 1 a 2; [unordered] KEYS *; KEYS ""; KEYS ?
MSET ABC 1 abc 2; KEYS abc; KEYS [A-Z]*
KEYS
KEYS a b
OBJECT ENCODING k; SET k v; OBJECT ENCODING k; OBJECT encoding k
SET k {x*44}; OBJECT ENCODING k; SET k {x*45}; OBJECT ENCODING k; SET k 12345; OBJECT ENCODING k; SET k 012; OBJECT ENCODING k
SET k v; APPEND k w; OBJECT ENCODING k; COPY k l; OBJECT ENCODING l; RENAME l m; OBJECT ENCODING m; EXPIRE m 100; OBJECT ENCODING m; PERSIST m; OBJECT ENCODING m
SET k 12; APPEND k 3; OBJECT ENCODING k; INCR k; OBJECT ENCODING k; APPEND k ""; OBJECT ENCODING k; APPEND n 5; OBJECT ENCODING n
SET k v; APPEND k ""; OBJECT ENCODING k; SET k v; OBJECT ENCODING k; GETSET k w; OBJECT ENCODING k
SET k v; SETRANGE k 0 w; OBJECT ENCODING k; SETRANGE n 0 w; OBJECT ENCODING n; SET m v; SETRANGE m 0 ""; OBJECT ENCODING m; SETRANGE k 5 w; OBJECT ENCODING k
SET k v; SETBIT k 7 1; OBJECT ENCODING k; SET k v; SETBIT k 1 1; OBJECT ENCODING k; SETBIT n 1 1; OBJECT ENCODING n; SET k v; GETBIT k 1; OBJECT ENCODING k
SET k v; BITFIELD k GET u8 0; OBJECT ENCODING k; BITFIELD k INCRBY u8 0 1; OBJECT ENCODING k; SET m 12; BITFIELD m OVERFLOW FAIL SET u8 0 300; OBJECT ENCODING m
MSET a 12 b v; BITOP OR d a; OBJECT ENCODING d; GET d; INCR d; OBJECT ENCODING d; BITOP NOT b b; OBJECT ENCODING b
SET k 1.5; OBJECT ENCODING k; INCRBYFLOAT k 1.5; GET k; OBJECT ENCODING k; INCR k; OBJECT ENCODING k; INCRBYFLOAT n 3; OBJECT ENCODING n
SET k v; OBJECT REFCOUNT k; OBJECT REFCOUNT none
SET k v; [near 1] OBJECT IDLETIME k; OBJECT IDLETIME none
SET k v; OBJECT FREQ k
OBJECT FREQ none
OBJECT
OBJECT FOO k
OBJECT ENCODING
OBJECT ENCODING a b
OBJECT ENCODING none
[kind] OBJECT HELP
DUMP k
DUMP
DUMP a b
EXPIRETIME k; PEXPIRETIME k; SET k v; EXPIRETIME k; PEXPIRETIME k
"""

SCANNING = """
SCAN 0
SET k v; SCAN 0; SCAN 0 MATCH k; SCAN 0 MATCH x; SCAN 0 COUNT 100; SCAN 0 TYPE string; SCAN 0 TYPE list; SCAN 0 TYPE STRING
SET k v; SCAN 0 MATCH * COUNT 10 TYPE string; SCAN 0 COUNT 10 MATCH k; scan 0 count 10 match k type string
SET k v; SCAN 0 TYPE nosuch
SCAN
SCAN abc
SCAN 1.5
SCAN 0x10
SCAN 18446744073709551616
SCAN 99999999999999999999999999
SCAN 0 COUNT
SCAN 0 COUNT 0
SCAN 0 COUNT -5
SCAN 0 COUNT abc
SCAN 0 COUNT 1.5
SCAN 0 COUNT 9223372036854775808
SCAN 0 COUNT 9223372036854775807
SCAN 0 MATCH
SCAN 0 TYPE
SCAN 0 FOO
SCAN 0 FOO bar
SCAN 0 MATCH a MATCH b COUNT 1 COUNT 2
SCAN 18446744073709551615
[kind] SCAN 12345
SET k v PX 20; @sleep 0.05; SCAN 0; KEYS *
"""


@scenarios(KEYS)
def test_keys(line, version, target, reference):
    run(line, version, target, reference)


@scenarios(SCANNING)
def test_scan(line, version, target, reference):
    run(line, version, target, reference)


def scan_all(connection, *options):
    """All keys that a full iteration returns, and how many calls it took."""
    cursor, found, calls = b"0", [], 0
    while True:
        cursor, batch = connection.call("SCAN", cursor, *options).plain()
        found += batch
        calls += 1
        assert calls < 100_000, "the cursor never came back to 0"
        if cursor == b"0":
            return found, calls


def test_scan_returns_every_key(connection):
    expected = {b"key:%d" % number for number in range(5000)}
    for key in expected:
        connection.send("SET", key, "v")
    for _ in expected:
        connection.read()
    for options in [(), ("COUNT", 1), ("COUNT", 1000), ("COUNT", 100_000), ("TYPE", "string")]:
        found, _ = scan_all(connection, *options)
        assert set(found) == expected, options
    found, _ = scan_all(connection, "MATCH", "key:1*")
    assert set(found) == {key for key in expected if key.startswith(b"key:1")}


def test_scan_keeps_its_guarantee_while_the_table_grows_and_shrinks(connection):
    """What is there from the first call to the last is returned, whatever comes and goes meanwhile."""
    stable = {b"stable:%d" % number for number in range(500)}
    connection.pipeline(*[("SET", key, "v") for key in stable])
    for verb in ("SET", "DEL"):
        cursor, found, number = b"0", set(), 0
        while True:
            cursor, batch = connection.call("SCAN", cursor, "COUNT", 20).plain()
            found.update(batch)
            if cursor == b"0":
                break
            # An end to the growth, or the scan of a table that grows faster than it is walked has none.
            if number < 20_000:
                names = [f"passing:{number + step}" for step in range(500)]
                connection.pipeline(*[(verb, name, "v")[: 3 if verb == "SET" else 2] for name in names])
                number += len(names)
        assert stable <= found


def test_scan_sees_only_its_database(connection):
    connection.call("SET", "zero", "v")
    connection.call("SELECT", 1)
    connection.call("SET", "one", "v")
    assert scan_all(connection)[0] == [b"one"]


def test_a_random_key_is_any_key(connection):
    connection.pipeline(*[("SET", f"k{number}", "v") for number in range(4)])
    found = {connection.call("RANDOMKEY").value for _ in range(400)}
    assert found == {b"k0", b"k1", b"k2", b"k3"}


@pytest.mark.own
def test_two_stars_match_the_empty_key(connection):
    """For Redis they match all keys but that one."""
    connection.call("MSET", "", 1, "a", 2)
    assert sorted(connection.call("KEYS", "**").plain()) == [b"", b"a"]
