"""redis-py 8: sync and async, both protocols."""

import asyncio
import threading
import time

import pytest
import redis
import redis.asyncio
from redis.exceptions import ConnectionError, LockError, ResponseError, WatchError

from harness import Server


@pytest.fixture(params=[2, 3])
def client(request, target):
    with redis.Redis(port=target.port, protocol=request.param, decode_responses=True) as one:
        one.flushall()
        yield one


def test_default_settings(target):
    """HELLO 3 by default since 8.0, and no way back to RESP2."""
    with redis.Redis(port=target.port, client_name="test", db=2) as client:
        assert client.ping()
        assert client.set("k", b"\x00\xff", px=100_000)
        assert client.get("k") == b"\x00\xff"
        assert client.client_getname() in (b"test", "test")
        assert client.client_info()["db"] == 2


def test_strings(client):
    assert client.set("k", "v") is True
    assert client.set("k", "w", nx=True) is None
    assert client.set("k", "w", xx=True, get=True) == "v"
    assert client.mset({"a": 1, "b": 2}) is True
    assert client.mget("a", "b", "none") == ["1", "2", None]
    assert client.incr("a", 5) == 6
    assert client.incrbyfloat("a", 1.5) == 7.5
    assert client.append("b", "x") == 2
    assert client.getrange("b", 0, 0) == "2"
    assert client.setbit("bits", 7, 1) == 0
    assert client.bitcount("bits") == 1
    assert client.getex("b", ex=100) == "2x" and 0 < client.ttl("b") <= 100
    assert client.getdel("b") == "2x" and client.exists("b") == 0
    assert client.bitfield("f").incrby("u8", 0, 10).get("u8", 0).execute() == [10, 10]
    client.mset({"x": "ohmytext", "y": "mynewtext"})
    assert client.lcs("x", "y") == "mytext"


def test_keys(client):
    client.mset({f"k{number}": number for number in range(500)})
    assert set(client.scan_iter("k*", count=10)) == {f"k{number}" for number in range(500)}
    assert len(client.keys("k1*")) == 111
    assert client.type("k1") == "string" and client.object("encoding", "k1") == "int"
    assert client.expire("k1", 100, nx=True) and not client.expire("k1", 100, nx=True)
    assert client.rename("k1", "r") and client.copy("r", "s") and client.unlink("r", "s") == 2
    assert client.dbsize() == 499
    assert client.memory_usage("k2") > 0
    assert client.randomkey().startswith("k")


def test_dump_and_restore(target):
    with redis.Redis(port=target.port) as client:
        client.set("k", "value")
        assert client.restore("l", 0, client.dump("k"), replace=True)
        assert client.get("l") == b"value"


def test_pipelines(client):
    pipeline = client.pipeline(transaction=False)
    for number in range(2000):
        pipeline.set(f"k{number}", number)
    for number in range(2000):
        pipeline.get(f"k{number}")
    assert pipeline.execute()[2000:] == [str(number) for number in range(2000)]
    with client.pipeline() as transaction:
        assert transaction.set("n", 1).incr("n").get("n").execute() == [True, 2, "2"]
    with pytest.raises(ResponseError):
        client.pipeline().set("a", "x").incr("a").execute()


def test_watch(client):
    client.set("n", 1)
    with client.pipeline() as pipeline:
        pipeline.watch("n")
        client.set("n", 2)
        pipeline.multi()
        pipeline.set("n", 3)
        with pytest.raises(WatchError):
            pipeline.execute()
    assert client.transaction(lambda p: (p.get("n"), p.multi(), p.incr("n")), "n") == [3]


def test_lock_by_set_nx_px(client):
    """Redis's lock without scripts: SET NX PX to take it, a transaction to give it back."""
    held, most = 0, 0

    def work(name):
        nonlocal held, most
        for _ in range(10):
            while not client.set("lock", name, nx=True, px=10_000):
                time.sleep(0.001)
            held += 1
            most = max(most, held)
            time.sleep(0.001)
            held -= 1
            assert client.get("lock") == name
            client.delete("lock")

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_lock_object_blocks(client):
    """Only taking the lock: giving it back needs scripts."""
    assert client.lock("lock", timeout=10).acquire(blocking=False)
    assert not client.lock("lock").acquire(blocking=False)
    with pytest.raises(LockError):
        client.lock("lock", blocking_timeout=0.1).__enter__()


def test_server_commands(client):
    information = client.info()
    assert information["redis_version"] and information["role"] == "master" and "db0" not in information
    assert client.info("commandstats")["cmdstat_info"]["calls"] >= 1
    assert client.config_get("maxmemory*")["maxmemory-policy"]
    assert client.config_set("timeout", 0) and client.config_get("timeout") == {"timeout": "0"}
    assert client.client_list()[0]["addr"] and client.client_id() > 0
    assert client.slowlog_len() >= 0 and client.time()[0] > 0
    assert client.command_count() > 80
    assert "get" in client.command()
    assert client.lastsave() and client.memory_stats() and client.role()


def test_errors(client):
    for words in (["NOSUCH"], ["GET"], ["CLIENT", "NOSUCH"], ["SET", "k", "v", "NOSUCH"]):
        with pytest.raises(ResponseError):
            client.execute_command(*words)
    with pytest.raises(ResponseError, match="unknown command"):
        client.execute_command("NOSUCH")


def test_health_checks(target):
    with redis.Redis(port=target.port, health_check_interval=0.01) as client:
        for _ in range(5):
            time.sleep(0.02)
            assert client.ping()


def test_authentication():
    with Server(requirepass="secret") as server:
        for protocol in (2, 3):
            with redis.Redis(port=server.port, protocol=protocol, password="secret") as client:
                assert client.ping()
            with redis.Redis(port=server.port, protocol=protocol, username="default", password="secret") as client:
                assert client.ping()
            with redis.Redis(port=server.port, protocol=protocol, password="wrong") as client:
                with pytest.raises(redis.AuthenticationError):
                    client.ping()
            with redis.Redis(port=server.port, protocol=protocol) as client, pytest.raises(ConnectionError):
                client.ping()


@pytest.mark.parametrize("protocol", [2, 3])
def test_asynchronous(target, protocol):
    async def work():
        async with redis.asyncio.Redis(port=target.port, protocol=protocol, decode_responses=True) as client:
            await client.flushall()
            await asyncio.gather(*[client.set(f"k{number}", number) for number in range(50)])
            assert await client.mget("k1", "k49") == ["1", "49"]
            async with client.pipeline(transaction=True) as pipeline:
                assert await pipeline.incr("k1").get("k1").execute() == [2, "2"]
            assert len([key async for key in client.scan_iter("k*")]) == 50

    asyncio.run(asyncio.wait_for(work(), 20))
