"""INVALIDATE and CACHEKEY, which are nearcached's own: docs/invalidation.md is what they are held to."""

import hashlib
import random
import re
import threading
import time
from pathlib import Path

import pytest

from harness import PACKAGE, wait_until
from scenario import run, scenarios
from wire import OK, QUEUED, SLOWNESS, Reply

pytestmark = pytest.mark.own

INVALIDATE = r"""
MSET user:1 a user:2 b item:1 c => OK; INVALIDATE user:* => :2; EXISTS user:1 user:2 => :0; GET item:1 => "c"
MSET a 1 b 2 c 3 => OK; INVALIDATE a b none => :2; DBSIZE => :1; invalidate C c => :1
MSET a:1 1 a:2 2 b:1 3 c:1 4 => OK; INVALIDATE a:? [b]:* b* => :3; KEYS * => ["c:1"]
MSET a:1 1 b:1 2 => OK; INVALIDATE * DRYRUN => :2; INVALIDATE a:1 a:1 DRYRUN => :1; INVALIDATE * limit 1 dryrun => :1; DBSIZE => :2
MSET a:1 1 a:2 2 a:x 3 => OK; INVALIDATE "^a:\\d+$" REGEX => :2; KEYS * => ["a:x"]
MSET an:user:1 1 b 2 => OK; INVALIDATE USER REGEX => :0; INVALIDATE (?i)USER REGEX => :1; KEYS * => ["b"]
SET "\xff\x00" v => OK; INVALIDATE "^\\xff\\x00$" REGEX => :1; SET "a\nb" v => OK; INVALIDATE ^a.b$ REGEX => :0; INVALIDATE (?s)^a.b$ REGEX => :1
SET "" v => OK; INVALIDATE ? => :0; INVALIDATE "" => :1; SET "" v => OK; INVALIDATE ^$ REGEX => :1
MSET a*b 1 acb 2 => OK; INVALIDATE "a\\*b" => :1; KEYS * => ["acb"]
MSET REGEX 1 limit 2 x 3 => OK; INVALIDATE REGEX => :1; INVALIDATE x "\\limit" => :2
SELECT 1 => OK; SET k v => OK; SELECT 0 => OK; SET k v => OK; INVALIDATE k* => :1; INVALIDATE k => :0; SELECT 1 => OK; INVALIDATE . REGEX => :1
SET k v PX 1 => OK; @sleep 0.05; INVALIDATE * => :0; SET k v PX 1 => OK; @sleep 0.05; INVALIDATE k => :0
MULTI => OK; MSET a:1 1 a:2 2 => +QUEUED; INVALIDATE a:* LIMIT 1 => +QUEUED; INVALIDATE a REGEX => +QUEUED; EXEC => [OK, :1, :1]
WATCH a:1 => OK; MULTI => OK; 2: SET a:1 v => OK; 2: INVALIDATE a:* => :1; SET b 1 => +QUEUED; EXEC => nil-array; EXISTS b => :0
SET a:1 v => OK; WATCH a:1 => OK; 2: INVALIDATE a:* => :1; MULTI => OK; PING => +QUEUED; EXEC => nil-array
SET a:1 v => OK; WATCH a:1 => OK; 2: INVALIDATE a:1 => :1; MULTI => OK; PING => +QUEUED; EXEC => nil-array
SET a:1 v => OK; WATCH a:1 => OK; 2: INVALIDATE ^a REGEX DRYRUN => :1; 2: INVALIDATE b:* => :0; MULTI => OK; PING => +QUEUED; EXEC => [+PONG]
INVALIDATE => -ERR wrong number of arguments for 'invalidate' command
COMMAND GETKEYS INVALIDATE a => -ERR The command has no key arguments
"""

WRONG = {
    "* LIMIT": "ERR syntax error",
    "* LIMIT 1 LIMIT 2": "ERR syntax error",
    "* REGEX REGEX": "ERR syntax error",
    "* DRYRUN DRYRUN": "ERR syntax error",
    "* DRYRUN b": "ERR syntax error",
    "* REGEX LIMIT 1 b": "ERR syntax error",
    "* LIMIT x": "ERR value is not an integer or out of range",
    "* LIMIT 0": "ERR value is out of range, value must between 1 and 9223372036854775807",
    "* LIMIT -1": "ERR value is out of range, value must between 1 and 9223372036854775807",
    "* LIMIT 9223372036854775808": "ERR value is not an integer or out of range",
    "a ( REGEX": "ERR invalid regular expression '(' at byte 1: missing closing parenthesis",
    "a [ REGEX DRYRUN": "ERR invalid regular expression '[' at byte 1: missing terminating ] for character class",
    "a (*UTF)a REGEX": "ERR invalid regular expression '(*UTF)a' at byte 6: using UTF is disabled by the application",
    "* " * 65: "ERR too many patterns, 64 are allowed",
    "a " * 17 + "REGEX": "ERR too many patterns, 16 are allowed",
    "*" + "a" * 4096: "ERR pattern is too long, 4096 bytes are allowed",
    "a " + "b" * 4097 + " REGEX": "ERR pattern is too long, 4096 bytes are allowed",
}


