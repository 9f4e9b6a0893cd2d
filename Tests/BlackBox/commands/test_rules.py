"""Rules: what they give to clients that know nothing of them, RULE, the conf file."""

import time

import pytest

from harness import Server, wait_until
from ruling import call, client, define, rule, server, text

pytestmark = pytest.mark.own


# RULE


def test_rules_are_listed_in_their_order_and_removed(client):
    define(client, "b x:* TTL 60 tags t1 t2")
    define(client, "a y:* no-store")
    define(client, "b z:* ttl 5")
    assert call(client, "RULE LIST") == ["b z:* ttl 5", "a y:* no-store"]
    assert call(client, "CONFIG GET rule") == ["rule", "b z:* ttl 5\na y:* no-store"]
    assert call(client, "RULE DEL b") == 1
    assert call(client, "RULE DEL b") == 0
    assert call(client, "RULE LIST") == ["a y:* no-store"]
    assert rule(client, "b") is None
    assert "TEST key" in call(client, "RULE HELP")


@pytest.mark.parametrize(
    "line, error",
    [
        ("RULE SET a", "wrong number of arguments for 'rule|set' command"),
        ("RULE SET a * tll 5", 'rule a: unknown word "tll"; allowed: ttl, max-ttl'),
        ("RULE SET a * ttl 0", 'rule a: ttl: "0" is not allowed; allowed: seconds, from 1 to 2147483647'),
        ("RULE SET a x tag-template {1}", "{1} names a * that the pattern does not have; it has 0"),
        ("RULE GET", "wrong number of arguments for 'rule|get' command"),
        ("RULE NONE", "unknown subcommand 'NONE'. Try RULE HELP."),
    ],
)
def test_errors_say_what_is_allowed(client, line, error):
    reply = client.call(*line.split())
    assert reply.is_error and error in text(reply), text(reply)
    assert call(client, "RULE LIST") == []


def test_a_rule_is_in_force_for_the_next_command_of_its_pipeline(client):
    replies = client.pipeline(["RULE", "SET", "a", "x:*", "ttl", "60"], ["SET", "x:1", "v"], ["TTL", "x:1"])
    assert [text(reply) for reply in replies] == ["OK", "OK", 60]
    commands = [["MULTI"], ["RULE", "DEL", "a"], ["SET", "x:1", "v"], ["TTL", "x:1"], ["EXEC"]]
    replies = client.pipeline(*commands, ["SET", "x:1", "v"], ["TTL", "x:1"])
    assert [text(reply) for reply in replies[-3:]] == [[1, "OK", -1], "OK", -1]


def test_test_tells_what_a_key_comes_under(client):
    define(client, "users user:*:* ttl 60 stale 5 tags all tag-template user:{1} invalidates list:{2} tag:u{1}")
    words = call(client, "RULE TEST user:7:a*")
    assert dict(zip(words[::2], words[1::2])) == {
        "rule": "users",
        "ttl_ms": 60000,
        "stale": 5,
        "stored": 1,
        "tags": ["all", "user:7"],
        "invalidates": ["list:a\\*", "tag:u7"],
    }
    assert call(client, "RULE TEST other") is None


def test_the_longest_prefix_wins(client):
    define(client, "all * ttl 10")
    define(client, "users user:* ttl 20")
    define(client, "admins user:admin* ttl 30")
    for key, ttl in [("x", 10), ("user:1", 20), ("user:admin1", 30), ("user", 10)]:
        client.call("SET", key, "v")
        assert call(client, f"TTL {key}") == ttl


# Conf file


def test_rules_stand_in_the_conf_file_and_are_written_back():
    file = 'rule users user:* ttl 60 # no comment\nrule lists "list *" no-store\n'
    server = Server(file=file).launch()
    assert server.wait() == 1
    assert ':1: rule users: unknown word "#"' in server.log()
    file = 'rule users user:* ttl 60\n# lists\nrule lists "list *" no-store\n'
    with Server(file=file) as server, server.connect() as client:
        client.call("SET", "user:1", "v")
        assert call(client, "TTL user:1") == 60
        client.call("SET", "list 1", "v")
        assert text(client.call("GET", "list 1")) is None
        define(client, "users user:* ttl 90")
        define(client, "more m:* jitter 5")
        assert call(client, "CONFIG REWRITE") == "OK"
        path = server.directory / "test.conf"
        assert path.read_text().startswith('rule users user:* ttl 90\n# lists\nrule lists "list *" no-store\n')
        assert "\nrule more m:* jitter 5\n" in path.read_text()
    with Server(arguments=["--rule", "a", "x*", "ttl", "5", "--rule", "b", "y*", "ttl", "6"]) as server:
        assert text(server.call("RULE", "LIST")) == ["a x* ttl 5", "b y* ttl 6"]


