"""Start, signals, notification, listeners, authentication."""

import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from harness import SLOWNESS, Server, wait_until
from wire import PONG, Closed, Connection, encode

own = pytest.mark.own


@own
def test_the_shipped_conf_file():
    """As scripts/run starts it. Linked with an allocator that libc did not share, the daemon failed on any conf file."""
    conf = Path(__file__).resolve().parents[3] / "conf" / "nearcached.conf"
    with Server(file=conf.read_bytes()) as server:
        assert server.call("PING") == PONG


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_that_end(number):
    server = Server().start()
    server.signal(number)
    assert server.wait() == 0
    server.stop()


@own
def test_sigterm_finishes_what_is_in_flight():
    server = Server().start()
    with server.connect() as client:
        client.call("SET", "big", "x" * 200_000)
        client.raw(encode("GET", "big") * 20)
        time.sleep(0.05)
        server.signal(signal.SIGTERM)
        data = client.read_until_closed()
        assert len(data) == 20 * len(b"$200000\r\n" + b"x" * 200_000 + b"\r\n")
    assert server.wait() == 0
    server.stop()


def test_sigterm_with_idle_and_silent_clients():
    server = Server().start()
    clients = [server.connect() for _ in range(20)]
    clients[0].raw(b"*2\r\n$3\r\nGET\r\n$100\r\nab")
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    assert all(client.is_closed_by_peer() for client in clients)
    server.stop()


@pytest.mark.parametrize("how", [(), ("NOSAVE",), ("NOW",), ("FORCE", "NOSAVE")])
def test_shutdown(how):
    server = Server().start()
    with server.connect() as client:
        client.send("SHUTDOWN", *how)
        assert client.read_until_closed() == b""
    assert server.wait() == 0
    server.stop()


@own
def test_sighup_reopens_the_log(tmp_path):
    path = tmp_path / "server.log"
    with Server(logfile=path, loglevel="debug") as server:
        assert wait_until(path.exists)
        path.rename(tmp_path / "old.log")
        server.signal(signal.SIGHUP)
        assert wait_until(path.exists)
        server.assert_serves()


def test_sigpipe_and_sigusr_do_no_harm():
    with Server() as server:
        server.signal(signal.SIGPIPE)
        time.sleep(0.1)
        server.assert_serves()


class Notified:
    """A socket that stands for systemd's."""

    def __init__(self, path, is_abstract):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + path if is_abstract else path)
        self.socket.settimeout(10 * SLOWNESS)
        self.name = "@" + path if is_abstract else path

    def until(self, word):
        seen = []
        while True:
            seen += self.socket.recv(4096).decode().split("\n")
            if word in seen:
                return seen


@own
@pytest.mark.parametrize("is_abstract", [False, True])
def test_notification(tmp_path, is_abstract):
    manager = Notified(str(tmp_path / "notify"), is_abstract)
    environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "400000"}
    server = Server(environment=environment).launch()
    try:
        manager.until("READY=1")
        assert server.call("PING") == PONG, "READY=1 comes after the listeners"
        manager.until("WATCHDOG=1")
        manager.until("WATCHDOG=1")
        server.signal(signal.SIGTERM)
        manager.until("STOPPING=1")
        assert server.wait() == 0
    finally:
        server.stop()
        manager.socket.close()


@own
def test_no_notification_for_another_process(tmp_path):
    manager = Notified(str(tmp_path / "notify"), False)
    environment = {"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"}
    with Server(environment=environment):
        seen = manager.until("READY=1")
        manager.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            seen += manager.until("WATCHDOG=1")
    manager.socket.close()


@own
def test_an_absent_manager_does_no_harm(tmp_path):
    with Server(environment={"NOTIFY_SOCKET": str(tmp_path / "nobody")}) as server:
        server.assert_serves()


def test_unix_socket(tmp_path):
    path = str(tmp_path / "socket")
    with Server(unixsocket=path, unixsocketperm="700") as server:
        with Connection(path) as client:
            assert client.call("PING") == PONG
            assert f"addr={path}:0".encode() in client.call("CLIENT", "INFO").value
        assert os.stat(path).st_mode & 0o777 == 0o700
        server.assert_serves()
    assert not os.path.exists(path)


