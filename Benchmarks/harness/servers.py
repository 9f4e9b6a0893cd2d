"""The servers under test: how each is started, asked and stopped."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from . import build

MIB = 1 << 20


class ServerError(Exception):
    """A server that cannot be measured, with the reason."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running server, pinned to one core.

    `limit` is its memory limit in bytes (0 for none) and `policy` its eviction policy, None for the server's usual one.
    """

    name = ""
    dialect = "resp"
    #: The share of sets that it may refuse at its limit.
    refusals_allowed = 0.0
    #: The policies of the storm; None stands for the server's usual one.
    policies = [None]

    def __init__(self, core, limit=0, policy=None):
        self.port = free_port()
        self.directory = tempfile.TemporaryDirectory(prefix="nearcached-benchmark-")
        self.log = pathlib.Path(self.directory.name) / "log"
        program = self.program()
        if not program:
            raise ServerError(f"{self.name}: not installed")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["taskset", "-c", str(core), program, *self.arguments(limit, policy)],
                cwd=self.directory.name, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.wait_until_ready()

    def wait_until_ready(self):
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                self.ask("PING")
                return
            except OSError:
                time.sleep(0.05)
        text = self.log.read_text(errors="replace").strip().splitlines()
        self.stop()
        raise ServerError(f"{self.name}: it does not start; its last words: {text[-1] if text else 'none'}")

    @property
    def pid(self):
        return self.process.pid

    def ask(self, *words):
        """The raw reply to one command; b"" when the server hung up. For short replies only."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(self.encode(words))
            reply = b""
            while not self.is_complete(reply):
                chunk = connection.recv(65536)
                if not chunk:
                    break
                reply += chunk
            return reply

    def encode(self, words):
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            parts.append(b"$%d\r\n%s\r\n" % (len(word), word.encode()))
        return b"".join(parts)

    def is_complete(self, reply):
        head, separator, rest = reply.partition(b"\r\n")
        if not separator:
            return False
        return head[:1] != b"$" or len(rest) >= int(head[1:]) + 2

    def information(self, section, field):
        """One whole number of INFO, 0 when it is not there."""
        for line in self.ask("INFO", section).decode(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name == field:
                return int(value)
        return 0

    def evicted(self):
        return self.information("stats", "evicted_keys")

    def entries(self):
        return int(self.ask("DBSIZE").strip()[1:])

    def resident(self):
        """Resident bytes now. smaps_rollup is exact; status's VmRSS lags by what each core has not yet added up."""
        return self.kibibytes("smaps_rollup", "Rss:")

    def peak_resident(self):
        """The most bytes that were ever resident."""
        return max(self.kibibytes("status", "VmHWM:"), self.resident())

    def kibibytes(self, file, field):
        for line in pathlib.Path(f"/proc/{self.pid}/{file}").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
        raise ServerError(f"/proc/{self.pid}/{file} has no {field}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.directory.cleanup()

    @classmethod
    def version(cls):
        program = cls.program()
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10)
        return (done.stdout or done.stderr).strip().splitlines()[0] if done.stdout or done.stderr else "unknown"


class Nearcached(Server):
    name = "nearcached"
    policies = [
        "allkeys-s3fifo", "allkeys-lru", "allkeys-lfu", "allkeys-random", "allkeys-fifo",
        "volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl", "volatile-fifo", "noeviction",
    ]

    @staticmethod
    def program():
        path = os.environ.get("NEARCACHED", str(build.NEARCACHED))
        return path if os.access(path, os.X_OK) else None

    def arguments(self, limit, policy):
        return [
            "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--loops", "1",
            "--maxmemory", str(limit), "--maxmemory-policy", policy or "allkeys-s3fifo",
        ]


class Valkey(Server):
    name = "valkey"
    policies = ["allkeys-lru"]

    @staticmethod
    def program():
        return build.valkey_server()

    def arguments(self, limit, policy):
        return [
            "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--maxmemory", str(limit), "--maxmemory-policy", policy or "allkeys-lru",
        ]


class Redis(Valkey):
    name = "redis"

    @staticmethod
    def program():
        return shutil.which("redis-server")


class Memcached(Server):
    name = "memcached"
    dialect = "memcached"
    # It refuses a set when the tail of the slab class is in use just then.
    refusals_allowed = 0.01

    @staticmethod
    def program():
        return shutil.which("memcached")

    def arguments(self, limit, policy):
        # Without a limit of its own it would stop at 64 MB. Root must name a user to run as.
        megabytes = limit // MIB if limit else 8192
        user = ["-u", "root"] if os.geteuid() == 0 else []
        return ["-p", str(self.port), "-U", "0", "-l", "127.0.0.1", "-t", "1", "-m", str(megabytes), *user]

    def encode(self, words):
        return b"version\r\n" if words == ("PING",) else b" ".join(word.encode() for word in words) + b"\r\n"

    def is_complete(self, reply):
        return reply.endswith(b"END\r\n") or reply.startswith((b"VERSION", b"ERROR"))

    def information(self, section, field):
        for line in self.ask("stats").decode().splitlines():
            words = line.split()
            if words[:2] == ["STAT", field]:
                return int(words[2])
        return 0

    def evicted(self):
        return self.information("", "evictions")

    def entries(self):
        return self.information("", "curr_items")


ALL = {server.name: server for server in (Nearcached, Valkey, Redis, Memcached)}