@scenarios(INVALIDATE)
@pytest.mark.subset
def test_invalidate(line, version, target):
    run(line, version, target, None)


@pytest.mark.parametrize("words", WRONG, ids=lambda words: words[:40])
def test_wrong_forms_change_nothing(connection, words):
    connection.call("MSET", "a", "1", "b", "2")
    assert connection.call("INVALIDATE", *words.split()) == Reply("error", WRONG[words].encode())
    assert connection.call("DBSIZE").value == 2


def fill(connection, count, form="user:%d:profile"):
    for start in range(0, count, 10_000):
        keys = [form % number for number in range(start, min(start + 10_000, count))]
        assert connection.call("MSET", *(word for key in keys for word in (key, "v"))) == OK


def digits_of(reply):
    return re.search(rb"; (\d+) keys? removed until then$", reply.value)[1]


CATASTROPHES = ["(a+)+$", "(a|aa)+$", "(a*)*$", r"^(?:\w+\s?)+$", "(?:a?){40}a{40}$", "(?:(?:a|a)(?:a|a))+$"]


@pytest.mark.subset
@pytest.mark.parametrize("length", [40, 5000])
@pytest.mark.parametrize("pattern", CATASTROPHES)
def test_catastrophic_expressions_end(connection, pattern, length):
    """Each of them would take longer than the universe is old."""
    connection.call("SET", "a" * length + "!", "v")
    reply = connection.call("INVALIDATE", pattern, "REGEX")
    text = f"ERR '{pattern}' takes more than 100000 steps on a key of {length + 1} bytes; 0 keys removed until then"
    assert reply == Reply("error", text.encode())
    assert connection.call("DBSIZE").value == 1


def test_memory_of_a_match_is_bounded(target, connection):
    connection.call("SET", "a" * 10_000, "v")
    before = target.resident_bytes()
    reply = connection.call("INVALIDATE", "^" + "(a)?" * 1000 + "b?$", "REGEX")
    assert reply.is_error and b"takes more than 8388608 bytes of memory on a key of 10000 bytes" in reply.value
    assert target.resident_bytes() - before < 64 << 20


def test_an_error_on_the_way_says_how_many_are_gone(connection):
    fill(connection, 20_000, "k:%d")
    connection.call("SET", "a" * 60 + "!", "v")
    reply = connection.call("INVALIDATE", "^k:", "(a+)+$", "REGEX")
    assert reply.is_error
    assert connection.call("DBSIZE").value == 20_001 - int(digits_of(reply))


def test_keys_that_are_too_long_are_an_error(connection):
    connection.call("MSET", "k" * 16_384, "v", "l" * 16_385, "v")
    assert connection.call("INVALIDATE", "k*").value == 1
    for words in (["l*"], ["x", "REGEX"]):
        reply = connection.call("INVALIDATE", *words)
        assert reply.value == b"ERR a key of 16385 bytes is too long to be matched, 16384 are allowed; 0 keys removed until then"
    assert connection.call("INVALIDATE", "l" * 16_385).value == 1


@pytest.mark.parametrize("words", [["k:*"], ["k:", "REGEX"], ["k:1*", "k:*9", "k:*"]])
def test_limits_are_exact_and_dry_runs_dry(connection, words):
    fill(connection, 30_000, "k:%d")
    connection.call("SET", "other", "v")
    assert connection.call("INVALIDATE", *words, "DRYRUN").value == 30_000
    for limit in (1, 7, 4999):
        assert connection.call("INVALIDATE", *words, "LIMIT", limit, "DRYRUN").value == limit
    assert connection.call("DBSIZE").value == 30_001
    left = 30_001
    for limit in (1, 64, 65, 10_000):
        assert connection.call("INVALIDATE", *words, "LIMIT", limit).value == limit
        left -= limit
        assert connection.call("DBSIZE").value == left
    assert connection.call("INVALIDATE", *words, "LIMIT", 30_000).value == left - 1
    assert connection.call("KEYS", "*").plain() == [b"other"]


