"""The programs under Examples, run against a server as their README tells."""

import importlib.util
import subprocess
import sys
import threading

import pytest

from harness import PACKAGE, Server, free_port, wait_until
from wire import SLOWNESS

pytestmark = pytest.mark.own

EXAMPLES = PACKAGE / "Examples"
PYTHON = EXAMPLES / "Python" / "cached.py"
MINUTE_MS = 60_000


def load(path):
    specification = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


cached = load(PYTHON)


def keys(connection, tag):
    return sorted(connection.call("TAG", "KEYS", tag).plain())


class Names:
    """A table, and functions over it as an application has them."""

    def __init__(self, port, **options):
        self.cache = cached.Cache(f"redis://127.0.0.1:{port}", lease_ms=MINUTE_MS, **options)
        self.table, self.calls = {1: "Ada", 2: "Alan"}, []
        self.while_computing = lambda: None

        @self.cache.cached(ttl=60, tags=["names", "name:{0}", "of:{user}"], name="name")
        def get(user, prefix=""):
            self.calls.append(user)
            name = self.table[user]
            self.while_computing()
            return prefix + name

        @self.cache.invalidates("name:{user}")
        def rename(user, name):
            self.table[user] = name

        self.get, self.rename = get, rename


@pytest.fixture
def names(target, connection):
    one = Names(target.port, wait_ms=20_000)
    yield one
    one.cache.client.close()


@pytest.fixture
def impatient(target, connection):
    one = Names(target.port, wait_ms=1)
    yield one
    one.cache.client.close()


# Python
@pytest.mark.parametrize(
    "words",
    [
        ("ns",),
        ("user", 42, "profile"),
        ("user", "a:b"),
        ("discount", "100%", ""),
        ("ns", "x" * 300),
        ("n" * 177, "x" * 74),
        ("n" * 178, "x" * 74),
        ("%" * 60, "x" * 80),
        ("ns", "ü" * 123),
        ("ns", "ü" * 124),
    ],
)
def test_keys_are_those_of_cachekey(connection, words):
    asked = connection.call("CACHEKEY", *(str(word).encode() for word in words)).value
    assert cached.cache_key(*words) == asked.decode()


def test_two_calls_compute_once(names, connection):
    assert [names.get(1), names.get(1), names.get(user=1), names.get(1, "")] == ["Ada"] * 4
    assert names.calls == [1]
    assert names.get(2) == "Alan" and names.get(1, prefix="Dr ") == "Dr Ada"
    assert names.calls == [1, 2, 1]
    assert connection.call("GET", "name:1:").value == b'"Ada"'
    assert 0 < connection.call("TTL", "name:1:").value <= 60


def test_twenty_threads_compute_once(names):
    barrier, results = threading.Barrier(20), []

    def call():
        barrier.wait()
        results.append(names.get(1))

    def all_others_wait():
        return names.cache.client.info("stats")["lease_waiters"] == 19

    in_line = []
    names.while_computing = lambda: in_line.append(wait_until(all_others_wait))
    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60 * SLOWNESS)
    assert results == ["Ada"] * 20
    assert names.calls == [1] and in_line == [True]


def test_results_are_kept_under_their_tags(names, connection):
    names.get(1), names.get(2)
    assert keys(connection, "names") == [b"name:1:", b"name:2:"]
    assert keys(connection, "name:1") == keys(connection, "of:1") == [cached.cache_key("name", 1, "").encode()]


def test_invalidation_by_tag(names):
    names.get(1), names.get(2)
    names.rename(1, "Grace")
    assert (names.get(1), names.get(2)) == ("Grace", "Alan")
    assert names.calls == [1, 2, 1]


def test_a_function_that_fails_invalidates_nothing(names, connection):
    @names.cache.invalidates("names")
    def fail():
        raise LookupError

    names.get(1)
    with pytest.raises(LookupError):
        fail()
    assert connection.call("EXISTS", "name:1:").value == 1