@own
@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not here")
def test_a_unix_socket_is_at_no_moment_open_to_others(tmp_path):
    """R17, CVE-2023-45145: the umask is narrowed before the file appears, its mode is right before anybody can connect."""
    path, trace = str(tmp_path / "socket"), tmp_path / "trace"
    server = Server(unixsocket=path, unixsocketperm="700")
    calls = ["strace", "-f", "-o", str(trace), "-e", "trace=umask,bind,chmod,fchmodat,listen"]
    process = subprocess.Popen(
        [*calls, *server.command_line()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=server.environment)
    try:
        assert wait_until(lambda: trace.exists() and "umask(022" in trace.read_text(), 10)
        lines = [line.split(None, 1)[1] for line in trace.read_text().splitlines()]
        bound = next(number for number, line in enumerate(lines) if line.startswith("bind(") and path in line)
        assert any(line.startswith("umask(077)") for line in lines[:bound]), lines
        changed = next(number for number, line in enumerate(lines) if line.startswith(("chmod(", "fchmodat(")))
        listening = next(number for number, line in enumerate(lines) if number > bound and line.startswith("listen("))
        assert bound < changed < listening, lines
    finally:
        # strace passes no signal on.
        with Connection(server.address) as client:
            client.send("SHUTDOWN", "NOSAVE")
            client.read_until_closed()
        process.wait(20)


def test_a_socket_left_behind_is_replaced(tmp_path):
    path = str(tmp_path / "socket")
    left = socket.socket(socket.AF_UNIX)
    left.bind(path)
    left.close()
    with Server(unixsocket=path), Connection(path) as client:
        assert client.call("PING") == PONG


def test_ipv6():
    try:
        socket.socket(socket.AF_INET6).bind(("::1", 0))
    except OSError:
        pytest.skip("no IPv6 here")
    with Server(bind="::1") as server, server.connect() as client:
        assert client.call("PING") == PONG
        assert b"addr=[::1]:" in client.call("CLIENT", "INFO").value


def test_several_addresses_and_a_missing_optional_one():
    with Server(bind=None, arguments=["--bind", "127.0.0.1", "127.0.0.2", "-192.0.2.1"]) as server:
        for address in ("127.0.0.1", "127.0.0.2"):
            with Connection((address, server.port)) as client:
                assert client.call("PING") == PONG


def outer_address():
    """An address of this machine that is not loopback; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            return probe.getsockname()[0]
        except OSError:
            return None


def test_protected_mode():
    address = outer_address()
    if address is None or address.startswith("127."):
        pytest.skip("no address but loopback")
    with Server(bind=None, arguments=["--bind", "127.0.0.1", address]) as server:
        server.assert_serves()
        with Connection((address, server.port)) as client:
            assert client.read_until_closed().startswith(b"-DENIED ")
        server.call("CONFIG", "SET", "requirepass", "secret")
        with Connection((address, server.port)) as client:
            assert client.call("PING").value == b"NOAUTH Authentication required."


def test_requirepass():
    with Server(requirepass="secret") as server, server.connect() as client:
        for command in (("PING",), ("GET", "k"), ("MULTI",), ("CLIENT", "LIST"), ("SHUTDOWN",)):
            assert client.call(*command).value == b"NOAUTH Authentication required."
        assert client.call("HELLO", 3).value.startswith(b"NOAUTH HELLO must be called with the client already authenticated")
        wrong = b"WRONGPASS invalid username-password pair or user is disabled."
        for command in (("AUTH", "wrong"), ("AUTH", ""), ("AUTH", "default", "wrong"), ("AUTH", "nobody", "secret")):
            assert client.call(*command).value == wrong
        assert client.call("HELLO", 3, "AUTH", "default", "wrong").value == wrong
        assert client.call("GET", "k").value == b"NOAUTH Authentication required."
        assert client.call("AUTH", "default", "secret").value == b"OK"
        assert client.call("GET", "k").kind == "nil-bulk"
        assert client.call("RESET").value == b"RESET"
        assert client.call("GET", "k").value == b"NOAUTH Authentication required."
        assert client.call("HELLO", 3, "AUTH", "default", "secret", "SETNAME", "me").kind == "map"
        assert client.call("CLIENT", "GETNAME").value == b"me"
    # A batch in one packet: one reply each, also for the failing AUTH.
    with Server(requirepass="secret") as server, server.connect() as client:
        replies = client.pipeline(("AUTH", "wrong"), ("PING",), ("AUTH", "secret"), ("PING",))
        assert [reply.value.split()[0] for reply in replies] == [b"WRONGPASS", b"NOAUTH", b"OK", b"PONG"]


def test_exec_and_others_before_authentication():
    """As redis-server 7.0.15 answers: EXEC has a word of its own for every refusal."""
    refused = b"NOAUTH Authentication required."
    aborted = b"EXECABORT Transaction discarded because of: "
    with Server(requirepass="secret") as server, server.connect() as client:
        assert client.call("EXEC").value == aborted + refused
        for command in (("MULTI",), ("DISCARD",), ("WATCH", "k"), ("UNWATCH",), ("GET", "k"), ("CONFIG", "GET", "*")):
            assert client.call(*command).value == refused
        # Arity and names are looked at first.
        assert client.call("EXEC", "a").value == aborted + b"wrong number of arguments for 'exec' command"
        assert client.call("MULTI", "a").value == b"ERR wrong number of arguments for 'multi' command"
        assert client.call("GET").value == b"ERR wrong number of arguments for 'get' command"
        assert client.call("NOSUCH").value.startswith(b"ERR unknown command 'NOSUCH'")
        assert client.call("CLIENT", "NOSUCH").value.startswith(b"ERR unknown subcommand 'NOSUCH'")
        assert client.call("AUTH", "secret").value == b"OK"
        assert client.call("MULTI").value == b"OK"
        assert client.call("AUTH", "wrong").value == b"QUEUED"
        assert client.call("RESET").value == b"RESET"
        assert client.call("EXEC").value == aborted + refused


def test_requirepass_changes_at_run_time():
    with Server() as server, server.connect() as client:
        client.call("CONFIG", "SET", "requirepass", "secret")
        assert client.call("PING") == PONG, "who is in stays in"
        assert server.call("PING").value == b"NOAUTH Authentication required."
        client.call("CONFIG", "SET", "requirepass", "")
        assert server.call("PING") == PONG


@own
@pytest.mark.subset
@pytest.mark.parametrize("loops", [1, 2, 4])
def test_loops(loops):
    """Any loop serves any key, and counters from many connections add up."""
    with Server(loops=loops) as server:
        def work():
            with server.connect() as client:
                for _ in range(100):
                    client.pipeline(*[("INCR", f"n{number}") for number in range(20)])

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with server.connect() as client:
            assert client.call("MGET", *[f"n{number}" for number in range(20)]).plain() == [b"800"] * 20


def test_a_restart_on_the_same_port():
    port = None
    for _ in range(3):
        with Server(port=port) as server, server.connect() as client:
            port = server.port
            assert client.call("PING") == PONG


def test_clients_that_stay_when_the_server_goes():
    server = Server().start()
    client = server.connect()
    client.call("PING")
    server.kill()
    with pytest.raises(Closed):
        client.call("PING")
    server.process = None
