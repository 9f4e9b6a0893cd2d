"""The row about leases: a thousand clients miss one key at the same moment, one computes, the others wait for its value."""

import contextlib
import os
import select
import socket
import time

from .servers import Nearcached, ServerError

CLIENTS = 1000
BAR_MILLISECONDS = 50
WAIT_MILLISECONDS = 60_000
VALUE = "v" * 64


def measure(context, results):
    """Adds to results, a line for each round: {"wins": n, "hits": n, "first_ms": x, "median_ms": x, "last_ms": x}."""
    context.say("lease")
    with context.attempt():
        server = Nearcached(context.server_core)
        cores = os.sched_getaffinity(0)
        # The clients are in this process: their reading, some 10 µs each, is in the figures.
        os.sched_setaffinity(0, {context.generate.core})
        try:
            for number in range(context.rounds):
                results.append(one(server, f"key:{number}"))
        finally:
            os.sched_setaffinity(0, cores)
            server.stop()


def one(server, key):
    with contextlib.ExitStack() as stack:
        poll = select.epoll()
        stack.callback(poll.close)
        clients = {}
        for _ in range(CLIENTS):
            client = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            clients[client.fileno()] = client
            poll.register(client, select.EPOLLIN)
        request = server.encode(("LEASE", "GET", key, "WAIT", str(WAIT_MILLISECONDS)))
        for client in clients.values():
            client.sendall(request)
        winner, reply = first(poll, clients)
        if b"$3\r\nwin\r\n" not in reply:
            raise ServerError(f"lease: the first reply is {reply!r}")
        token = reply.split(b"\r\n")[-3].decode()
        wait_for_line(server)
        began = time.perf_counter()
        winner.sendall(server.encode(("SET", key, VALUE, "LEASE", token)))
        return count(poll, clients, began) | {"round": key}


def first(poll, clients):
    ready = poll.poll(10)
    if not ready:
        raise ServerError("lease: nobody wins")
    client = clients[ready[0][0]]
    return client, client.recv(4096)


def wait_for_line(server):
    deadline = time.monotonic() + 10
    while server.information("stats", "lease_waiters") < CLIENTS - 1:
        if time.monotonic() > deadline:
            raise ServerError("lease: not all others wait")
        time.sleep(0.01)


def count(poll, clients, began):
    """Reads a reply from everybody: the winner's OK and the others' hits."""
    times, wins, left = [], 1, len(clients)
    while left:
        ready = poll.poll(10)
        now = time.perf_counter()
        if not ready:
            raise ServerError(f"lease: {left} clients get nothing")
        for number, _ in ready:
            reply = clients[number].recv(4096)
            left -= 1
            if b"$3\r\nhit\r\n" in reply:
                times.append((now - began) * 1e3)
            elif b"win" in reply:
                wins += 1
    times.sort()
    if not times:
        raise ServerError("lease: nobody gets the value")
    return {
        "wins": wins, "hits": len(times), "first_ms": times[0], "median_ms": times[len(times) // 2],
        "last_ms": times[-1],
    }
