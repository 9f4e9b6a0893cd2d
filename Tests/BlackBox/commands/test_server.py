"""Server commands, beside redis-server."""

import re
import time

import pytest

from scenario import run, scenarios

OPTIONS = {"enable_debug_command": "yes"}

SERVER = """
[shape] TIME
TIME a
[kind] LASTSAVE
LASTSAVE a
ROLE
ROLE a
WAIT 0 0; WAIT 0 100; WAIT 1 10; WAIT abc 0; WAIT 0 abc; WAIT 0 -1
WAIT
WAIT 1
[kind] LOLWUT
[kind] LOLWUT VERSION 5
REPLICAOF NO ONE
READONLY
READWRITE
ASKING
CLUSTER INFO
CLUSTER NODES
CLUSTER SLOTS
CLUSTER SHARDS
CLUSTER FOO
CLUSTER
[prefix] CLUSTER MEET 127.0.0.1
CLUSTER HELP; CLUSTER MYID; CLUSTER LINKS; CLUSTER KEYSLOT a; CLUSTER COUNTKEYSINSLOT 1; CLUSTER GETKEYSINSLOT 1 2
CLUSTER ADDSLOTS 1 2; CLUSTER ADDSLOTS; CLUSTER ADDSLOTSRANGE 1 2; CLUSTER ADDSLOTSRANGE 1; CLUSTER DELSLOTS 1; CLUSTER DELSLOTSRANGE 1 2
CLUSTER MEET 127.0.0.1 1; CLUSTER RESET; CLUSTER RESET HARD; CLUSTER BUMPEPOCH; CLUSTER SETSLOT 1 STABLE; CLUSTER FAILOVER; CLUSTER REPLICATE x
CLUSTER REPLICAS x; CLUSTER SLAVES x; CLUSTER SAVECONFIG; CLUSTER FLUSHSLOTS; CLUSTER FLUSHSLOTS x; CLUSTER FORGET x; CLUSTER SET-CONFIG-EPOCH 1
CLUSTER COUNT-FAILURE-REPORTS x; CLUSTER COUNT-FAILURE-REPORTS; CLUSTER INFO x; CLUSTER NODES x
FAILOVER; FAILOVER ABORT; FAILOVER TO; FAILOVER TO a b; FAILOVER TIMEOUT 0; FAILOVER TIMEOUT a; FAILOVER FOO; FAILOVER ABORT FORCE
[kind] LOLWUT x; [kind] LOLWUT VERSION; LOLWUT VERSION x
SHUTDOWN FOO; SHUTDOWN SAVE NOSAVE; SHUTDOWN ABORT; SHUTDOWN ABORT NOW; SHUTDOWN NOW FOO; SHUTDOWN ABORT SAVE
MEMORY USAGE nokey SAMPLES; MEMORY USAGE nokey SAMPLES -1; MEMORY USAGE nokey SAMPLES 0 SAMPLES 1; MEMORY USAGE nokey FOO 1
LATENCY HISTOGRAM nosuch; LATENCY HISTORY nosuch; LATENCY GRAPH nosuch; LATENCY RESET nosuch; LATENCY GRAPH; LATENCY LATEST x
SLOWLOG GET -2; SLOWLOG GET a; SLOWLOG GET 0; SLOWLOG GET 1 2; SLOWLOG LEN x; SLOWLOG RESET x
MULTI; CONFIG SET timeout 17; CONFIG GET timeout; CONFIG SET timeout 0 nosuch 1; EXEC; CONFIG SET timeout 0
SET k v; MULTI; CONFIG SET maxmemory 1gb; GET k; DBSIZE; CONFIG SET maxmemory 0 maxmemory-policy noeviction; SET k w; EXEC; GET k
SENTINEL MASTERS
[kind] INFO
[kind] INFO server
[kind] INFO SERVER memory
[kind] INFO all
[kind] INFO everything
[kind] INFO default
INFO nosuchsection
INFO nosuch another
CONFIG
CONFIG FOO
CONFIG GET
CONFIG GET nosuchparameter
CONFIG GET nosuch* other*
CONFIG SET
CONFIG SET maxmemory
CONFIG SET maxmemory 1gb timeout
CONFIG RESETSTAT; CONFIG RESETSTAT a
CONFIG REWRITE a
[kind] CONFIG HELP
CONFIG GET save; CONFIG GET appendonly; CONFIG GET databases
CONFIG GET SAVE; CONFIG GET Save
[names] CONFIG GET save appendonly
CONFIG GET databases databases
[kind] CONFIG GET maxmemory*
[kind] CONFIG GET *
CONFIG SET nosuch 1
CONFIG SET timeout abc
CONFIG SET timeout -1
CONFIG SET timeout ""
[prefix] CONFIG SET maxmemory abc
[prefix] CONFIG SET maxmemory -1
[prefix] CONFIG SET maxmemory 10xb
[prefix] CONFIG SET maxmemory-policy foo
CONFIG SET maxclients 0
CONFIG SET databases 32
[prefix] CONFIG SET port abc
CONFIG SET slowlog-max-len -5
[prefix] CONFIG SET lazyfree-lazy-user-del maybe
CONFIG SET timeout 10 timeout 20
[prefix] CONFIG SET timeout 17 maxmemory-policy foo; CONFIG GET timeout
CONFIG SET timeout 17 nosuch 1; CONFIG GET timeout
CONFIG SET timeout 17; CONFIG GET timeout; CONFIG SET timeout 0; CONFIG GET timeout
CONFIG SET maxmemory 1kb; CONFIG GET maxmemory; CONFIG SET maxmemory 0
CONFIG SET maxmemory 1k; CONFIG GET maxmemory; CONFIG SET maxmemory 2MB; CONFIG GET maxmemory; CONFIG SET maxmemory 0
CONFIG SET maxmemory 1Gb maxmemory-policy allkeys-lru; CONFIG GET maxmemory-policy; CONFIG SET maxmemory 0
CONFIG SET maxmemory-policy volatile-ttl; CONFIG GET maxmemory-policy; CONFIG SET maxmemory-policy noeviction
CONFIG SET maxmemory-policy ALLKEYS-LRU; CONFIG GET maxmemory-policy; CONFIG SET maxmemory-policy noeviction
CONFIG SET slowlog-log-slower-than 5000; CONFIG GET slowlog-log-slower-than; CONFIG SET slowlog-log-slower-than 10000
DEBUG
DEBUG SLEEP 0
DEBUG SLEEP 0.01
DEBUG SET-ACTIVE-EXPIRE 0; SET k v PX 10; @sleep 0.1; DBSIZE; GET k; DBSIZE; DEBUG SET-ACTIVE-EXPIRE 1
DEBUG OBJECT nosuch
SET k v; [prefix] DEBUG OBJECT k
SET k v; [kind] MEMORY USAGE k; [kind] MEMORY USAGE k SAMPLES 5; MEMORY USAGE none
SET k v; MEMORY USAGE k SAMPLES abc; MEMORY USAGE k FOO 1; MEMORY USAGE k SAMPLES -1; MEMORY USAGE k SAMPLES
MEMORY
MEMORY FOO
MEMORY USAGE
[kind] MEMORY DOCTOR
[kind] MEMORY STATS
[kind] MEMORY HELP
MEMORY PURGE; MEMORY PURGE a
SLOWLOG RESET; SLOWLOG LEN
SLOWLOG
SLOWLOG FOO
SLOWLOG GET abc
SLOWLOG GET -5
SLOWLOG GET 1 2
SLOWLOG LEN a
[kind] SLOWLOG HELP
[kind] SLOWLOG GET -1
LATENCY RESET
LATENCY LATEST
LATENCY HISTORY command
LATENCY RESET command
LATENCY
LATENCY FOO
LATENCY HISTORY
[kind] LATENCY DOCTOR
[kind] LATENCY HELP
[kind] LATENCY HISTOGRAM
[kind] LATENCY HISTOGRAM get set
LATENCY HISTOGRAM nosuchcommand
SHUTDOWN FOO
SHUTDOWN NOSAVE SAVE
SHUTDOWN NOSAVE NOSAVE ABORT
SHUTDOWN ABORT
MONITOR a
SAVE a
"""