def test_random_patterns_remove_what_keys_shows(connection):
    """Globs against KEYS, and regular expressions against Python's."""
    seed = random.randrange(1 << 32)
    generator = random.Random(seed)
    for _ in range(60):
        connection.call("FLUSHALL")
        keys = {"".join(generator.choice("abc:") for _ in range(generator.randrange(1, 7))) for _ in range(200)}
        connection.call("MSET", *(word for key in keys for word in (key, "v")))
        globs = ["".join(generator.choice("abc:*?") for _ in range(generator.randrange(1, 5))) for _ in range(3)]
        matching = {key for glob in globs for key in connection.call("KEYS", glob).plain()}
        assert connection.call("INVALIDATE", *globs, "DRYRUN").value == len(matching), f"seed {seed}: {globs}"
        expression = "".join(generator.choice(["a", "b", ":", ".", "a*", "(?:b|c)", "[ab]", "^", "$"]) for _ in range(3))
        found = {key for key in keys if re.search(expression, key)}
        assert connection.call("INVALIDATE", expression, "REGEX").value == len(found), f"seed {seed}: {expression}"
        left = {key.encode() for key in keys - found}
        assert set(connection.call("KEYS", "*").plain()) == left, f"seed {seed}: {expression}"
        assert connection.call("INVALIDATE", *globs).value == len(matching & left), f"seed {seed}: {globs}"


@pytest.mark.parametrize("words", [["user:*:profile"], [r"^user:\d+:profile$", "REGEX"]])
def test_others_are_served_meanwhile(target, connection, words):
    """While 300,000 keys go, another client has replies, and sees some of the keys gone and others still there."""
    fill(connection, 300_000)
    connection.send("INVALIDATE", *words)
    sizes = []
    with target.connect() as other:
        while not sizes or sizes[-1] > 0:
            sizes.append(other.call("DBSIZE").value)
    assert connection.read().value == 300_000
    between = {size for size in sizes if 0 < size < 300_000}
    assert len(between) > 3


def test_writers_meanwhile_lose_nothing_that_does_not_match(target, connection):
    fill(connection, 100_000, "old:%d")
    stop, written = threading.Event(), []

    def write():
        with target.connect() as client:
            number = 0
            while not stop.is_set():
                assert client.call("SET", f"new:{number}", "v") == OK
                number += 1
            written.append(number)

    writer = threading.Thread(target=write)
    writer.start()
    assert connection.call("INVALIDATE", "old:*").value == 100_000
    stop.set()
    writer.join()
    assert connection.call("INVALIDATE", "new:*", "DRYRUN").value == written[0] == connection.call("DBSIZE").value


def test_two_at_once_remove_each_key_once(target, connection):
    fill(connection, 100_000)
    with target.connect() as other:
        connection.send("INVALIDATE", "user:*")
        other.send("INVALIDATE", "profile$", "REGEX")
        assert connection.read().value + other.read().value == 100_000
    assert connection.call("DBSIZE").value == 0


def test_a_client_that_leaves_ends_its_command(target, connection):
    fill(connection, 300_000)
    client = target.connect()
    client.send("INVALIDATE", "[u]ser:*", "(never|)", "x")
    client.send("INVALIDATE", *["*:nothing:%d" % number for number in range(64)])
    assert wait_until(lambda: target.information()["blocked_clients"] != "0" or connection.call("DBSIZE").value == 0)
    client.close()
    assert wait_until(lambda: target.information()["blocked_clients"] == "0")
    target.assert_serves()


def test_memory_and_counts_stay_true(target, connection):
    connection.call("CONFIG", "RESETSTAT")
    before = int(target.information()["used_memory"])
    fill(connection, 50_000, "k:%d")
    assert connection.call("INVALIDATE", "k:*", "LIMIT", 20_000).value == 20_000
    assert connection.call("INVALIDATE", "k:*", "DRYRUN").value == 30_000
    assert connection.call("INVALIDATE", "k:", "REGEX").value == 30_000
    facts = target.information()
    assert facts["invalidated_keys"] == "50000"
    assert facts["entries"] == "0"
    assert int(facts["used_memory"]) - before < 1 << 20


