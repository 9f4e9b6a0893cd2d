"""What Redis 8.4 and Valkey 9 have and Redis 7.0 has not; expected replies by their documentation.

Run with BLACKBOX_TARGET=valkey, the first table checks itself against Valkey 9.1.
"""

import pytest

from harness import KIND
from scenario import run, scenarios

# SET IFEQ: Valkey 8.1 and Redis 8.4. DELIFEQ: Valkey 9.0. MSETEX: Redis 8.4 and Valkey 9.1.
BOTH = """
SET k v IFEQ v => nil; EXISTS k => :0
SET k v => OK; SET k w IFEQ v => OK; GET k => "w"; SET k x IFEQ v => nil; GET k => "w"
SET k v => OK; SET k w IFEQ v GET => "v"; GET k => "w"; SET k x IFEQ v GET => "w"; GET k => "w"
SET k v IFEQ v GET => nil; EXISTS k => :0
SET k v EX 100 => OK; SET k w IFEQ v => OK; TTL k => :-1
SET k v EXAT 33177117420 => OK; SET k w IFEQ v KEEPTTL => OK; EXPIRETIME k => :33177117420
SET k v => OK; SET k w IFEQ v EXAT 33177117420 => OK; EXPIRETIME k => :33177117420
SET k 12345 => OK; SET k 1 IFEQ 12345 => OK; GET k => "1"
SET k v => OK; set k w ifeq v => OK; SET k "" ifeq w => OK; SET k z IFEQ "" => OK
SET k v IFEQ => -ERR syntax error
SET k v NX IFEQ v => -ERR syntax error
SET k v IFEQ v NX => -ERR syntax error
SET k v XX IFEQ v => -ERR syntax error
SET k v IFEQ v XX => -ERR syntax error
MULTI => OK; SET k v => +QUEUED; SET k w IFEQ v => +QUEUED; EXEC => [OK, OK]
DELIFEQ k v => :0; SET k v => OK; DELIFEQ k w => :0; DELIFEQ k v => :1; EXISTS k => :0
SET k 12345 => OK; DELIFEQ k 12345 => :1
SET k v PX 1 => OK; @sleep 0.02; DELIFEQ k v => :0
DELIFEQ k => -ERR wrong number of arguments for 'delifeq' command
DELIFEQ k a b => -ERR wrong number of arguments for 'delifeq' command
MSETEX 2 a 1 b 2 => :1; MGET a b => ["1", "2"]; TTL a => :-1
MSETEX 1 a 1 EXAT 33177117420 => :1; EXPIRETIME a => :33177117420
MSETEX 2 a 1 b 2 PXAT 33177117420123 => :1; PEXPIRETIME b => :33177117420123
MSETEX 1 a 1 EX 100 => :1; MSETEX 1 a 2 => :1; TTL a => :-1
MSETEX 1 a 1 EXAT 33177117420 => :1; MSETEX 1 a 2 KEEPTTL => :1; EXPIRETIME a => :33177117420; GET a => "2"
MSETEX 2 a 1 b 2 NX => :1; MSETEX 2 b 3 c 4 NX => :0; MGET b c => ["2", nil]
MSETEX 2 a 1 b 2 XX => :0; EXISTS a b => :0; MSET a 0 b 0 => OK; MSETEX 2 a 1 b 2 XX => :1; MGET a b => ["1", "2"]
SET a 0 => OK; MSETEX 2 a 1 b 2 XX => :0; GET a => "0"
MSETEX 1 a 1 PX 10 NX => :1; @sleep 0.05; EXISTS a => :0
MSETEX 2 a 1 a 2 => :1; GET a => "2"
MSETEX 0 a 1 => -ERR*; EXISTS a => :0
MSETEX -1 a 1 => -ERR*
MSETEX abc a 1 => -ERR*
MSETEX 2 a 1 => -ERR*; EXISTS a => :0
MSETEX 9223372036854775807 a 1 => -ERR*
MSETEX 4611686018427387904 a 1 => -ERR*
MSETEX 1 a 1 NX XX => -ERR*; EXISTS a => :0
MSETEX 1 a 1 EX 10 PX 10 => -ERR*
MSETEX 1 a 1 EX 10 KEEPTTL => -ERR*
MSETEX 1 a 1 EX 0 => -ERR invalid expire time in 'msetex' command; EXISTS a => :0
MSETEX 1 a 1 EX abc => -ERR*
MSETEX 1 a 1 EX => -ERR*
MSETEX 1 a 1 EX 9223372036854775807 => -ERR*
MSETEX 1 a 1 FOO => -ERR*; EXISTS a => :0
MSETEX 1 a => -ERR wrong number of arguments for 'msetex' command
MSETEX => -ERR wrong number of arguments for 'msetex' command
"""

