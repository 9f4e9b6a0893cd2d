"""What the tests of leases share."""

import contextlib
import select

from harness import wait_until
from wire import SLOWNESS

# Milliseconds of a wait or a lease that a test does not see the end of.
LONG = 60_000


def lease(connection, key, *options):
    """The reply of LEASE GET as a list."""
    reply = connection.call("LEASE", "GET", key, *options)
    assert reply.kind == "array", reply
    return reply.plain()


def win(connection, key, *options):
    """Take the lease; returns the token."""
    state, value, token, pttl = lease(connection, key, *options)
    assert (state, value, pttl) == (b"win", None, -2)
    assert len(token) == 16 and int(token, 16) > 0
    return token


def wait_for(target, waiters):
    """Until that many stand in line."""
    assert wait_until(lambda: int(target.information("stats")["lease_waiters"]) == waiters)


@contextlib.contextmanager
def clients(target, count):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(target.connect()) for _ in range(count)]


def read_all(connections, handle):
    """Read one reply from each; `handle(connection, reply)` is called as they come."""
    poll = select.poll()
    left = {connection.socket.fileno(): connection for connection in connections}
    for number in left:
        poll.register(number, select.POLLIN)
    while left:
        ready = poll.poll(20_000 * SLOWNESS)
        assert ready, f"{len(left)} clients got no reply"
        for number, _ in ready:
            poll.unregister(number)
            connection = left.pop(number)
            handle(connection, connection.read().plain())