def test_what_was_computed_before_an_invalidation_is_not_stored(names, connection):
    names.while_computing = lambda: names.rename(1, "Grace")
    assert names.get(1) == "Ada"
    assert connection.call("EXISTS", "name:1:").value == 0
    assert names.get(1) == "Grace"


def test_a_failure_gives_the_lease_back(impatient, connection):
    with pytest.raises(KeyError):
        impatient.get(3)
    impatient.table[3] = object()
    with pytest.raises(TypeError):
        impatient.get(3)
    impatient.table[3] = "Edsger"
    assert impatient.get(3) == "Edsger"
    assert connection.call("EXISTS", "name:3:").value == 1


def test_results_are_the_same_from_the_cache(names):
    @names.cache.cached(ttl=60)
    def shapes(kind):
        return {"tuple": (1, 2), "none": None}[kind]

    assert shapes("tuple") == shapes("tuple") == [1, 2]
    assert shapes("none") is shapes("none") is None


def test_another_takes_too_long(impatient, connection):
    assert connection.call("LEASE", "GET", "name:1:", "TTL", MINUTE_MS).value[0].value == b"win"
    assert impatient.get(1) == "Ada" and impatient.get(1) == "Ada"
    assert impatient.calls == [1, 1]
    assert connection.call("EXISTS", "name:1:").value == 0


def test_a_stale_result_is_used_while_another_computes(names, connection):
    connection.call("RULE", "SET", "names", "name:*", "STALE", "1000")
    names.get(1)
    assert connection.call("TAG", "STALE", "name:1").value == 1
    assert connection.call("LEASE", "GET", "name:1:", "TTL", MINUTE_MS).value[0].value == b"win"
    names.table[1] = "Grace"
    assert names.get(1) == "Ada"
    assert names.calls == [1]
    connection.call("RULE", "DEL", "names")


def test_without_a_server_functions_are_just_called():
    port = free_port()
    names = Names(port, wait_ms=1000)
    assert names.get(1) == "Ada"
    names.rename(1, "Grace")
    assert names.get(1) == "Grace"
    with Server(port=port):
        assert names.get(1) == names.get(1) == "Grace"
        assert names.calls == [1, 1, 1]
    assert names.get(1) == "Grace"
    with Server(port=port):
        assert names.get(1) == names.get(1) == "Grace"
    assert names.calls == [1] * 5


def test_errors_do_not_reach_the_application(names, connection, caplog):
    @names.cache.cached(ttl=60, tags=["x" * 513], name="one")
    def compute():
        return 1

    assert compute() == 1
    assert "SET one: tag too long" in caplog.text
    assert connection.call("LEASE", "GET", "one").value[0].value == b"win", "the lease is still held"


def test_the_demonstration(target, connection):
    command = [sys.executable, str(PYTHON), f"redis://127.0.0.1:{target.port}"]
    output = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60 * SLOWNESS).stdout
    assert output.splitlines() == ["computing", "Hello Ada", "Hello Ada", "computing", "Hello Grace"]


# Swift
@pytest.fixture(scope="module")
def demonstration():
    scratch = PACKAGE / ".build" / "examples"
    command = ["swift", "build", "--package-path", EXAMPLES / "Swift", "--scratch-path", scratch]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    return scratch / "debug" / "demonstration"


# Long enough for the first build, on a busy machine.
@pytest.mark.timeout(900)
def test_swift(demonstration, target, connection):
    ended = subprocess.run([demonstration, str(target.port)], capture_output=True, text=True, timeout=60 * SLOWNESS)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "NOT" not in ended.stdout and ended.stdout.count("as expected") == 8
    assert keys(connection, "users") == [b"user:7", b"user:8"] and keys(connection, "user:7") == [b"user:7"]
    assert keys(connection, "texts") == [cached.cache_key("text", "long:" * 100, "%").encode()]


@pytest.mark.timeout(900)
def test_swift_tells_what_does_not_hold(demonstration):
    ended = subprocess.run([demonstration, str(free_port())], capture_output=True, text=True, timeout=60 * SLOWNESS)
    assert ended.returncode == 1 and "NOT as expected: two calls compute once" in ended.stdout