@pytest.mark.subset
@pytest.mark.parametrize("mode", [[], ["BCAST", "PREFIX", "k:"]])
def test_trackers_are_told(target, connection, mode):
    count = 5000
    with target.connect() as reader:
        reader.hello(3)
        assert reader.call("CLIENT", "TRACKING", "ON", *mode) == OK
        fill(connection, count, "k:%d")
        reader.pipeline(*[("GET", f"k:{number}") for number in range(count)])
        # What was written above has been told by now, in broadcasting mode.
        wait_until(lambda: reader.call("PING") and (not mode or len(told(reader)) == count))
        reader.pushes.clear()
        assert connection.call("INVALIDATE", "k:*", "DRYRUN").value == count
        assert connection.call("INVALIDATE", "k:*").value == count
        assert wait_until(lambda: reader.call("PING") and len(told(reader)) == count)
        time.sleep(0.05 * SLOWNESS)
        reader.call("PING")
        assert sorted(told(reader)) == sorted(b"k:%d" % number for number in range(count))


def told(reader):
    """The keys of all invalidations that have come."""
    return [key.value for push in reader.pushes for key in push.value[1].value]


def test_own_removals_are_not_told_with_noloop(target):
    with target.connect() as client:
        client.hello(3)
        client.call("FLUSHALL")
        client.call("CLIENT", "TRACKING", "ON", "NOLOOP")
        client.call("MSET", "k:1", "v", "k:2", "v")
        client.call("MGET", "k:1", "k:2")
        assert client.call("INVALIDATE", "k:1").value == 1
        assert client.call("INVALIDATE", "k:*").value == 1
        time.sleep(0.05 * SLOWNESS)
        client.call("PING")
        assert client.pushes == []


# CACHEKEY


def cache_key(*words):
    encoded = [word.replace(b"%", b"%25").replace(b":", b"%3A") for word in words]
    plain = b":".join(encoded)
    if len(plain) <= 250:
        return plain
    digest = b"%sha256-" + hashlib.sha256(plain).hexdigest().encode()
    return digest if len(encoded[0]) > 177 else encoded[0] + b":" + digest


def test_the_documented_function_is_this_one():
    """So that whoever copies it from the page has what is tested here."""
    page = (PACKAGE / "docs/invalidation.md").read_text()
    code = re.search(r"```python\n(.*?)```", page, re.DOTALL)[1]
    own = Path(__file__).read_text()
    assert code.strip() in own


CACHE_KEYS = r"""
CACHEKEY user 42 profile => "user:42:profile"
CACHEKEY user => "user"
CACHEKEY "" => ""
CACHEKEY user "" => "user:"
CACHEKEY user a:b => "user:a%3Ab"
CACHEKEY user a%3Ab => "user:a%253Ab"
CACHEKEY a:b c => "a%3Ab:c"
CACHEKEY discount 100% "" => "discount:100%25:"
CACHEKEY ns {x*300} => "ns:%sha256-15399418495939a36b011dfad701a584bca9ba31342c98d1fd7ba92fb21c25ef"
MULTI => OK; CACHEKEY a b => +QUEUED; EXEC => ["a:b"]
CACHEKEY => -ERR wrong number of arguments for 'cachekey' command
"""


@scenarios(CACHE_KEYS)
def test_cache_keys(line, version, target):
    run(line, version, target, None)


def test_cache_keys_are_what_python_makes(connection):
    seed = random.randrange(1 << 32)
    generator = random.Random(seed)
    requests = []
    for _ in range(2000):
        words = []
        for _ in range(generator.randrange(1, 6)):
            size = generator.choice([0, 1, 5, 40, 80, 170, 177, 178, 247, 248, 300])
            words.append(bytes(generator.choice(b"ab:%\x00\xff\r\n ") for _ in range(size)))
        requests.append(words)
    for size in range(240, 260):
        requests.append([b"n", b"x" * size])
        requests.append([b"n" * size, b"x" * 200])
        requests.append([b"n" * size])
    for size in range(170, 185):
        requests.append([b"n" * size, b"x" * 200])
    replies = connection.pipeline(*[("CACHEKEY", *words) for words in requests])
    for words, reply in zip(requests, replies):
        assert reply == Reply("bulk", cache_key(*words)), f"seed {seed}: {words}"
        assert len(reply.value) <= 250


def test_cache_keys_of_large_words(connection):
    assert connection.call("CACHEKEY", "ns", b":" * ((1 << 20) - 2)).value == cache_key(b"ns", b":" * ((1 << 20) - 2))
    assert connection.call("CACHEKEY", "ns", b"x" * (1 << 20)).value == b"ERR the words are too long, 1048576 bytes are allowed"


def test_a_long_key_is_found_by_its_namespace(connection):
    key = connection.call("CACHEKEY", "ns", "x" * 300).value
    connection.call("SET", key, "v")
    assert connection.call("INVALIDATE", "ns:*").value == 1
    assert connection.call("MULTI") == OK and connection.call("CACHEKEY", "a") == QUEUED
    assert connection.call("EXEC").plain() == [b"a"]
