"""Sockets that systemd opens and passes on: LISTEN_FDS, see sd_listen_fds(3)."""

import os
import shutil
import socket
import subprocess
import sys

import pytest

from harness import Server, free_port, wait_until
from wire import PONG, Connection

pytestmark = pytest.mark.own

# LISTEN_PID is the process that serves, known only once it is there: this one sets it and becomes the daemon.
STARTER = """
import os, sys
descriptors = [int(word) for word in sys.argv[1].split(",") if word]
for place, descriptor in enumerate(descriptors):
    os.dup2(descriptor, 3 + place, inheritable=True)
os.environ["LISTEN_FDS"] = str(len(descriptors)) if descriptors else sys.argv[2]
os.environ["LISTEN_PID"] = str(os.getpid() + int(sys.argv[3]))
os.execv(sys.argv[4], sys.argv[4:])
"""


class Activated(Server):
    """A server that is handed sockets."""

    def __init__(self, sockets, count="", pid_offset=0, **options):
        super().__init__(**options)
        self.sockets, self.count, self.pid_offset = sockets, count, pid_offset

    def launch(self):
        self.output_path = self.directory / "output.log"
        self.output = open(self.output_path, "ab")
        # Above those that they are copied to.
        copies = [os.dup(one.fileno()) for one in self.sockets]
        high = [descriptor for descriptor in map(move_up, copies)]
        words = [",".join(map(str, high)), str(self.count), str(self.pid_offset)]
        self.process = subprocess.Popen(
            [sys.executable, "-c", STARTER, *words, *self.command_line()],
            stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT,
            env=self.environment, cwd=self.directory, pass_fds=high,
        )
        for descriptor in high:
            os.close(descriptor)
        return self


def move_up(descriptor):
    import fcntl

    high = fcntl.fcntl(descriptor, fcntl.F_DUPFD, 100)
    os.close(descriptor)
    return high


def listening(family=socket.AF_INET, address=("127.0.0.1", 0)):
    one = socket.socket(family)
    one.bind(address)
    one.listen(16)
    return one


def test_serves_on_the_sockets_that_are_passed(tmp_path):
    path = str(tmp_path / "socket")
    with listening() as tcp, listening(socket.AF_UNIX, path) as unix:
        # What the configuration names is not opened beside them.
        server = Activated([tcp, unix], unixsocket=str(tmp_path / "other"))
        configured, server.address = server.address, tcp.getsockname()
        with server:
            assert server.call("PING") == PONG
            with Connection(path) as client:
                assert client.call("PING") == PONG
            with pytest.raises(OSError):
                Connection(configured)
            assert not (tmp_path / "other").exists()
            assert path in server.log() and str(server.address[1]) in server.log()
        assert os.path.exists(path), "the file is systemd's"


def test_clients_wait_in_the_queue_through_a_restart():
    with listening() as tcp:
        server = Activated([tcp])
        server.address = tcp.getsockname()
        with server:
            assert server.call("PING") == PONG
        with Connection(server.address) as early:
            early.send("PING")
            again = Activated([tcp])
            again.address = server.address
            with again:
                assert early.read() == PONG


def test_sockets_for_another_process_are_left_alone():
    with listening() as tcp, Activated([tcp], pid_offset=1) as server:
        assert server.call("PING") == PONG, "on its own port"


@pytest.mark.parametrize("count", ["", "abc", "-1", "0", "99999999999999999999", "2000000000"])
def test_a_number_that_is_none(count):
    with Activated([], count=count) as server:
        assert server.call("PING") == PONG


def refused(sockets, count=""):
    server = Activated(sockets, count=count).launch()
    try:
        assert server.wait() == 1
        lines = server.log().strip().splitlines()
        assert len(lines) == 1, lines
        return lines[0]
    finally:
        server.stop()


def test_what_does_not_listen_is_refused():
    with socket.socket() as unbound:
        assert "descriptor 3: not a listening stream socket" in refused([unbound])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("127.0.0.1", 0))
        assert "descriptor 3" in refused([datagrams])
    with listening() as tcp, open(os.devnull) as file:
        assert "descriptor 4" in refused([tcp, file])
    assert "descriptor" in refused([], count="1000")


@pytest.mark.skipif(shutil.which("systemd-socket-activate") is None, reason="systemd's tool is not here")
def test_with_the_tool_of_systemd():
    port = free_port()
    server = Server(port=0)
    process = subprocess.Popen(
        ["systemd-socket-activate", "-l", f"127.0.0.1:{port}", "--fdname=resp", *server.command_line()],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=server.environment)
    try:
        assert wait_until(lambda: answers(port))
    finally:
        process.terminate()
        assert process.wait(20) == 0


def answers(port):
    try:
        with Connection(("127.0.0.1", port)) as client:
            return client.call("PING") == PONG
    except OSError:
        return False
