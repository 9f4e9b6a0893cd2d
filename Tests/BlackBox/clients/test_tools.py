"""redis-cli and redis-benchmark against the target."""

import shutil
import subprocess

import pytest

from wire import SLOWNESS

CLI = shutil.which("redis-cli")
BENCHMARK = shutil.which("redis-benchmark")


def run(program, server, *arguments, stdin=None, seconds=20):
    """What the program prints; fails when it fails or does not end."""
    done = subprocess.run([program, "-h", server.address[0], "-p", str(server.port), *arguments],
                          input=stdin, capture_output=True, timeout=seconds * SLOWNESS, check=False)
    output = (done.stdout + done.stderr).decode(errors="replace")
    assert done.returncode == 0, output
    return output


def watch(server, *arguments, seconds=1.5):
    """What a program that runs until it is stopped has printed by then."""
    # Line by line, or what is in the pipe's buffer is lost when the program is stopped.
    process = subprocess.Popen(["stdbuf", "-oL", CLI, "-h", server.address[0], "-p", str(server.port), *arguments],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        output, _ = process.communicate(timeout=seconds * SLOWNESS)
    except subprocess.TimeoutExpired:
        process.terminate()
        output, _ = process.communicate()
    return output.decode(errors="replace")


@pytest.fixture
def stored(target):
    with target.connect() as client:
        client.call("FLUSHALL")
        client.pipeline(*[("SET", f"key:{number:03}", "x" * number) for number in range(1, 301)])
    return target


@pytest.mark.parametrize("protocol", [[], ["-3"]])
def test_commands(stored, protocol):
    assert run(CLI, stored, *protocol, "GET", "key:003") == "xxx\n"
    assert run(CLI, stored, *protocol, "TTL", "key:003").strip() == "-1"
    assert run(CLI, stored, *protocol, "-n", "3", "DBSIZE").strip() == "0"
    assert "unknown command" in subprocess.run([CLI, "-p", str(stored.port), "NOSUCH"], capture_output=True).stdout.decode()
    output = run(CLI, stored, *protocol, stdin=b"MULTI\nSET a 1\nINCR a\nEXEC\nGET a\n")
    assert output.split() == ["OK", "QUEUED", "QUEUED", "OK", "2", "2"]


def test_scan(stored):
    output = run(CLI, stored, "--scan")
    assert sorted(output.split()) == [f"key:{number:03}" for number in range(1, 301)]
    assert len(run(CLI, stored, "--scan", "--pattern", "key:1*").split()) == 100


def test_bigkeys(stored):
    output = run(CLI, stored, "--bigkeys")
    assert "Sampled 300 keys" in output
    assert "key:300" in next(line for line in output.splitlines() if line.startswith("Biggest string found"))


def test_memkeys(stored):
    output = run(CLI, stored, "--memkeys")
    assert "Sampled 300 keys" in output and "bytes" in output


def test_pipe(target):
    target.call("FLUSHALL")
    data = b"".join(b"*3\r\n$3\r\nSET\r\n$7\r\nk%06d\r\n$1\r\nv\r\n" % number for number in range(20_000))
    output = run(CLI, target, "--pipe", stdin=data)
    assert "errors: 0, replies: 20000" in output
    assert target.call("DBSIZE").value == 20_000
    assert "errors: 2, replies: 3" in subprocess.run(
        [CLI, "-p", str(target.port), "--pipe"], input=b"SET a\r\nNOSUCH\r\nPING\r\n", capture_output=True).stdout.decode()


def test_stat(stored):
    output = watch(stored, "--stat", "-i", "0.1")
    assert output.splitlines()[1].split()[0] == "keys"
    assert output.splitlines()[2].split()[0] == "300"


def test_latency(target):
    assert float(watch(target, "--latency").split()[0]) >= 0


def test_hotkeys(target):
    target.call("CONFIG", "SET", "maxmemory-policy", "allkeys-lfu")
    target.call("SET", "hot", "v")
    try:
        assert "hot" in run(CLI, target, "--hotkeys")
    finally:
        target.call("CONFIG", "SET", "maxmemory-policy", "noeviction")


@pytest.mark.parametrize("more", [["-P", "1"], ["-P", "16", "-c", "10"], ["-3", "-P", "16"], ["--threads", "2", "-P", "16"]])
def test_benchmark(target, more):
    output = run(BENCHMARK, target, "-n", "3000", "-r", "1000", "-q", "-t", "ping,set,get,incr,mset", *more, seconds=60)
    for name in ("PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"):
        assert f"{name}: " in output
    assert "WARNING" not in output and "rror" not in output


def test_benchmark_of_large_values(target):
    run(BENCHMARK, target, "-n", "500", "-d", "100000", "-q", "-t", "set,get", "-c", "20", seconds=60)
    target.call("FLUSHALL")
