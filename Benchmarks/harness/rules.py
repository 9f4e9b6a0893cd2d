"""The rows about rules: what finding one of a hundred costs, and what they add to a SET and to a GET. They are of nearcached alone: no
peer has rules."""

import statistics

from .servers import Nearcached
from .throughput import KEYS, VALUE_BYTES, check, interleaved

OPERATIONS = 300_000
BARS = {"match_ns": 50}
#: Every key is under one of ten that are longer than `key:*`, and ninety more are in the tree. They change nothing of what is stored,
#: but that entries say which rule they are under.
PATTERNS = [
    "key:*", *(f"key:000000{digit}*" for digit in range(10)),
    *(f"{noun}{number}:*" for noun in ("user", "session", "item") for number in range(29)), "page:*:body", "list:*",
]


def measure(context, results):
    assert len(PATTERNS) == 100
    running = {}
    with context.attempt():
        results |= context.generate.alone("rules")
        try:
            for name in ("none", "hundred"):
                running[name] = Nearcached(context.server_core)
                context.say(f"rules: loading under {name}")
                for number, pattern in enumerate(PATTERNS if name == "hundred" else []):
                    running[name].ask("RULE", "SET", f"rule{number}", pattern, "MAX-VALUE", "1mb")
                check(context.generate("load", running[name], keys=KEYS, value=VALUE_BYTES), running[name])
            sets = interleaved(context, "rules", running, "set", OPERATIONS)
            gets = interleaved(context, "rules", running, "get", OPERATIONS)
            results["set"] = statistics.median(pair["hundred"] / pair["none"] for pair in sets)
            results["get"] = statistics.median(pair["hundred"] / pair["none"] for pair in gets)
        finally:
            for server in running.values():
                server.stop()
