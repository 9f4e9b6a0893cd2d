"""Decorators that keep in nearcached what functions return, over redis-py 8.

When nearcached is unreachable or refuses, the function is just called and a warning logged: the application gets
slower, not wrong. Only an invalidation that did not arrive leaves old values, until their `ttl` is over.
"""

import hashlib
import inspect
import json
import logging
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import redis

P = ParamSpec("P")
R = TypeVar("R")


def cache_key(*words: object) -> str:
    """The key that CACHEKEY replies for the words, without asking for it."""
    encoded = [str(word).replace("%", "%25").replace(":", "%3A").encode() for word in words]
    plain = b":".join(encoded)
    if len(plain) <= 250:
        return plain.decode()
    digest = "%sha256-" + hashlib.sha256(plain).hexdigest()
    return digest if len(encoded[0]) > 177 else f"{encoded[0].decode()}:{digest}"


def bind(function: Callable[P, Any], tags: Sequence[str], *args: P.args, **kwargs: P.kwargs) -> tuple[Any, list[str]]:
    """The values of all parameters, the same for f(7) and f(user=7), and the tags with them filled in."""
    bound = inspect.signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    values = list(bound.arguments.values())
    return values, [tag.format(*values, **bound.arguments) for tag in tags]


class Cache:
    """One nearcached, for any number of threads."""

    def __init__(self, url: str = "redis://127.0.0.1:6379", *, lease_ms: int = 10_000, wait_ms: int = 5_000) -> None:
        """`lease_ms`: longer than any function takes. `wait_ms`: how long to wait for another's result."""
        self.lease_ms, self.wait_ms = lease_ms, wait_ms
        # Without retries: a LEASE GET that is sent a second time would wait for the lease that the first one won.
        self.client = redis.Redis.from_url(url, protocol=3, decode_responses=True, retry=None,
                                           socket_connect_timeout=0.5, socket_timeout=wait_ms / 1000 + 1)

    def cached(self, ttl: int, tags: Sequence[str] = (), name: str = "") -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Keeps results for `ttl` seconds, as JSON, under the function's name and its arguments' `str()`.

        `{0}` or `{user}` in a tag stands for an argument. Of those who miss a result at one time one computes it.
        """
        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            @wraps(function)
            def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
                values, own_tags = bind(function, tags, *args, **kwargs)
                key = cache_key(name or f"{function.__module__}.{function.__qualname__}", *values)
                lease = self._ask("LEASE", "GET", key, "TTL", self.lease_ms, "WAIT", self.wait_ms) or {"state": "none"}
                if lease["state"] in ("hit", "stale"):
                    return json.loads(lease["value"])
                if lease["state"] == "win":
                    return self._store(key, ttl, own_tags, lease["token"], lambda: function(*args, **kwargs))
                return function(*args, **kwargs)  # no reply, or another client computes for longer than `wait_ms`

            return wrapper

        return decorate

    def invalidates(self, *tags: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Invalidates the tags, which are written as for `cached`, whenever the function has returned."""
        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            @wraps(function)
            def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
                _, own_tags = bind(function, tags, *args, **kwargs)
                result = function(*args, **kwargs)
                self._ask("TAG", "INVALIDATE", *own_tags)
                return result

            return wrapper

        return decorate

    def _store(self, key: str, ttl: int, tags: list[str], token: str, compute: Callable[[], R]) -> R:
        """Computes under the lease, which ends with SET or, when that comes to nothing, with its release."""
        stored = None
        try:
            text = json.dumps(compute())
            tag_words: list[str | int] = ["TAGS", len(tags), *tags] if tags else []
            stored = self._ask("SET", key, text, "EX", ttl, *tag_words, "LEASE", token)
        finally:
            if not stored:
                self._ask("LEASE", "RELEASE", key, token)
        return json.loads(text)  # what all later calls return: of a tuple, a list

    def _ask(self, *words: str | int) -> Any:
        try:
            return self.client.execute_command(*words)
        except redis.RedisError as error:
            logging.getLogger(__name__).warning("%s %s: %s", words[0], words[1], error)


if __name__ == "__main__":
    cache, names = Cache(*sys.argv[1:]), {7: "Ada"}

    @cache.cached(ttl=60, tags=["users", "user:{0}"])
    def greeting(user: int) -> str:
        print("computing")
        return f"Hello {names[user]}"

    @cache.invalidates("user:{0}")
    def rename(user: int, name: str) -> None:
        names[user] = name

    print(greeting(7), greeting(7), sep="\n")
    rename(7, "Grace")
    print(greeting(7))