@scenarios(SERVER)
def test_server(line, version, target, reference):
    run(line, version, target, reference)


def test_time_is_now(connection):
    seconds, microseconds = connection.call("TIME").plain()
    assert abs(int(seconds) - time.time()) < 2
    assert 0 <= int(microseconds) < 1_000_000


def test_slowlog_records_and_is_bounded(target, connection):
    connection.call("CONFIG", "SET", "slowlog-log-slower-than", 0, "slowlog-max-len", 5)
    try:
        connection.call("SLOWLOG", "RESET")
        connection.call("CLIENT", "SETNAME", "slow")
        for number in range(10):
            connection.call("SET", f"k{number}", "v" * 500)
        assert connection.call("SLOWLOG", "LEN").value == 5
        entries = connection.call("SLOWLOG", "GET", 10).plain()
        assert len(entries) == 5
        identity, when, microseconds, arguments, address, name = [e for e in entries if e[3][0].lower() == b"set"][0]
        assert isinstance(identity, int) and abs(when - time.time()) < 5 and microseconds >= 0
        assert address == b"%s:%d" % (connection.socket.getsockname()[0].encode(), connection.socket.getsockname()[1])
        assert name == b"slow"
        assert re.fullmatch(rb"v{128}\.\.\. \(372 more bytes\)", arguments[2])
    finally:
        connection.call("CONFIG", "SET", "slowlog-log-slower-than", 10000, "slowlog-max-len", 128)


