"""SETBIT, GETBIT, BITCOUNT, BITPOS and BITOP, beside redis-server."""

import random
import threading

import pytest

from scenario import run, scenarios

SINGLE = """
SETBIT k 7 1; GET k; GETBIT k 7; GETBIT k 6; GETBIT k 100; SETBIT k 7 0; GET k
SETBIT k 100 0; STRLEN k; EXISTS k
SETBIT k 0 2
SETBIT k 0 -1
SETBIT k 0 abc
SETBIT k 0 11
SETBIT k -1 1
SETBIT k abc 1
SETBIT k 4294967296 1
SETBIT k 99999999999 1
SETBIT k 9223372036854775808 1
SETBIT k +1 1
SETBIT k 0
SETBIT k 0 1 2
SET k v EX 100; SETBIT k 3 1; [near 1] TTL k; GET k
SET k 123; SETBIT k 0 1; GET k; GETBIT k 2; GETBIT k 3
GETBIT k 0
GETBIT k -1
GETBIT k abc
GETBIT k 4294967296
GETBIT k
GETBIT k 0 1
SETBIT k 8000 1; GETBIT k 8000; BITCOUNT k; STRLEN k
"""

COUNTS = """
BITCOUNT k
SET k foobar; BITCOUNT k; BITCOUNT k 0 0; BITCOUNT k 1 1; BITCOUNT k 0 -1; BITCOUNT k -2 -1; BITCOUNT k 10 20; BITCOUNT k 5 1
SET k foobar; BITCOUNT k 1 1 BYTE; BITCOUNT k 5 30 BIT; BITCOUNT k 5 30 bit; BITCOUNT k 0 -1 BIT; BITCOUNT k -8 -1 BIT
SET k foobar; BITCOUNT k 0 0 BIT; BITCOUNT k 1 1 BIT; BITCOUNT k 47 47 BIT; BITCOUNT k 48 100 BIT; BITCOUNT k -100 3 BIT
SET k foobar; BITCOUNT k -100 -90; BITCOUNT k -1 -2; BITCOUNT k -9223372036854775808 9223372036854775807
SET k foobar; BITCOUNT k 0 1 BITS
SET k foobar; BITCOUNT k 0 1 BIT 2
SET k foobar; BITCOUNT k a 1
SET k foobar; BITCOUNT k 0 b
SET k foobar; BITCOUNT k 0 9223372036854775808
BITCOUNT
SET k 12345; BITCOUNT k; BITCOUNT k 0 1
SET k {x*1000}; BITCOUNT k; BITCOUNT k 3 997; BITCOUNT k 7 7993 BIT
SET k ""; BITCOUNT k; BITCOUNT k 0 -1
BITPOS k 1; BITPOS k 0
SET k "\\xff\\xf0\\x00"; BITPOS k 0; BITPOS k 1; BITPOS k 1 2; BITPOS k 0 2; BITPOS k 0 0 0; BITPOS k 1 2 2; BITPOS k 0 0 1
SET k "\\xff\\xff"; BITPOS k 0; BITPOS k 0 0; BITPOS k 0 0 -1; BITPOS k 0 1 1; BITPOS k 0 0 15 BIT; BITPOS k 0 5
SET k "\\x00\\xff\\xf0"; BITPOS k 1 0; BITPOS k 1 2; BITPOS k 1 2 -1 BYTE; BITPOS k 1 7 15 BIT; BITPOS k 1 7 -3 BIT; BITPOS k 0 9 -1 BIT
SET k "\\x00\\x00"; BITPOS k 1; BITPOS k 1 0 -1; BITPOS k 1 5 6; BITPOS k 0 1 0; BITPOS k 0 5
SET k "\\x01"; BITPOS k 1 -1 -1 BIT; BITPOS k 1 -100 -1; BITPOS k 1 -3 -2; BITPOS k 0 -1 -1 BIT
BITPOS k
BITPOS k 2
BITPOS k -1
SET k v; BITPOS k 2; BITPOS k a; BITPOS k 1 a; BITPOS k 1 0 b; BITPOS k 1 0 1 BITS; BITPOS k 1 0 1 BIT x
SET k ""; BITPOS k 0; BITPOS k 1; BITPOS k 0 0 -1
SET k {x*500}; BITPOS k 1 300; BITPOS k 0 300 400 BYTE; BITPOS k 1 2401 2500 BIT
"""

