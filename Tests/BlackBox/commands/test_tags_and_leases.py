"""What tags, rules, stale windows and leases have to do with each other."""

import pytest

from harness import Server, wait_until
from ruling import call, client, define, server, text

pytestmark = pytest.mark.own


def win(client, key):
    state, value, token, _ = text(client.call("LEASE", "GET", key))
    assert state == "win" and value is None
    return token


@pytest.mark.parametrize("line, is_void", [
    ("TAG INVALIDATE t", True), ("TAG STALE t", True), ("TAG INVALIDATE other", False), ("DEL k", True), ("UNLINK k", True),
    ("GETDEL k", True), ("INVALIDATE k", True), ("INVALIDATE k*", True), ("INVALIDATE k* DRYRUN", False), ("FLUSHDB", True),
    ("DEL other", False), ("EXPIRE k 10", False), ("GET k", False)])
def test_what_voids_a_lease_on_a_key_that_is_not_there(client, line, is_void):
    token = win(client, "k")
    call(client, line)
    reply = client.call("SET", "k", "v", "TAGS", 1, "t", "LEASE", token)
    assert (reply.value is None) == is_void
    assert (client.call("GET", "k").value is None) == is_void


@pytest.mark.parametrize("tag, is_void", [("t", True), ("user:7", True), ("user:8", False)])
def test_tags_of_rules_count(client, tag, is_void):
    define(client, "users user:* tags t tag-template user:{1}")
    token = win(client, "user:7")
    call(client, f"TAG INVALIDATE {tag}")
    assert (client.call("SET", "user:7", "v", "LEASE", token).value is None) == is_void
    assert (client.call("GET", "user:7").value is None) == is_void


def test_a_rule_that_stores_nothing_ends_the_lease(client):
    define(client, "secret secret:* no-store")
    token = win(client, "secret:1")
    assert call(client, f"SET secret:1 v LEASE {token}") == "OK"
    assert client.call("GET", "secret:1").value is None
    assert text(client.call("LEASE", "GET", "secret:1"))[0] == "win"


def test_default_stale():
    with Server(default_stale=100) as server, server.connect() as client:
        call(client, "SET k v PX 30")
        call(client, "SET none v")
        wait_until(lambda: client.call("GET", "k").value is None)
        assert text(client.call("GETSTALE", "k"))[0] == "v"
        call(client, "DEL k")
        assert client.call("GETSTALE", "k").value is None
        assert call(client, "CONFIG SET default-stale 0") == "OK"
        call(client, "SET l v PX 30")
        wait_until(lambda: client.call("GET", "l").value is None)
        assert client.call("GETSTALE", "l").value is None
        assert client.call("GETSTALE", "none").value[1].value == 0


def test_tag_keys_max(client):
    client.call("CONFIG", "SET", "tag-keys-max", 2)
    for number in range(3):
        client.call("SET", number, "v", "TAGS", 1, "t")
    reply = client.call("TAG", "KEYS", "t")
    assert reply.is_error and b"tag-keys-max" in reply.value
    client.call("DEL", 0)
    assert len(client.call("TAG", "KEYS", "t").value) == 2