# Lifetimes

WRITES = [
    "SET k:1 v",
    "SETNX k:1 v",
    "GETSET k:1 v",
    "MSET k:1 v k:2 v",
    "MSETNX k:1 v k:2 v",
    "APPEND k:1 v",
    "SETRANGE k:1 3 v",
    "SETBIT k:1 7 1",
    "BITFIELD k:1 SET u8 0 1",
    "INCR k:1",
    "INCRBY k:1 5",
    "INCRBYFLOAT k:1 0.5",
    "SET k:1 v GET",
    "SET k:1 v KEEPTTL",
    "MSETEX 1 k:1 v",
    "INCREX k:1",
]


@pytest.mark.parametrize("line", WRITES)
def test_every_write_that_makes_a_key_gives_it_the_ttl(client, line):
    define(client, "a k:* ttl 60")
    assert not client.call(*line.split()).is_error
    assert call(client, "TTL k:1") == 60
    assert rule(client, "a")["entries"] == call(client, "DBSIZE")


def test_commands_that_keep_a_ttl_keep_it(client):
    call(client, "SET k:1 5")
    define(client, "a k:* ttl 60")
    for line in ["INCR k:1", "APPEND k:1 0", "INCRBYFLOAT k:1 1", "SETRANGE k:1 0 7", "SET k:1 5 KEEPTTL", "SETBIT k:1 1 1"]:
        call(client, line)
        assert call(client, "TTL k:1") == -1
    call(client, "SET k:1 5")
    assert call(client, "TTL k:1") == 60
    call(client, "EXPIRE k:1 10")
    call(client, "INCR k:1")
    assert call(client, "TTL k:1") == 10


def test_lifetimes_stay_within_their_bounds(client):
    define(client, "a k:* min-ttl 10 max-ttl 100")
    for line, ttl in [
        ("SET k:1 v", 100),
        ("SET k:1 v EX 50", 50),
        ("SET k:1 v EX 5", 10),
        ("SET k:1 v EX 500", 100),
        ("SETEX k:1 500 v", 100),
        ("PSETEX k:1 5 v", 10),
        ("EXPIRE k:1 500", 100),
        ("EXPIRE k:1 1", 10),
        ("EXPIRE k:1 20", 20),
        ("PERSIST k:1", 100),
        ("GETEX k:1 EX 500", 100),
        ("GETEX k:1 EX 30", 30),
        ("GETEX k:1 PERSIST", 100),
    ]:
        call(client, line)
        assert call(client, "TTL k:1") == ttl, line
    assert call(client, "EXPIRE k:1 0") == 1
    assert call(client, "EXISTS k:1") == 0


def test_jitter_spreads_deadlines_and_never_lengthens_them(client):
    define(client, "a k:* ttl 1000 jitter 20")
    client.pipeline(*[["SET", f"k:{index}", "v"] for index in range(500)])
    ttls = [text(reply) for reply in client.pipeline(*[["PTTL", f"k:{index}"] for index in range(500)])]
    # 500 draws of 200,000: the chance of less than this spread is below 1 in 10^20.
    assert 790_000 < min(ttls) < 850_000 and 950_000 < max(ttls) <= 1_000_000
    client.call("SET", "k:1", "v", "EX", "100")
    assert 79 <= call(client, "TTL k:1") <= 100
    client.call("EXPIRE", "k:1", "100")
    assert call(client, "PTTL k:1") > 99_000


# What is not stored


@pytest.mark.parametrize("line", WRITES)
def test_no_store_answers_as_ever_and_keeps_nothing(client, line):
    expected = call(client, line)
    call(client, "FLUSHALL")
    define(client, "a k:* no-store")
    assert call(client, line) == expected
    assert call(client, "DBSIZE") == 0
    assert rule(client, "a")["refusals"] > 0 and rule(client, "a")["writes"] == 0


def test_no_store_removes_the_old_value(client):
    call(client, "SET k:1 old")
    define(client, "a k:* no-store")
    assert call(client, "GETSET k:1 new") == "old"
    assert call(client, "EXISTS k:1") == 0
    call(client, "SET other v")
    assert call(client, "RENAME other k:1") == "OK"
    assert call(client, "DBSIZE") == 0