def test_slowlog_cuts_long_commands(connection):
    connection.call("CONFIG", "SET", "slowlog-log-slower-than", 0)
    try:
        connection.call("SLOWLOG", "RESET")
        connection.call("MGET", *range(100))
        entries = connection.call("SLOWLOG", "GET", -1).plain()
        arguments = next(entry[3] for entry in entries if entry[3][0].lower() == b"mget")
        assert len(arguments) == 32 and arguments[-1] == b"... (70 more arguments)"
    finally:
        connection.call("CONFIG", "SET", "slowlog-log-slower-than", 10000)


@pytest.mark.parametrize("version", [2, 3])
def test_monitor(target, connection, version):
    with target.connect() as watcher:
        watcher.hello(version)
        assert watcher.call("MONITOR") == ("simple", b"OK")
        connection.call("SET", "key", 'a"b\r\n\x00')
        connection.call("SELECT", 3)
        connection.call("get", "key")
        lines = [watcher.read() for _ in range(3)]
        assert all(line.kind == "simple" for line in lines)
        address = ("%s:%d" % connection.socket.getsockname()).encode()
        pattern = rb'\d+\.\d{6} \[0 ' + re.escape(address) + rb'\] "SET" "key" "a\\"b\\r\\n\\x00"'
        assert re.fullmatch(pattern, lines[0].value), lines[0]
        assert b'[3 ' in lines[2].value and lines[2].value.endswith(b'"get" "key"')


def test_monitor_hides_passwords(target, connection):
    with target.connect() as watcher:
        watcher.call("MONITOR")
        connection.call("AUTH", "secret-word")
        connection.call("HELLO", 2, "AUTH", "default", "secret-word")
        connection.call("PING", "end")
        line = b""
        while b'"end"' not in line:
            line = watcher.read().value
            assert b"secret-word" not in line


def test_debug_sleep_holds_up_only_its_time(connection):
    start = time.monotonic()
    assert connection.call("DEBUG", "SLEEP", "0.2").value == b"OK"
    assert time.monotonic() - start >= 0.19
