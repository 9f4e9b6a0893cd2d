"""LEASE GET … WAIT: who computes, who waits, what wakes, and who has gone."""

import pytest

from harness import SANITIZED, Server, wait_until
from leases import LONG, clients, lease, read_all, wait_for, win
from wire import OK, QUEUED, Reply, encode

pytestmark = pytest.mark.own

OPTIONS = {"maxclients": 2000}

def thousand(target, set_value):
    """A thousand clients miss a key at the same moment; returns the states that they are told."""
    states = {b"win": 0, b"wait": 0, b"hit": 0}
    with clients(target, 1000) as connections:
        for connection in connections:
            connection.socket.sendall(encode("LEASE", "GET", "k", "WAIT", LONG))

        def handle(connection, reply):
            state, value, token, _ = reply
            states[state] += 1
            if state == b"win":
                wait_for(target, 999)
                assert set_value(connection, token) == OK
            else:
                assert (state, value) == (b"hit", b"v")

        read_all(connections, handle)
    return states


@pytest.mark.subset
def test_of_a_thousand_one_wins_and_all_get_the_value(target, connection):
    states = thousand(target, lambda winner, token: winner.call("SET", "k", "v", "LEASE", token))
    assert states == {b"win": 1, b"wait": 0, b"hit": 999}
    assert target.information("clients")["blocked_clients"] == "0"


def test_anybody_may_set_the_value(target, connection):
    states = thousand(target, lambda winner, token: connection.call("SET", "k", "v"))
    assert states == {b"win": 1, b"wait": 0, b"hit": 999}


def test_without_wait_the_losers_are_told_at_once(target, connection):
    with clients(target, 100) as connections:
        states = []
        for connection in connections:
            connection.send("LEASE", "GET", "k")
        read_all(connections, lambda _, reply: states.append(reply[0]))
    assert sorted(states) == [b"wait"] * 99 + [b"win"]


@pytest.mark.subset
@pytest.mark.parametrize("ending", ["dies", "releases", "deleted"])
def test_one_waiter_takes_over(target, connection, ending):
    """… when the holder's lease ends without a value; the others wait on."""
    holder = target.connect()
    token = win(holder, "k", "TTL", 300 if ending == "dies" else LONG)
    with clients(target, 20) as connections:
        for waiter in connections:
            waiter.send("LEASE", "GET", "k", "TTL", LONG, "WAIT", LONG)
        wait_for(target, 20)
        if ending == "releases":
            assert connection.call("LEASE", "RELEASE", "k", token).value == 1
        elif ending == "deleted":
            assert connection.pipeline(("MULTI",), ("SET", "k", "x"), ("DEL", "k"), ("EXEC",))[-1].kind == "array"
        holder.close()
        winners = []

        def handle(waiter, reply):
            if reply[0] == b"win":
                winners.append(waiter)
                wait_for(target, 19)
                assert waiter.call("SET", "k", "v", "LEASE", reply[2]) == OK
            else:
                assert reply == [b"hit", b"v", None, -1]

        read_all(connections, handle)
    assert len(winners) == 1
    assert connection.call("SET", "k", "w", "LEASE", token) == Reply("nil-bulk")


def test_every_holder_dies(target, connection):
    """Down the whole line: each waiter wins in its turn."""
    win(connection, "k", "TTL", 20)
    with clients(target, 10) as connections:
        for waiter in connections:
            waiter.send("LEASE", "GET", "k", "TTL", 20, "WAIT", LONG)
        states = []
        read_all(connections, lambda _, reply: states.append(reply[0]))
    assert states == [b"win"] * 10


def test_the_wait_ends(target, connection):
    win(connection, "k")
    with target.connect() as waiter:
        assert lease(waiter, "k", "WAIT", 30) == [b"wait", None, None, -2]
        assert lease(waiter, "k", "WAIT", 1) == [b"wait", None, None, -2]
    assert target.information("stats")["lease_waiters"] == "0"


def test_a_wait_holds_up_only_its_connection(target, connection):
    token = win(connection, "k")
    with target.connect() as waiter, target.connect() as other:
        waiter.raw(encode("LEASE", "GET", "k", "WAIT", LONG) + encode("PING") + encode("GET", "k"))
        wait_for(target, 1)
        assert other.call("PING").value == b"PONG"
        assert target.information("clients")["blocked_clients"] == "1"
        lines = other.call("CLIENT", "LIST").value.decode().splitlines()
        assert [line for line in lines if " flags=b " in line and " cmd=lease|get " in line]
        assert connection.call("SET", "k", "v", "LEASE", token) == OK
        assert [waiter.read().plain() for _ in range(3)] == [[b"hit", b"v", None, -1], b"PONG", b"v"]
    assert target.information("clients")["blocked_clients"] == "0"


def test_databases_wait_apart(target, connection):
    with target.connect() as waiter, target.connect() as other:
        win(connection, "k")
        assert other.call("SELECT", 1) == OK and waiter.call("SELECT", 1) == OK
        token = win(other, "k")
        waiter.send("LEASE", "GET", "k", "WAIT", LONG)
        wait_for(target, 1)
        assert connection.call("SET", "k", "v0") == OK
        assert target.information("stats")["lease_waiters"] == "1"
        assert other.call("SET", "k", "v1", "LEASE", token) == OK
        assert waiter.read().plain() == [b"hit", b"v1", None, -1]