# Redis 8.4 alone. The digest is XXH3-64 in 16 lower-case hexadecimal digits.
REDIS = """
DIGEST k => nil; SET k "Hello world" => OK; DIGEST k => "b6acb9d84a38ff74"
SET k "" => OK; DIGEST k => "2d06800538d394c2"
SET k 12345 => OK; APPEND l 1234 => :4; APPEND l 5 => :5; SET k 12345 IFDEQ 0000000000000000 => nil
DIGEST => -ERR wrong number of arguments for 'digest' command
DIGEST a b => -ERR wrong number of arguments for 'digest' command
SET k v IFNE v => OK; GET k => "v"; SET k w IFNE v => nil; GET k => "v"; SET k w IFNE x => OK; GET k => "w"
SET k v => OK; SET k w IFNE x GET => "v"; SET k z IFNE w GET => "w"; GET k => "w"
SET k "Hello world" => OK; SET k w IFDEQ b6acb9d84a38ff74 => OK; GET k => "w"
SET k "Hello world" => OK; SET k w IFDEQ B6ACB9D84A38FF74 => OK
SET k "Hello world" => OK; SET k w IFDEQ b6acb9d84a38ff75 => nil; SET k w IFDNE b6acb9d84a38ff74 => nil; GET k => "Hello world"
SET k "Hello world" => OK; SET k w IFDNE b6acb9d84a38ff75 => OK; GET k => "w"
SET k v IFDEQ b6acb9d84a38ff74 => nil; EXISTS k => :0; SET k v IFDNE b6acb9d84a38ff74 => OK; GET k => "v"
SET k v IFEQ a IFNE b => -ERR syntax error
SET k v IFNE a NX => -ERR syntax error
SET k v IFDEQ => -ERR syntax error
SET k v => OK; SET k w IFDEQ abc => -ERR*; SET k w IFDNE zzzzzzzzzzzzzzzz => ?; GET k => ?
DELEX k => :0; SET k v => OK; DELEX k => :1; EXISTS k => :0
DELEX k IFEQ v => :0; SET k v => OK; DELEX k IFEQ w => :0; DELEX k IFEQ v => :1; EXISTS k => :0
DELEX k IFNE v => :0; SET k v => OK; DELEX k IFNE v => :0; DELEX k IFNE w => :1; EXISTS k => :0
SET k "Hello world" => OK; DELEX k IFDEQ b6acb9d84a38ff75 => :0; DELEX k IFDEQ b6acb9d84a38ff74 => :1
SET k "Hello world" => OK; DELEX k IFDNE b6acb9d84a38ff74 => :0; DELEX k ifdne b6acb9d84a38ff75 => :1
DELEX => -ERR wrong number of arguments for 'delex' command
DELEX k IFEQ => -ERR*
DELEX k FOO v => -ERR*
DELEX k IFEQ a b => -ERR*
"""


@scenarios(BOTH)
def test_redis_and_valkey(line, version, target):
    run(line, version, target, None)


@scenarios(REDIS)
@pytest.mark.own
def test_redis_8_4(line, version, target):
    run(line, version, target, None)

