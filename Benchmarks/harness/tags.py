"""The rows about tags: what they cost in memory and on a GET, and what the invalidation of a million entries costs. They are of
nearcached alone: no peer has tags."""

import statistics

from .servers import Nearcached
from .throughput import VALUE_BYTES, check, interleaved

KEYS = 1_000_000
TAGS = 3
OPERATIONS = 300_000
BARS = {"bytes": 24, "get": 1.10, "reply_ms": 1, "pause_ms": 10}


def measure(context, results):
    with context.attempt():
        memory(context, results)
    with context.attempt():
        gets(context, results)


def load(server, context, tags):
    check(context.generate("load", server, keys=KEYS, value=VALUE_BYTES, tags=tags), server)


def memory(context, results):
    """Bytes per association, by the ledger and resident, and then the invalidation of one tag that all entries bear."""
    sizes = {}
    for tags in (0, TAGS):
        server = Nearcached(context.server_core)
        try:
            context.say(f"tags: memory of {KEYS:,} entries with {tags} tags")
            before = server.resident(), server.information("memory", "used_memory")
            load(server, context, tags)
            pause = context.generate("pause", server, phase="watch", seconds=1)
            after = server.resident(), server.information("memory", "used_memory")
            sizes[tags] = [later - earlier for earlier, later in zip(before, after)]
            if tags:
                context.say("tags: invalidating")
                pause = context.generate("pause", server, phase="invalidate", seconds=context.watch_seconds)
                results["reply_ms"] = pause["command_reply_ms"]
                results["pause_ms"], results["wait_ms"] = pause["longest_pause_ms"], pause["longest_wait_ms"]
                results["entries_left"] = server.entries()
                results["bytes_left"] = server.information("memory", "used_memory") - before[1]
        finally:
            server.stop()
    resident, ledger = ((tagged - plain) / (KEYS * TAGS) for plain, tagged in zip(sizes[0], sizes[TAGS]))
    results |= {"resident": resident, "ledger": ledger}


def gets(context, results):
    """CPU per GET of entries with a tag against entries without, interleaved."""
    running = {}
    try:
        for name, tags in (("plain", 0), ("tagged", 1)):
            running[name] = Nearcached(context.server_core)
            context.say(f"tags: loading {name} entries")
            load(running[name], context, tags)
        rounds = interleaved(context, "tags", running, "get", OPERATIONS)
        results["get"] = statistics.median(pair["tagged"] / pair["plain"] for pair in rounds)
    finally:
        for server in running.values():
            server.stop()