def test_swapped_databases_are_looked_at(target, connection):
    with target.connect() as waiter:
        assert connection.pipeline(("SELECT", 1), ("SET", "k", "v"), ("SELECT", 0))[1] == OK
        win(connection, "k")
        waiter.send("LEASE", "GET", "k", "WAIT", LONG)
        wait_for(target, 1)
        assert connection.call("SWAPDB", 0, 1) == OK
        assert waiter.read().plain() == [b"hit", b"v", None, -1]


def test_a_transaction_does_not_wait(target, connection):
    win(connection, "k")
    with target.connect() as other:
        replies = other.pipeline(("MULTI",), ("LEASE", "GET", "k", "WAIT", LONG), ("LEASE", "GET", "l"), ("EXEC",))
        assert replies[:3] == [OK, QUEUED, QUEUED]
        waited, won = replies[3].plain()
        assert waited == [b"wait", None, None, -2]
        assert other.pipeline(("MULTI",), ("SET", "l", "v", "LEASE", won[2]), ("EXEC",))[-1].value == (OK,)


@pytest.mark.parametrize("reason", ["", "TIMEOUT", "ERROR"])
def test_client_unblock(target, connection, reason):
    win(connection, "k")
    with target.connect() as waiter:
        number = waiter.call("CLIENT", "ID").value
        assert connection.call("CLIENT", "UNBLOCK", number).value == 0
        waiter.send("LEASE", "GET", "k", "WAIT", LONG)
        wait_for(target, 1)
        assert connection.call("CLIENT", "UNBLOCK", number, *reason.split()).value == 1
        reply = waiter.read()
        if reason == "ERROR":
            assert reply == Reply("error", b"UNBLOCKED client unblocked via CLIENT UNBLOCK")
        else:
            assert reply.plain() == [b"wait", None, None, -2]
        assert connection.call("CLIENT", "UNBLOCK", number).value == 0


@pytest.mark.subset
@pytest.mark.parametrize("how", ["close", "half-close", "kill"])
def test_who_has_gone_does_not_win(target, connection, how):
    token = win(connection, "k")
    with target.connect() as gone, target.connect() as waiter:
        number = gone.call("CLIENT", "ID").value
        gone.send("LEASE", "GET", "k", "WAIT", LONG)
        wait_for(target, 1)
        waiter.send("LEASE", "GET", "k", "WAIT", LONG)
        wait_for(target, 2)
        if how == "close":
            gone.close()
        elif how == "half-close":
            gone.socket.shutdown(1)
            assert gone.read().plain() == [b"wait", None, None, -2]
            assert gone.is_closed_by_peer()
        else:
            assert connection.call("CLIENT", "KILL", "ID", number).value == 1
        wait_for(target, 1)
        assert connection.call("LEASE", "RELEASE", "k", token).value == 1
        assert waiter.read().plain()[0] == b"win"


def test_the_server_stops_with_clients_that_wait():
    with Server() as server, server.connect() as holder, server.connect() as waiter:
        win(holder, "k")
        waiter.send("LEASE", "GET", "k", "WAIT", LONG)
        wait_for(server, 1)
        server.signal(15)
        assert waiter.read().plain() == [b"wait", None, None, -2]
        assert server.wait() == 0


def test_muted_replies_stay_muted(target, connection):
    token = win(connection, "k")
    with target.connect() as waiter:
        waiter.raw(encode("CLIENT", "REPLY", "SKIP") + encode("LEASE", "GET", "k", "WAIT", LONG) + encode("GET", "k"))
        wait_for(target, 1)
        assert connection.call("SET", "k", "v", "LEASE", token) == OK
        assert waiter.read() == Reply("bulk", b"v")


def test_a_hit_is_tracked(target, connection):
    with target.connect() as tracker:
        tracker.hello(3)
        assert tracker.call("CLIENT", "TRACKING", "ON") == OK
        assert connection.call("SET", "k", "v") == OK
        assert tracker.call("LEASE", "GET", "k").plain()[b"value"] == b"v"
        assert connection.call("SET", "k", "w") == OK
        assert tracker.call("PING").value == b"PONG"
        assert [push.value[1].value[0].value for push in tracker.pushes] == [b"k"]


@pytest.mark.subset
def test_clients_come_and_go_while_the_value_is_computed(target, connection):
    """Waiters that leave early, in their hundreds, leave nothing behind."""
    win(connection, "k", "TTL", LONG)
    rounds = 2 if SANITIZED else 10
    for _ in range(rounds):
        with clients(target, 100) as connections:
            for waiter in connections:
                waiter.send("LEASE", "GET", "k", "WAIT", LONG)
            wait_for(target, 100)
        wait_for(target, 0)
    assert wait_until(lambda: target.information("clients")["blocked_clients"] == "0")
    # Many short waits behind one another.
    with clients(target, 50) as connections:
        for waiter in connections:
            waiter.raw(encode("LEASE", "GET", "k", "WAIT", 2) * 20)
        for waiter in connections:
            assert [waiter.read().plain()[0] for _ in range(20)] == [b"wait"] * 20