def test_large_values_are_not_stored(client):
    define(client, "a k:* max-value 1kb")
    for count, kept in [(1024, 1), (1025, 0), (100_000, 0)]:
        assert text(client.call("SET", "k:1", "x" * count)) == "OK"
        assert call(client, "EXISTS k:1") == kept
    call(client, "SET k:1 v")
    assert text(client.call("APPEND", "k:1", "x" * 1023)) == 1024
    assert call(client, "EXISTS k:1") == 1
    assert text(client.call("APPEND", "k:1", "x")) == 1025
    assert call(client, "EXISTS k:1") == 0
    assert call(client, "SETRANGE k:1 5000 x") == 5001
    assert call(client, "EXISTS k:1") == 0
    assert text(client.call("BITOP", "OR", "k:1", "k:1")) == 0


# Tags and what is invalidated


def value(client, key):
    return text(client.call("GET", key))


def test_tags_of_rules_are_invalidated_at_once(client):
    define(client, "lists list:* tags lists tag-template of:{1}")
    define(client, "items item:* invalidates tag:lists")
    define(client, "users user:* invalidates tag:of:{1}")
    client.call("SET", "list:1", "v")
    client.call("SET", "list:2", "v")
    replies = client.pipeline(["SET", "user:1", "v"], ["GET", "list:1"], ["GET", "list:2"])
    assert [text(reply) for reply in replies] == ["OK", None, "v"]
    client.call("SET", "list:1", "v")
    replies = client.pipeline(["SET", "item:7", "v"], ["GET", "list:1"], ["GET", "list:2"], ["GET", "item:7"])
    assert [text(reply) for reply in replies] == ["OK", None, None, "v"]
    client.call("SET", "list:1", "v")
    assert value(client, "list:1") == "v"
    assert wait_until(lambda: rule(client, "lists")["entries"] == 1)


def test_words_of_set_add_to_the_rule(client):
    define(client, "a k:* ttl 60 stale 50 tags t1 tag-template k{1}")
    call(client, "SET k:1 v TAGS 1 t2")
    assert sorted(call(client, "TAG GET k:1")) == ["k1", "t1", "t2"]
    call(client, "SET k:1 v KEEPTAGS")
    assert sorted(call(client, "TAG GET k:1")) == ["k1", "t1", "t2"]
    call(client, "TAG SET k:1 t3")
    call(client, "SET k:1 v KEEPTAGS")
    assert call(client, "TAG GET k:1") == ["t3"]
    call(client, "SET k:1 v")
    assert sorted(call(client, "TAG GET k:1")) == ["k1", "t1"]
    assert rule(client, "a")["entries"] == 1
    reply = client.call("SET", "k:2", "v", "TAGS", "63", *[f"t{index}" for index in range(100, 163)])
    assert "too many tags, 64 are allowed with the 2 of the key's rule" in text(reply)
    assert call(client, "EXISTS k:2") == 0
    call(client, "COPY k:1 other")
    assert sorted(call(client, "TAG GET other")) == ["k1", "t1"]
    assert rule(client, "a")["entries"] == 1


INVALIDATING = [
    "SET item:1 v",
    "SETNX item:new v",
    "APPEND item:1 v",
    "INCR item:n",
    "SETBIT item:1 0 1",
    "DEL item:1",
    "GETDEL item:1",
    "EXPIRE item:1 0",
    "SET item:1 v PXAT 1",
    "RENAME item:1 other",
    "RENAME other2 item:1",
    "COPY other2 item:9",
    "BITOP OR item:1 item:1 item:n",
    "GETEX item:1 PXAT 1",
    "MSET x y item:1 z",
]
NOT_INVALIDATING = ["SETNX item:1 v", "DEL item:none", "GET item:1", "SET item:none v XX", "EXPIRE item:1 100", "TOUCH item:1"]


@pytest.mark.parametrize("line", INVALIDATING + NOT_INVALIDATING)
def test_writes_and_deletions_invalidate_the_related_key(client, line):
    define(client, "items item:* invalidates list")
    for key, number in [("item:1", "v"), ("item:n", "1"), ("other2", "v"), ("list", "v")]:
        client.call("SET", key, number)
    client.call("SET", "list", "v")
    replies = client.pipeline(line.split(), ["EXISTS", "list"])
    assert not replies[0].is_error
    assert text(replies[1]) == (0 if line in INVALIDATING else 1), line


def test_transactions_invalidate(client):
    define(client, "items item:* invalidates list")
    client.call("SET", "list", "v")
    client.pipeline(["MULTI"], ["SET", "item:1", "v"], ["EXEC"])
    assert value(client, "list") is None


