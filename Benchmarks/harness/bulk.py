"""The rows about millions of entries: memory per entry, and the longest pause while they come and go."""

import time

from .generator import GeneratorError
from .throughput import VALUE_BYTES, check

PAYLOAD_BYTES = 16 + VALUE_BYTES
#: Due times of entries that are to stay.
FAR_AHEAD_SECONDS = 1_000_000

MEMORY_BARS = {"plain": 32, "ttl": 38}
PAUSE_BAR_MILLISECONDS = 10
PAUSES = {
    "idle": "nothing (noise floor)",
    "load": "loading",
    "flush": "FLUSHALL",
    "load-ttl": "loading with a TTL",
    "expire": "all expiring in one second",
}


def measure(classes, context, results, with_memory, with_pauses):
    """Adds to results: {"memory": {"plain-1": {server: bytes}}, "pause": {"load": {server: {...}}}, "keys": n}."""
    large = context.bulk_keys
    results |= {"memory": {}, "pause": {}, "keys": large}
    for server_class in classes:
        with context.attempt():
            if with_memory and large != 1_000_000:
                for lifetime in ("plain", "ttl"):
                    one_size(server_class, 1_000_000, lifetime, context, results)
            plain_session(server_class, large, context, results, with_pauses)
            ttl_session(server_class, large, context, results, with_pauses)
    if not with_memory:
        results["memory"] = {}
    if not with_pauses:
        results["pause"] = {}


def one_size(server_class, keys, lifetime, context, results):
    server = server_class(context.server_core)
    try:
        before = server.resident()
        expires_at = int(time.time()) + FAR_AHEAD_SECONDS if lifetime == "ttl" else 0
        context.say(f"memory: {keys:,} entries ({lifetime}), {server.name}")
        check(context.generate("load", server, keys=keys, value=VALUE_BYTES, expires_at=expires_at), server)
        record_memory(server, keys, lifetime, before, results)
    finally:
        server.stop()


def record_memory(server, keys, lifetime, before, results):
    # What the server does behind the scenes after a load (moving a table, returning buffers) is to have ended.
    time.sleep(1)
    if server.entries() != keys:
        raise GeneratorError(f"{server.name}: {server.entries()} entries of {keys}")
    overhead = (server.resident() - before) / keys - PAYLOAD_BYTES
    results["memory"].setdefault(f"{lifetime}-{keys // 1_000_000}", {})[server.name] = overhead


def record_pause(server, phase, result, results):
    if result["failures"]:
        raise GeneratorError(f"{server.name}: failed while {phase}: {result}")
    results["pause"].setdefault(phase, {})[server.name] = result


def plain_session(server_class, keys, context, results, with_pauses):
    """Loads entries without a TTL, weighs them, flushes them."""
    server = server_class(context.server_core)
    try:
        before = server.resident()
        context.say(f"bulk: loading {keys:,} entries, {server.name}")
        if with_pauses:
            record_pause(server, "idle", context.generate("pause", server, phase="watch", seconds=1), results)
        record_pause(server, "load", context.generate("pause", server, phase="load", keys=keys), results)
        record_memory(server, keys, "plain", before, results)
        if with_pauses:
            context.say(f"bulk: flushing, {server.name}")
            result = context.generate("pause", server, phase="flush", keys=keys, seconds=context.watch_seconds // 2)
            record_pause(server, "flush", result, results)
    finally:
        server.stop()


def ttl_session(server_class, keys, context, results, with_pauses):
    """Loads entries that are due in the same second, weighs them, watches them expire."""
    server = server_class(context.server_core)
    try:
        before = server.resident()
        # The load without TTL just told how long this one takes, give or take what else the machine does.
        load_seconds = results["pause"]["load"][server.name]["seconds"]
        due = int(time.time() + 2.5 * load_seconds + 4) if with_pauses else int(time.time()) + FAR_AHEAD_SECONDS
        context.say(f"bulk: loading {keys:,} entries with a TTL, {server.name}")
        result = context.generate("pause", server, phase="load", keys=keys, expires_at=due)
        record_pause(server, "load-ttl", result, results)
        if with_pauses and time.time() > due - 2:
            raise GeneratorError(f"{server.name}: entries fell due before they were all loaded")
        record_memory(server, keys, "ttl", before, results)
        if with_pauses:
            time.sleep(max(0, due - 0.5 - time.time()))
            context.say(f"bulk: expiring, {server.name}")
            result = context.generate("pause", server, phase="watch", keys=keys, seconds=context.watch_seconds)
            result["entries_left"] = server.entries()
            record_pause(server, "expire", result, results)
    finally:
        server.stop()
