"""GET, SET and the other whole-value string commands, beside redis-server."""

from scenario import run, scenarios

SET = """
SET k v; GET k; TTL k
SET k ""; GET k; STRLEN k; EXISTS k
SET "" v; GET ""
SET "a\\x00b\\r\\n" "c\\x00d\\r\\n\\xff"; GET "a\\x00b\\r\\n"; STRLEN "a\\x00b\\r\\n"
set K v; Get K; get k
SET
SET k
GET
GET a b
GET k
SET k v foo
SET k v NX; SET k w NX; GET k
SET k v XX; GET k; SET k v; SET k w XX; GET k
SET k v NX XX
SET k v XX NX
SET k v nx xx get
SET k v GET; SET k w GET; GET k
SET k v GET NX; SET k w NX GET; GET k
SET k v XX GET; EXISTS k; SET k a; SET k b GET XX; GET k
SET k v GET GET; SET k w GET GET
SET k v NX NX; SET k w XX XX; GET k
SET k v EX 100; [near 1] TTL k
SET k v PX 100000; [near 2000] PTTL k
SET k v EXAT 33177117420; EXPIRETIME k; PEXPIRETIME k
SET k v PXAT 33177117420000; EXPIRETIME k; PEXPIRETIME k
SET k v EXAT 1; GET k; EXISTS k
SET k v; SET k w PXAT 1; GET k; DBSIZE
SET k v EX 100 NX; [near 1] TTL k; SET k w NX EX 200; [near 1] TTL k
SET k v px 100000 nx get; [near 2000] PTTL k
SET k v EX 100; SET k w; TTL k
SET k v EX 100; SET k w KEEPTTL; [near 1] TTL k; GET k
SET k v KEEPTTL; TTL k
SET k v EX 100; SET k w XX KEEPTTL GET; [near 1] TTL k
SET k v KEEPTTL EX 10
SET k v EX 10 KEEPTTL
SET k v KEEPTTL KEEPTTL
SET k v EX 10 PX 10
SET k v PX 10 EX 10
SET k v EX 10 EX 20
SET k v EXAT 10 EX 10
SET k v EX 10 PXAT 10
SET k v PXAT 10 EXAT 10
SET k v PERSIST
SET k v EX
SET k v PX
SET k v EX NX
SET k v EXAT
SET k v NX EX
SET k v EX abc
SET k v EX ""
SET k v EX 1.5
SET k v EX " 1"
SET k v EX +1
SET k v EX 01
SET k v EX 0; EXISTS k
SET k v EX -1; EXISTS k
SET k v PX 0
SET k v PX -1
SET k v EXAT 0
SET k v EXAT -1
SET k v PXAT 0
SET k v PXAT -5
SET k v EX 9223372036854775807
SET k v EX 9223372036854775808
SET k v EX 9223372036854776
SET k v EX 9223372036854775
SET k v PX 9223372036854775807
SET k v PX 9223372036854770000
SET k v EXAT 9223372036854775807
SET k v EXAT 9223372036854775
SET k v EXAT 9223372036854776
SET k v PXAT 9223372036854775807; PEXPIRETIME k
SET k v; SET k w EX 0; GET k; TTL k
SET k v; SET k w EX abc; GET k
SET k v; SET k w NX EX 0; GET k
SET k v PX 30; @sleep 0.06; GET k; EXISTS k; DBSIZE
SET k {v*100000}; STRLEN k; GET k
SET k 12345; OBJECT ENCODING k; GET k
SET k 012345; OBJECT ENCODING k; GET k
SET k -0; GET k; OBJECT ENCODING k
SET k 9223372036854775807; OBJECT ENCODING k; GET k
SET k 9223372036854775808; OBJECT ENCODING k; GET k
SET k -9223372036854775808; OBJECT ENCODING k; GET k
SET k {v*44}; OBJECT ENCODING k; SET k {v*45}; OBJECT ENCODING k
SETNX k v; SETNX k w; GET k
SETNX k
SETNX k v w
SET k v EX 100; SETNX k w; [near 1] TTL k
SETEX k 100 v; GET k; [near 1] TTL k
SETEX k 0 v
SETEX k -1 v
SETEX k abc v
SETEX k 9223372036854775807 v
SETEX k 10
SETEX k 10 v w
PSETEX k 100000 v; GET k; [near 2000] PTTL k
PSETEX k 0 v
PSETEX k -1 v
PSETEX k 1.5 v
PSETEX k 9223372036854775807 v
PSETEX k 10
SET k v EX 100; SETEX k 200 w; [near 1] TTL k; GET k
"""