OPERATIONS = """
MSET a foobar b abcdef; BITOP AND d a b; GET d; BITOP OR d a b; GET d; BITOP XOR d a b; GET d; BITOP NOT d a; GET d
MSET a foobar b ab; BITOP AND d a b; GET d; BITOP OR d a b; GET d; BITOP XOR d a b; GET d
SET a foobar; BITOP AND d a none; GET d; BITOP OR d a none; GET d; BITOP XOR d none a; GET d
BITOP AND d none other; EXISTS d
SET d x; BITOP AND d none other; EXISTS d
SET d x EX 100; SET a y; BITOP OR d a; GET d; TTL d
SET a x; BITOP NOT a a; GET a
BITOP NOT d none; EXISTS d
BITOP NOT d a b
BITOP FOO d a
BITOP AND d
BITOP AND
BITOP
MSET a 123 b 321; BITOP xor d a b; GET d
MSET a {abcdefgh*40} b {hgfedcba*33} c {q*100}; BITOP AND d a b c; GET d; BITOP OR d a b c; GET d; BITOP XOR d a b c; GET d
MSET a {abcdefgh*40}; BITOP AND d a a a a a a a a a a a a a a a a a; GET d; BITOP NOT d a; GET d
SET a ""; BITOP OR d a; EXISTS d
"""


@scenarios(SINGLE)
def test_single_bits(line, version, target, reference):
    run(line, version, target, reference)


@scenarios(COUNTS)
def test_counts(line, version, target, reference):
    run(line, version, target, reference)


@scenarios(OPERATIONS)
def test_operations(line, version, target, reference):
    run(line, version, target, reference)


def test_large_values(target, reference):
    """Values of 16 KiB and more are worked on in slices, while their shards are not locked."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    source = random.Random(seed)
    values = {"a": source.randbytes(2_500_003), "b": source.randbytes(1 << 20), "c": b"short", "d": source.randbytes(16384)}
    values |= {"ones": b"\xff" * 1_100_000, "zeros": bytes(1_100_000)}
    with target.connect() as ours, reference.connect() as theirs:

        def compare(*command):
            left, right = ours.call(*command), theirs.call(*command)
            assert left == right, f"{command}: {str(left)[:200]}, {str(right)[:200]}"

        def restore(payload, key):
            assert theirs.call("RESTORE", "restored", 0, payload, "REPLACE").value == b"OK"
            assert theirs.call("GET", "restored").value == ours.call("GET", key).value

        for client in (ours, theirs):
            client.call("FLUSHALL")
            for key, value in values.items():
                client.call("SET", key, value)
        for keys in (("a", "b"), ("b", "a", "d"), ("a", "c"), ("c", "none", "d"), ("none", "a"), ("ones", "zeros", "a")):
            for operation in ("AND", "OR", "XOR"):
                compare("BITOP", operation, "result", *keys)
                compare("GET", "result")
        compare("BITOP", "NOT", "a", "a")
        compare("GET", "a")
        for key in values:
            restore(ours.call("DUMP", key).value, key)
            compare("BITCOUNT", key)
            for bit in (0, 1):
                compare("BITPOS", key, bit)
                compare("BITPOS", key, bit, 0, -1)
            for _ in range(10):
                start, end = (source.randint(-2_600_000, 2_600_000) for _ in range(2))
                compare("BITCOUNT", key, start, end)
                compare("BITCOUNT", key, start * 8 + 1, end * 8 - 3, "BIT")
                compare("BITPOS", key, start & 1, start, end)
                compare("BITPOS", key, start & 1, start * 8 + 5, end * 8 + 1, "BIT")
                compare("GETRANGE", key, start, end)
        for command in (("MULTI",), ("BITOP", "XOR", "x", "a", "b"), ("BITCOUNT", "x"), ("BITPOS", "x", 1), ("DUMP", "none"), ("EXEC",)):
            compare(*command)
        # Replies that come late are muted as others are.
        ours.send("CLIENT", "REPLY", "OFF")
        ours.send("BITCOUNT", "a")
        assert ours.call("CLIENT", "REPLY", "ON").value == b"OK"
        ours.send("CLIENT", "REPLY", "SKIP")
        ours.send("BITCOUNT", "a")
        assert ours.call("STRLEN", "c").value == len(values["c"])


@pytest.mark.subset
def test_an_operation_on_large_values_happens_at_one_moment(target):
    """Two sources change together, so that their difference never is anything but zeros."""
    halves = [bytes([byte]) * 3_000_000 for byte in (0x55, 0xF0)]
    is_over = threading.Event()

    def change():
        with target.connect() as client:
            while not is_over.is_set():
                for value in halves:
                    client.call("MSET", "a", value, "b", value)

    with target.connect() as client:
        client.call("MSET", "a", halves[0], "b", halves[0])
        changer = threading.Thread(target=change)
        changer.start()
        try:
            for _ in range(30):
                assert client.call("BITOP", "XOR", "d", "a", "b").value == len(halves[0])
                assert client.call("BITCOUNT", "d").value == 0
        finally:
            is_over.set()
            changer.join()


@pytest.mark.subset
def test_the_last_bit_allowed(connection):
    """2^32-1 is the last offset: 512 MB, less than maxmemory allows, so an error or a stored bit, no death."""
    reply = connection.call("SETBIT", "k", 4294967295, 1)
    assert reply.is_error or reply.value == 0
    connection.call("DEL", "k")
    assert connection.call("PING").value == b"PONG"
