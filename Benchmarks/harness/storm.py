"""The row about the memory bound: values of 1 B to 100 KB at `maxmemory 256mb`, policy by policy."""

from .generator import GeneratorError
from .servers import MIB

LIMIT = 256 * MIB
BAR_BYTES = 1.15 * LIMIT + 16 * MIB


def measure(classes, context, results):
    """Adds to results: {server: {policy: {"peak_bytes": n, ...}}}."""
    for server_class in classes:
        for policy in server_class.policies:
            context.say(f"storm: {server_class.name} {policy or ''}")
            with context.attempt():
                results.setdefault(server_class.name, {})[policy or "default"] = one(server_class, policy, context)


def one(server_class, policy, context):
    server = server_class(context.server_core, limit=LIMIT, policy=policy)
    try:
        lifetime = "yes" if (policy or "").startswith("volatile") else "no"
        result = context.generate("storm", server, bytes=context.storm_bytes, ttl=lifetime)
        # Only noeviction refuses; memcached too, when a slab class has no page yet.
        if result["failures"] and policy != "noeviction" and server.dialect == "resp":
            raise GeneratorError(f"{server.name} {policy}: {result['failures']} sets refused")
        result["peak_bytes"] = server.peak_resident()
        result["entries"] = server.entries()
        return result
    finally:
        server.stop()
