"""Rules: what they give to clients that know nothing of them, RULE, the conf file, what is counted."""

import random
import time

import pytest

from harness import Server, wait_until

pytestmark = pytest.mark.own


@pytest.fixture
def server():
    with Server(enable_debug_command="yes") as server:
        yield server


@pytest.fixture
def client(server):
    with server.connect() as client:
        yield client


def text(reply):
    """A reply as a plain value, bytes as text."""
    value = reply.plain()
    return plain_text(value)


def plain_text(value):
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (list, tuple)):
        return [plain_text(item) for item in value]
    return value


def call(client, line):
    return text(client.call(*line.split()))


def rule(client, name):
    """RULE GET as a dictionary."""
    words = call(client, f"RULE GET {name}")
    return dict(zip(words[::2], words[1::2])) if words else None


def define(client, line):
    assert call(client, f"RULE SET {line}") == "OK"


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


# Counts


def test_counts_are_exact(client):
    define(client, "a k:* ttl 1000")
    define(client, "b q:*")
    client.pipeline(*[["SET", f"k:{index}", "x" * index] for index in range(100)])
    client.pipeline(*[["GET", f"k:{index}"] for index in range(150)])
    client.pipeline(*[["SET", f"q:{index}", "v"] for index in range(10)])
    call(client, "DEL q:0 q:1")
    facts = rule(client, "a")
    assert (facts["entries"], facts["hits"], facts["misses"], facts["writes"]) == (100, 100, 50, 100)
    assert rule(client, "b")["entries"] == 8
    total = sum(call(client, f"MEMORY USAGE k:{index}") for index in range(100))
    assert 0 < facts["bytes"] <= total
    info = text(client.call("INFO", "rules"))
    assert f"rule_a:entries=100,stale=0,bytes={facts['bytes']},hits=100,misses=50,writes=100" in info
    call(client, "PEXPIRE k:1 1")
    assert wait_until(lambda: rule(client, "a")["expirations"] == 1)
    assert rule(client, "a")["entries"] == 99
    call(client, "CONFIG RESETSTAT")
    facts = rule(client, "a")
    assert (facts["entries"], facts["hits"], facts["expirations"]) == (99, 0, 0)


def test_counts_follow_databases(client):
    define(client, "a k:*")
    for database in [0, 1, 2]:
        call(client, f"SELECT {database}")
        client.pipeline(*[["SET", f"k:{index}", "v"] for index in range(10)])
    assert rule(client, "a")["entries"] == 30
    call(client, "FLUSHDB")
    assert rule(client, "a")["entries"] == 20
    call(client, "SWAPDB 0 2")
    assert call(client, "MOVE k:1 9") == 1
    call(client, "SELECT 1")
    assert call(client, "MOVE k:1 9") == 0
    assert call(client, "MOVE k:3 9") == 1
    assert rule(client, "a")["entries"] == 20
    call(client, "RENAME k:2 other")
    assert rule(client, "a")["entries"] == 19
    call(client, "COPY other k:2")
    assert rule(client, "a")["entries"] == 20
    call(client, "FLUSHALL")
    facts = rule(client, "a")
    assert (facts["entries"], facts["bytes"]) == (0, 0)


def test_entries_are_exact_after_whatever_was_done(server):
    """Random commands in three databases; then each rule has as many entries as there are keys with its prefix."""
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    with server.connect() as client:
        define(client, "all *")
        define(client, "a a:* stale 1")
        define(client, "b b:* tags t1 tag-template b{1}")
        define(client, "c c:* max-value 50")
        key = lambda: f"{rng.choice('abcd')}:{rng.randrange(30)}"  # noqa: E731
        size = lambda: "x" * rng.choice([1, 30, 60, 300, 20_000])  # noqa: E731
        for _ in range(300):
            commands = [
                rng.choice(
                    [
                        lambda: ["SET", key(), size()],
                        lambda: ["SET", key(), size(), "TAGS", "2", "t1", "t2"],
                        lambda: ["SET", key(), size(), "PX", str(rng.randrange(1, 30))],
                        lambda: ["APPEND", key(), size()],
                        lambda: ["SET", key(), "1", "KEEPTTL"],
                        lambda: ["INCR", key()],
                        lambda: ["SETRANGE", key(), str(rng.randrange(100)), size()],
                        lambda: ["DEL", key(), key()],
                        lambda: ["RENAME", key(), key()],
                        lambda: ["COPY", key(), key(), "REPLACE"],
                        lambda: ["COPY", key(), key(), "DB", str(rng.randrange(3)), "REPLACE"],
                        lambda: ["MOVE", key(), str(rng.randrange(3))],
                        lambda: ["PERSIST", key()],
                        lambda: ["PEXPIRE", key(), str(rng.randrange(1, 30))],
                        lambda: ["TAG", "ADD", key(), "t3"],
                        lambda: ["TAG", "SET", key(), "t1"],
                        lambda: ["TAG", "INVALIDATE", f"t{rng.randrange(1, 4)}"] if rng.random() < 0.05 else ["GET", key()],
                        lambda: ["SWAPDB", str(rng.randrange(3)), str(rng.randrange(3))],
                        lambda: ["SELECT", str(rng.randrange(3))],
                        lambda: ["FLUSHDB"] if rng.random() < 0.05 else ["GET", key()],
                    ]
                )()
                for _ in range(50)
            ]
            client.pipeline(*commands)
        expected = dict.fromkeys(["a", "b", "c", "all"], 0)

        def is_exact():
            for name in expected:
                expected[name] = 0
            for database in range(3):
                call(client, f"SELECT {database}")
                for name in call(client, "KEYS *"):
                    expected[name[0] if name[0] in "abc" else "all"] += 1
            return all(rule(client, name)["entries"] == count for name, count in expected.items())

        # Entries past their deadline, and those that a tag has made void, go in the background.
        assert wait_until(is_exact), (seed, expected, [rule(client, name) for name in expected])
        call(client, "FLUSHALL")
        facts = [rule(client, name) for name in expected]
        assert all((fact["entries"], fact["stale"], fact["bytes"]) == (0, 0, 0) for fact in facts), (seed, facts)


def test_evictions_are_counted():
    with Server(max_entries=50, maxmemory_policy="allkeys-lru") as server, server.connect() as client:
        define(client, "a k:*")
        client.pipeline(*[["SET", f"k:{index}", "v"] for index in range(80)])
        facts = rule(client, "a")
        assert facts["entries"] + facts["evictions"] == 80
        assert facts["entries"] == call(client, "DBSIZE") <= 50


def test_a_number_is_not_reused_while_entries_bear_it(client):
    define(client, "a a:*")
    call(client, "SET a:1 v")
    call(client, "RULE DEL a")
    define(client, "b b:*")
    assert rule(client, "b")["entries"] == 0
    call(client, "GET a:1")
    assert rule(client, "b")["hits"] == 0
    define(client, "a c:*")
    assert rule(client, "a")["entries"] == 1
    # 255 rules, each with an entry, have all numbers.
    call(client, "FLUSHALL")
    call(client, "RULE DEL a")
    call(client, "RULE DEL b")
    for index in range(255):
        define(client, f"r{index} r{index}:*")
        client.call("SET", f"r{index}:", "v")
    reply = client.call("RULE", "SET", "more", "*")
    assert "there are 255 rules already" in text(reply)
    call(client, "RULE DEL r0")
    reply = client.call("RULE", "SET", "more", "*")
    assert "bear all 255 numbers" in text(reply)
    call(client, "DEL r0:")
    define(client, "more *")


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