OTHERS = """
GETSET k v; GETSET k w; GET k
SET k v EX 100; GETSET k w; TTL k
GETSET k
GETSET k v w
GETDEL k; SET k v; GETDEL k; EXISTS k
GETDEL
GETDEL a b
GETEX k; SET k v; GETEX k; TTL k
SET k v; GETEX k EX 100; [near 1] TTL k
SET k v; GETEX k PX 100000; [near 2000] PTTL k
SET k v; GETEX k EXAT 33177117420; EXPIRETIME k
SET k v; GETEX k PXAT 33177117420000; PEXPIRETIME k
SET k v EX 100; GETEX k; [near 1] TTL k
SET k v EX 100; GETEX k PERSIST; TTL k
SET k v; GETEX k persist; TTL k
SET k v; GETEX k EXAT 1; EXISTS k; GET k
SET k v; GETEX k PXAT 1; EXISTS k
GETEX k EX 100; EXISTS k
SET k v; GETEX k EX 0; GETEX k EX -1; GETEX k PX 0; GETEX k EXAT 0; GETEX k EX abc; TTL k
SET k v; GETEX k EX 9223372036854775807; GETEX k PX 9223372036854775807
GETEX
GETEX k EX
GETEX k foo
GETEX k NX
GETEX k GET
GETEX k KEEPTTL
GETEX k EX 10 PX 10
GETEX k EX 10 PERSIST
GETEX k PERSIST EX 10
GETEX k PERSIST PERSIST
GETEX k EX 10 EX 10
MGET a; SET a 1; SET b 2; MGET a b c a
MGET
MGET "" ""
MSET a 1 b 2; MGET a b
MSET a 1 a 2; GET a
MSET a 1 b
MSET a
MSET
SET a x EX 100; MSET a 1; TTL a
MSETNX a 1 b 2; MGET a b; MSETNX b 3 c 4; MGET b c
MSETNX a 1 a 2; GET a
MSETNX a 1 b
MSETNX a
MSETNX
APPEND k abc; APPEND k def; GET k
APPEND k ""; EXISTS k; GET k
SET k v EX 100; APPEND k w; [near 1] TTL k; GET k
SET k 10; APPEND k 5; GET k; INCR k; OBJECT ENCODING k
APPEND k
APPEND k a b
STRLEN k; SET k hello; STRLEN k; SET k 12345; STRLEN k
STRLEN
STRLEN a b
LCS a b
MSET a ohmytext b mynewtext; LCS a b; LCS a b LEN; LCS a b IDX
MSET a ohmytext b mynewtext; LCS a b IDX MINMATCHLEN 4; LCS a b IDX WITHMATCHLEN; LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN
MSET a ohmytext b mynewtext; LCS a b LEN IDX
MSET a ohmytext b mynewtext; LCS a b MINMATCHLEN abc
MSET a ohmytext b mynewtext; LCS a b IDX MINMATCHLEN -5; LCS a b IDX MINMATCHLEN
MSET a ohmytext b mynewtext; LCS a b LEN LEN; LCS a b WITHMATCHLEN; LCS a b MINMATCHLEN 4
MSET a ohmytext; LCS a b LEN; LCS a b; LCS a b IDX
MSET a 12345 b 3451; LCS a b; LCS a b IDX WITHMATCHLEN
MSET a aaaa b aaaa; LCS a b IDX; LCS a a LEN
LCS a
LCS
LCS a b foo
MSET a {abcde*50} b {badce*50}; LCS a b LEN; LCS a b
"""


@scenarios(SET)
def test_set(line, version, target, reference):
    run(line, version, target, reference)


@scenarios(OTHERS)
def test_others(line, version, target, reference):
    run(line, version, target, reference)
