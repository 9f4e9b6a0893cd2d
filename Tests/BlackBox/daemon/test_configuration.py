"""Command line, environment, file: precedence, and one clear line for what is wrong."""

import resource
import subprocess

import pytest

from harness import KIND, Server, binary_of, free_port

own = pytest.mark.own


def value_of(server, name):
    with server.connect() as client:
        reply = client.call("CONFIG", "GET", name)
    return reply.value[1].value.decode() if reply.value else None


def refused(environment=None, file=None, arguments=(), **options):
    """What a start that must fail with exit code 1 says, as its only line."""
    server = Server(environment=environment, file=file, arguments=arguments, **options).launch()
    try:
        code = server.wait()
        log = server.log()
        assert code == 1, (code, log)
        lines = [line for line in log.splitlines() if line.strip()]
        assert len(lines) == 1, log
        return lines[0]
    finally:
        server.stop()


def test_the_file_is_read():
    with Server(file="timeout 17\nmaxmemory 10mb\n# a comment\n\nmaxclients 500\n") as server:
        assert value_of(server, "timeout") == "17"
        assert value_of(server, "maxmemory") == str(10 << 20)
        assert value_of(server, "maxclients") == "500"


def test_the_command_line_is_above_the_file():
    with Server(file="timeout 17\ntcp-keepalive 17\n", timeout=18) as server:
        assert value_of(server, "timeout") == "18"
        assert value_of(server, "tcp-keepalive") == "17"


@own
def test_the_environment_is_between_them():
    environment = {"NEARCACHED_TIMEOUT": "18", "NEARCACHED_TCP_KEEPALIVE": "18", "NEARCACHED_MAXMEMORY_POLICY": "allkeys-lru"}
    with Server(environment=environment, file="timeout 17\ntcp-keepalive 17\n", tcp_keepalive=19) as server:
        assert value_of(server, "timeout") == "18"
        assert value_of(server, "tcp-keepalive") == "19"
        assert value_of(server, "maxmemory-policy") == "allkeys-lru"


def test_quoting_and_units():
    file = 'requirepass "a b\\x41\\"c"\nmaxmemory 1k\nmaxmemory 3Mb\n  TIMEOUT   5  \n'
    server = Server(file=file).start()
    try:
        with server.connect() as client:
            assert client.call("AUTH", 'a bA"c').value == b"OK"
            assert client.call("CONFIG", "GET", "maxmemory").value[1].value == str(3 << 20).encode()
            assert client.call("CONFIG", "GET", "timeout").value[1].value == b"5"
    finally:
        server.stop()


def test_include(tmp_path):
    (tmp_path / "other.conf").write_text("timeout 21\ntcp-keepalive 21\n")
    with Server(file=f"timeout 20\ninclude {tmp_path}/other.conf\ntcp-keepalive 20\n") as server:
        assert value_of(server, "timeout") == "21"
        assert value_of(server, "tcp-keepalive") == "20"


@own
@pytest.mark.parametrize("line", [
    "nosuch 1", "timeout abc", "timeout -1", "timeout", "timeout 1 2", "maxmemory 10xb", "maxmemory-policy nosuch",
    "maxclients 0", "maxmemory 99999999999999999999gb", "port 70000", "maxmemory 120%",
    "loops -1", "protected-mode maybe", "include nosuch.conf", "client-output-buffer-limit normal 1",
])
def test_a_bad_line_says_where(line):
    message = refused(file=f"# first\ntimeout 5\n{line}\n")
    assert "test.conf" in message and "3" in message
    assert line.split()[0] in message


@own
def test_a_line_without_words_says_where():
    message = refused(file='# first\ntimeout 5\nrequirepass "abc\n')
    assert "test.conf:3" in message and "quotes" in message
    assert "abc" not in message


@own
def test_a_missing_file():
    """The file is the first argument, so no option may stand before it."""
    ended = subprocess.run([binary_of(KIND), "nosuch.conf", "--port", "0"], capture_output=True, timeout=30)
    assert ended.returncode == 1
    assert b"nosuch.conf" in ended.stdout + ended.stderr


@own
@pytest.mark.parametrize("arguments", [
    ("--nosuch", "1"), ("--timeout", "abc"), ("--timeout",), ("--port", "-1"), ("--maxmemory", "10xb"),
])
def test_a_bad_command_line(arguments):
    assert arguments[0].lstrip("-") in refused(arguments=arguments)


@own
@pytest.mark.parametrize("name, value", [("NEARCACHED_TIMEOUT", "abc"), ("NEARCACHED_NOSUCH", "1")])
def test_a_bad_environment(name, value):
    assert name in refused(environment={name: value})