def test_patterns_are_invalidated_in_the_background(client):
    define(client, "items item:*:* invalidates list:* page:{1}:?")
    client.pipeline(*[["SET", f"list:{index}", "v"] for index in range(5000)])
    for key in ["page:1:a", "page:1:bb", "page:2:a", "lost"]:
        client.call("SET", key, "v")
    client.call("SET", "item:1:x", "v")
    assert wait_until(lambda: call(client, "DBSIZE") == 4)
    assert [value(client, key) for key in ["page:1:a", "page:1:bb", "page:2:a", "lost", "item:1:x"]] == [None, "v", "v", "v", "v"]
    # Another database is another world.
    client.call("SET", "list:1", "v")
    call(client, "SELECT 1")
    client.call("SET", "list:1", "v")
    client.call("DEL", "item:1:x")
    client.call("SET", "item:1:x", "v")
    assert wait_until(lambda: call(client, "EXISTS list:1") == 0)
    call(client, "SELECT 0")
    assert value(client, "list:1") == "v"


def test_many_different_patterns_become_one(client):
    define(client, "items item:* invalidates page:{1}:*")
    client.pipeline(*[["SET", f"page:{index}:x", "v"] for index in range(1000)])
    client.pipeline(*[["SET", f"item:{index}", "v"] for index in range(1000)])
    assert wait_until(lambda: call(client, "DBSIZE") == 1000)


def test_a_rule_spares_its_own_keys_and_sets_off_no_other(client):
    define(client, "users user:* invalidates user:* pages:*")
    define(client, "pages pages:* invalidates user:*")
    client.call("SET", "user:1", "v")
    client.call("SET", "user:2", "v")
    assert call(client, "EXISTS user:1 user:2") == 2
    time.sleep(0.3)
    assert call(client, "EXISTS user:1 user:2") == 2
    client.call("SET", "pages:1", "v")
    assert wait_until(lambda: call(client, "DBSIZE") == 1)
    client.call("SET", "user:1", "v")
    assert wait_until(lambda: call(client, "EXISTS pages:1") == 0)
    time.sleep(0.3)
    assert call(client, "EXISTS user:1") == 1


def test_stale_windows_of_rules(client):
    """Past its deadline an entry is held, seen by nobody, and counted as stale."""
    define(client, "a k:* stale 100")
    client.call("SET", "k:1", "v", "PX", "1")
    assert wait_until(lambda: rule(client, "a")["stale"] == 1)
    facts = rule(client, "a")
    assert (facts["entries"], facts["expirations"], call(client, "DBSIZE")) == (0, 1, 0)
    assert value(client, "k:1") is None
    client.call("SET", "k:1", "v")
    facts = rule(client, "a")
    assert (facts["entries"], facts["stale"]) == (1, 0)


# Adaptive lifetimes


def test_an_adaptive_ttl_grows_with_misses_and_shrinks_with_rewrites(client):
    define(client, "a k:* ttl adaptive 10 1000")
    call(client, "SET k:1 v")
    assert call(client, "TTL k:1") == 10

    def reads():
        client.pipeline(*[["GET", f"k:m{index}"] for index in range(200)])
        return rule(client, "a")["adaptive_ttl_ms"] > 14_000

    assert wait_until(reads, seconds=20, step_seconds=0.3)
    assert rule(client, "a")["adaptive_move"] == "raised"

    def writes():
        client.pipeline(*[["SET", "k:1", "v"] for index in range(200)])
        return rule(client, "a")["adaptive_ttl_ms"] == 10_000

    assert wait_until(writes, seconds=20, step_seconds=0.3)
    assert rule(client, "a")["adaptive_rewrite_percent"] >= 50


def test_rules_change_under_load(server):
    """Tables come and go while other connections write; the counts are exact when all is done."""
    import threading

    done = threading.Event()
    failures = []

    def write(number):
        with server.connect() as client:
            while not done.is_set():
                replies = client.pipeline(*[["SET", f"k{index}:{number}", "v"] for index in range(50)])
                failures.extend(reply for reply in replies if reply.is_error)

    writers = [threading.Thread(target=write, args=[number]) for number in range(3)]
    for writer in writers:
        writer.start()
    with server.connect() as client:
        end = time.monotonic() + 2
        while time.monotonic() < end:
            for index in range(20):
                define(client, f"r{index} k{index}:* ttl {index + 100} tag-template t{{1}}")
            for index in range(0, 20, 2):
                assert call(client, f"RULE DEL r{index}") == 1
        done.set()
        for writer in writers:
            writer.join()
        assert not failures
        # Each key once more, under the rules as they are now.
        client.pipeline(*[["SET", f"k{index}:{number}", "v"] for index in range(50) for number in range(3)])
        for index in range(20):
            facts = rule(client, f"r{index}")
            assert (facts["entries"] if facts else None) == (3 if index % 2 else None)
        call(client, "FLUSHALL")
        assert all(rule(client, f"r{index}")["entries"] == 0 for index in range(1, 20, 2))
