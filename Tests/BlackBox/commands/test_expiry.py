"""Expiry, beside redis-server."""

import time

import pytest

from harness import wait_until
from scenario import run, scenarios

EXPIRY = """
TTL k; PTTL k; SET k v; TTL k; PTTL k
EXPIRE k 100; PEXPIRE k 100; EXPIREAT k 33177117420; PEXPIREAT k 33177117420000
SET k v; EXPIRE k 100; [near 1] TTL k; [near 2000] PTTL k
SET k v; PEXPIRE k 100000; [near 1] TTL k; [near 2000] PTTL k
SET k v; EXPIREAT k 33177117420; EXPIRETIME k; PEXPIRETIME k
SET k v; PEXPIREAT k 33177117420123; EXPIRETIME k; PEXPIRETIME k
SET k v; PEXPIREAT k 33177117420999; EXPIRETIME k; PEXPIRETIME k
SET k v; EXPIRE k 0; EXISTS k; GET k
SET k v; EXPIRE k -1; EXISTS k; DBSIZE
SET k v; PEXPIRE k -100; EXISTS k
SET k v; EXPIREAT k 1; EXISTS k
SET k v; EXPIREAT k 0; EXISTS k
SET k v; PEXPIREAT k 1; EXISTS k
SET k v; EXPIREAT k -5; EXISTS k
SET k v; PEXPIRE k 30; @sleep 0.06; TTL k; PTTL k; EXISTS k; TYPE k; GET k
SET k v; EXPIRE k 100; PERSIST k; TTL k; PERSIST k
PERSIST k
PERSIST
PERSIST a b
SET k v; EXPIRE k 100 NX; EXPIRE k 200 NX; [near 1] TTL k
SET k v; EXPIRE k 100 XX; TTL k; EXPIRE k 100; EXPIRE k 200 XX; [near 1] TTL k
SET k v; EXPIRE k 100 GT; TTL k; EXPIRE k 100; EXPIRE k 50 GT; EXPIRE k 200 GT; [near 1] TTL k
SET k v; EXPIRE k 100 LT; [near 1] TTL k; EXPIRE k 200 LT; EXPIRE k 50 LT; [near 1] TTL k
SET k v; EXPIRE k 100 XX GT; TTL k; EXPIRE k 100; EXPIRE k 200 GT XX; [near 1] TTL k
SET k v; EXPIRE k 100 XX LT; TTL k; EXPIRE k 100; EXPIRE k 50 LT XX; [near 1] TTL k
SET k v; EXPIRE k 100; EXPIREAT k 33177117420 GT; EXPIREAT k 33177117420 GT; EXPIRETIME k; EXPIREAT k 33177117420 LT
SET k v; PEXPIREAT k 33177117420000 nx; PEXPIREAT k 33177117420000 xx; PEXPIRE k 100000 lt; [near 2000] PTTL k
SET k v; EXPIRE k 100 NX XX; EXPIRE k 100 NX GT; EXPIRE k 100 NX LT; EXPIRE k 100 GT LT; TTL k
EXPIRE k 100 NX XX
EXPIRE k 100 GT LT
SET k v; EXPIRE k 100 NX NX; [near 1] TTL k
SET k v; EXPIRE k 100 FOO; TTL k
SET k v; EXPIRE k 100 NX FOO
SET k v; EXPIRE k -1 NX; EXISTS k
SET k v EX 100; EXPIRE k -1 LT; EXISTS k
SET k v EX 100; EXPIRE k -1 GT; EXISTS k
SET k v EX 100; EXPIRE k 0 NX; EXISTS k
SET k v; EXPIRE k abc; EXPIRE k 1.5; EXPIRE k ""; EXPIRE k " 1"; TTL k
SET k v; EXPIRE k 9223372036854775807; EXPIRE k 9223372036854775808; EXPIRE k -9223372036854775808; EXISTS k
SET k v; EXPIRE k 9223372036854776; EXPIRE k 9223372036854775; EXPIRE k -9223372036854776; EXISTS k
SET k v; EXPIRE k 9007199254740992; [near 1] TTL k
SET k v; PEXPIRE k 9223372036854775807; TTL k; PEXPIRE k 9223370000000000000; TTL k
SET k v; EXPIREAT k 9223372036854775807; EXPIREAT k 9223372036854775; EXPIREAT k 9223372036854776; EXPIRETIME k
SET k v; PEXPIREAT k 9223372036854775807; PEXPIRETIME k; EXISTS k
SET k v; PEXPIREAT k -9223372036854775808; EXISTS k
EXPIRE k abc
EXPIRE k 9223372036854775807
EXPIRE k
EXPIRE
EXPIREAT k
PEXPIRE k
PEXPIREAT k
TTL
TTL a b
PTTL
EXPIRETIME
EXPIRETIME a b
PEXPIRETIME
SET k v EX 100; SET k w; TTL k
SET k v EX 100; GETSET k w; TTL k
SET k v EX 100; APPEND k w; INCRBYFLOAT l 1; [near 1] TTL k
SET k v PX 1; @sleep 0.02; INCR k; TTL k
SET k v PX 1; @sleep 0.02; APPEND k w; TTL k
SET k v PX 1; @sleep 0.02; SETNX k w; GET k; TTL k
SET k v PX 1; @sleep 0.02; RENAME k l
SET k v PX 1; @sleep 0.02; COPY k l; MOVE k 1; PERSIST k; EXPIRE k 10; OBJECT ENCODING k; DUMP k
SET k v PX 1; @sleep 0.02; DEL k; UNLINK k; TOUCH k; GETDEL k; GETEX k; STRLEN k; SET k w XX; RANDOMKEY
"""


@scenarios(EXPIRY)
def test_expiry(line, version, target, reference):
    run(line, version, target, reference)


@pytest.mark.subset
def test_the_sweep_frees_what_nobody_reads(connection):
    connection.pipeline(*[("SET", f"k{number}", "v", "PX", 50 + number % 100) for number in range(20_000)])
    connection.call("SET", "stays", "v")
    assert wait_until(lambda: connection.call("DBSIZE").value == 1, 10)
    assert connection.call("GET", "stays").value == b"v"


def test_expired_entries_are_counted(target, connection):
    before = int(target.information("stats")["expired_keys"])
    connection.pipeline(*[("SET", f"k{number}", "v", "PX", 1) for number in range(100)])
    assert wait_until(lambda: int(target.information("stats")["expired_keys"]) - before == 100)


def test_no_reader_sees_an_entry_after_its_time(connection):
    for milliseconds in (5, 10, 25, 60):
        start = time.monotonic()
        connection.call("SET", "k", "v", "PX", milliseconds)
        set_at = time.monotonic()
        while connection.call("GET", "k").value is not None:
            # Milliseconds are cut off, and the clock is read once a loop turn: some slack on both sides.
            assert time.monotonic() - set_at < milliseconds / 1000 + 0.5
        assert time.monotonic() - start >= milliseconds / 1000 - 0.002