# Redis 8.8 alone, NX and XX Valkey 9.2 alone. Floats are doubles with RESP3, hence tables of their own.
COUNTER = """
INCREX k => [:1, :1]; INCREX k => [:2, :1]; INCREX k BYINT -10 => [:-8, :-10]; INCREX k byint 0 => [:-8, :0]; GET k => "-8"
SET k 50 => OK; INCREX k BYINT 100 UBOUND 80 => [:50, :0]; INCREX k UBOUND 80 BYINT 100 SATURATE => [:80, :30]; GET k => "80"
SET k 10 => OK; INCREX k BYINT -100 LBOUND 0 => [:10, :0]; INCREX k BYINT -100 LBOUND 0 SATURATE => [:0, :-10]
SET k 50 => OK; INCREX k BYINT 5 UBOUND 30 => [:50, :0]; INCREX k BYINT 5 UBOUND 30 SATURATE => [:30, :-20]
SET k 50 => OK; INCREX k BYINT -25 UBOUND 30 => [:25, :-25]; INCREX k BYINT 5 LBOUND 0 UBOUND 30 => [:30, :5]
SET k 9223372036854775800 => OK; INCREX k BYINT 9 => [:9223372036854775800, :0]; INCREX k BYINT 9 SATURATE => [:9223372036854775807, :7]
SET k -9223372036854775800 => OK; INCREX k BYINT -9 SATURATE => [:-9223372036854775808, :-8]
SET k 9223372036854775800 => OK; INCREX k SATURATE UBOUND -9223372036854775808 => -ERR applied increment would overflow; GET k => "9223372036854775800"
INCREX k BYINT 5 LBOUND 10 => [:0, :0]; EXISTS k => :0; INCREX k BYFLOAT -0.5 UBOUND -1.5 => ?; EXISTS k => :0
INCREX k EX 100 => [:1, :1]; TTL k => :100; INCREX k => [:2, :1]; TTL k => :100; INCREX k PERSIST => [:3, :1]; TTL k => :-1
INCREX k EX 100 ENX => [:1, :1]; INCREX k EX 500 ENX => [:2, :1]; TTL k => :100; INCREX k EXAT 1 ENX => [:3, :1]; TTL k => :100
INCREX k PX 100000 UBOUND 0 => [:0, :0]; SET k 1 => OK; INCREX k EX 100 UBOUND 0 => [:1, :0]; TTL k => :-1
INCREX k EXAT 33177117420 => [:1, :1]; EXPIRETIME k => :33177117420; INCREX k PXAT 33177117420123 => [:2, :1]; PEXPIRETIME k => :33177117420123
INCREX k EXAT 1 => [:1, :1]; EXISTS k => :0; SET k 5 => OK; INCREX k PXAT 1 => [:6, :1]; EXISTS k => :0
SET k 1.5 => OK; INCREX k => -ERR value is not an integer or out of range; INCREX k BYFLOAT 0.25 => ?; GET k => "1.75"
SET k 10 => OK; INCREX k BYFLOAT 100 UBOUND 42.5 SATURATE => ?; GET k => "42.5"; INCREX k BYFLOAT 1 UBOUND 42.5 => ?; GET k => "42.5"
SET k 2 => OK; INCREX k BYFLOAT 0.5 EX 100 => ?; TTL k => :100; INCREX k BYFLOAT 0.5 EX 500 ENX => ?; TTL k => :100; GET k => "3"
INCREX k BYFLOAT inf => -ERR BYFLOAT increment cannot be Infinity; SET k -inf => OK; INCREX k BYFLOAT 1 => -ERR value cannot be Infinity
INCREX k BYFLOAT 1 LBOUND inf UBOUND inf SATURATE => -ERR applied increment would be Infinity; EXISTS k => :0
INCREX k XX => [:0, :0]; EXISTS k => :0; INCREX k NX => [:1, :1]; INCREX k NX => [:1, :0]; INCREX k XX => [:2, :1]; GET k => "2"
INCREX k BYINT abc => -ERR Increment is not an integer or out of range; INCREX k BYFLOAT "" => -ERR Increment is not a valid float
INCREX k LBOUND 1.5 => -ERR LBOUND is not an integer or out of range; INCREX k BYFLOAT 1 UBOUND x => -ERR UBOUND is not a valid float
INCREX k LBOUND 10 UBOUND 5 => -ERR LBOUND can't be greater than UBOUND; INCREX k BYFLOAT 1 LBOUND inf => -ERR LBOUND can't be greater than UBOUND
INCREX k ENX => -ERR ENX flag requires an expiration; INCREX k EX 0 => -ERR invalid expire time in 'increx' command
SET k abc => OK; INCREX k => -ERR value is not an integer or out of range; INCREX k BYFLOAT 1 => -ERR value is not a valid float
INCREX => -ERR wrong number of arguments for 'increx' command
COMMAND GETKEYS INCREX a BYINT 2 => ["a"]
"""

CONTRADICTIONS = (
    "FOO", "BYINT", "BYINT 1 BYFLOAT 1", "BYINT 1 BYINT 2", "BYFLOAT 1 BYFLOAT 2", "LBOUND 0 LBOUND 1", "UBOUND 9 UBOUND 8",
    "SATURATE SATURATE", "ENX ENX EX 10", "PERSIST PERSIST", "PERSIST ENX", "ENX PERSIST", "EX 10 EX 20", "EX 10 PX 10",
    "EX 10 PERSIST", "PERSIST EX 10", "NX XX", "NX NX",
)


@scenarios(COUNTER + "\n".join(f"INCREX k {words} => -ERR syntax error; EXISTS k => :0" for words in CONTRADICTIONS))
@pytest.mark.own
def test_redis_8_8(line, version, target):
    run(line, version, target, None)


@pytest.mark.own
@pytest.mark.parametrize("version, kind", [(2, "bulk"), (3, "double")])
def test_counter_replies_floats_as_the_protocol_has_them(target, version, kind):
    with target.connect() as client:
        client.hello(version)
        client.call("SET", "k", "1.5")
        assert client.call("INCREX", "k", "BYFLOAT", "0.25").value == ((kind, b"1.75"), (kind, b"0.25"))
        assert client.call("INCREX", "k", "BYFLOAT", "9", "UBOUND", "2").value == ((kind, b"1.75"), (kind, b"0"))
        assert client.call("INCREX", "k", "NX", "BYFLOAT", "1").value == ((kind, b"1.75"), (kind, b"0"))