@own
def test_the_file_of_an_included_error(tmp_path):
    (tmp_path / "other.conf").write_text("timeout abc\n")
    assert "other.conf" in refused(file=f"include {tmp_path}/other.conf\n")


@own
def test_a_loop_of_includes_ends(tmp_path):
    (tmp_path / "loop.conf").write_text(f"include {tmp_path}/loop.conf\n")
    refused(file=f"include {tmp_path}/loop.conf\n")


def test_port_in_use():
    with Server() as first:
        second = Server(port=first.port).launch()
        try:
            assert second.wait() == 1
            assert str(first.port) in second.log()
        finally:
            second.stop()
        first.assert_serves()


@own
def test_port_in_use_is_one_line():
    with Server() as first:
        assert str(first.port) in refused(port=first.port)


@own
@pytest.mark.parametrize("argument, words", [("--help", ["--port", "--maxmemory"]), ("--version", ["nearcached"])])
def test_help_and_version(argument, words):
    server = Server(arguments=[argument], bind=None, port=free_port())
    server.options = {}
    server.launch()
    assert server.wait() == 0
    assert all(word in server.log(100_000) for word in words)
    server.stop()


def test_config_rewrite_round_trip():
    server = Server(file="# kept\ntimeout 17\nmaxmemory 10mb\n").start()
    path = server.directory / "test.conf"
    try:
        with server.connect() as client:
            assert client.call("CONFIG", "SET", "timeout", 33, "maxmemory-policy", "volatile-lru").value == b"OK"
            assert client.call("CONFIG", "REWRITE").value == b"OK"
        text = path.read_text()
        assert "# kept" in text and "timeout 33" in text and "maxmemory-policy volatile-lru" in text
    finally:
        server.stop()
    # The directory of the first server, which redis writes down, is gone.
    text = "".join(line for line in text.splitlines(True) if not line.startswith("dir "))
    with Server(file=text) as again:
        assert value_of(again, "timeout") == "33"
        assert value_of(again, "maxmemory-policy") == "volatile-lru"


def test_config_rewrite_without_a_file():
    with Server() as server:
        assert server.call("CONFIG", "REWRITE").value == b"ERR The server is running without a config file"


@own
def test_every_parameter_survives_a_rewrite():
    server = Server(file="timeout 17\n").start()
    try:
        with server.connect() as client:
            before = client.call("CONFIG", "GET", "*").plain()
            assert client.call("CONFIG", "REWRITE").value == b"OK"
        text = (server.directory / "test.conf").read_text()
    finally:
        server.stop()
    with Server(file=text, port=server.port) as again, again.connect() as client:
        assert client.call("CONFIG", "GET", "*").plain() == before


@own
@pytest.mark.parametrize("name", ["logfile", "unixsocket", "port", "bind", "databases", "dir", "dbfilename", "save", "appendonly"])
def test_what_is_never_set_over_the_wire(name):
    """C17: paths above all; an unknown name is refused as well."""
    with Server() as server, server.connect() as client:
        before = client.call("CONFIG", "GET", name)
        assert client.call("CONFIG", "SET", name, "x").is_error
        assert client.call("CONFIG", "GET", name) == before


@own
@pytest.mark.parametrize("value", ["a\r\nb", "a\nport 1", "a\x00b"])
def test_no_control_bytes_in_values(value):
    with Server() as server, server.connect() as client:
        assert client.call("CONFIG", "SET", "requirepass", value).is_error
        assert client.call("PING").value == b"PONG"


@own
def test_maxclients_above_what_the_system_allows():
    """Refused with Redis's words, and nothing is changed; what fits is taken."""
    with Server(maxclients=100) as server, server.connect() as client:
        # No more than now: a process with the right to could raise its hard limit.
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (1024, 1024))
        reply = client.call("CONFIG", "SET", "timeout", 77, "maxclients", (1 << 32) - 1)
        expected = (
            b"ERR CONFIG SET failed (possibly related to argument 'maxclients') - The operating system is not able "
            b"to handle the specified number of clients, try with "
        )
        assert reply.is_error and reply.value.startswith(expected), reply
        assert int(reply.value[len(expected) :]) >= 500
        assert value_of(server, "maxclients") == "100" and value_of(server, "timeout") == "0"
        assert client.call("CONFIG", "SET", "maxclients", 200).value == b"OK"
        assert value_of(server, "maxclients") == "200"


@own
def test_defaults():
    with Server() as server:
        assert value_of(server, "maxmemory") == str(100 << 20)
        assert value_of(server, "maxmemory-policy") == "allkeys-s3fifo"
        assert value_of(server, "databases") == "16"
        assert value_of(server, "max-entries") == "0"
        assert value_of(server, "protected-mode") == "yes"
        assert value_of(server, "compatibility-version").startswith("7.4.")
