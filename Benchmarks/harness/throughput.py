"""The rows about CPU per operation: all servers run at once, one is driven at a time, round after round."""

import dataclasses

from .generator import GeneratorError
from .servers import MIB

VALUE_BYTES = 64
KEYS = 1_000_000


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One row: what is asked, over how many connections and how deep, and the bar against valkey-server."""

    name: str
    title: str
    verb: str
    depth: int
    connections: int
    operations: int
    bar: float
    #: The memory limit in bytes and the keys drawn from when eviction is to run; None and KEYS otherwise.
    limit: int = 0
    keys: int = KEYS


# About half a second a round: what disturbs a shared machine lasts for seconds, so many short rounds put it upon all
# servers alike where few long ones would put it upon one.
SCENARIOS = [
    Scenario("get-16", "GET, pipeline 16", "get", 16, 8, 300_000, 0.66),
    Scenario("get-64", "GET, pipeline 64", "get", 64, 8, 400_000, 0.42),
    Scenario("get-1", "GET, pipeline 1", "get", 1, 50, 40_000, 1.00),
    Scenario("set-16", "SET, pipeline 16", "set", 16, 8, 200_000, 0.62),
    Scenario(
        "evict-16", "SET, pipeline 16, evicting at 100 MiB", "set", 16, 8, 200_000, 0.62,
        limit=100 * MIB, keys=4_000_000),
]


def measure(scenarios, classes, context, results):
    """Adds to results: {scenario: {server: [round, ...]}}."""
    for limit in sorted({scenario.limit for scenario in scenarios}):
        group = [scenario for scenario in scenarios if scenario.limit == limit]
        running = {}
        try:
            for server_class in classes:
                with context.attempt():
                    running[server_class.name] = start_filled(server_class, limit, group[0].keys, context)
            for scenario in group:
                rounds(scenario, running, context, results.setdefault(scenario.name, {}))
        finally:
            for server in running.values():
                server.stop()


def start_filled(server_class, limit, keys, context):
    context.say(f"loading {server_class.name}" + (" until it evicts" if limit else ""))
    server = server_class(context.server_core, limit=limit)
    # With a limit, a third of the keys is already more than fits.
    operations = keys // 3 if limit else keys
    try:
        check(context.generate("load", server, keys=keys, operations=operations, value=VALUE_BYTES), server)
    except GeneratorError:
        server.stop()
        raise
    return server


def rounds(scenario, running, context, results):
    """Adds to results: {server: [round, ...]}. A server that fails in one round is left out of the others."""
    failed = set()
    for number in range(context.rounds):
        for name, server in running.items():
            if name in failed:
                continue
            context.say(f"{scenario.name}: round {number + 1} of {context.rounds}, {name}")
            failed.add(name)
            with context.attempt():
                results.setdefault(name, []).append(one_round(scenario, server, number, context))
                failed.discard(name)
    for name in failed:
        results.pop(name, None)


def one_round(scenario, server, number, context):
    evicted = server.evicted()
    result = context.generate(
        "run", server, verb=scenario.verb, depth=scenario.depth, connections=scenario.connections, keys=scenario.keys,
        value=VALUE_BYTES, operations=scenario.operations, warm_up=scenario.operations // 10, seed=number + 1)
    check(result, server, scenario)
    result["evicted"] = server.evicted() - evicted
    if scenario.limit and result["evicted"] == 0:
        raise GeneratorError(f"{server.name}: evicted nothing at its limit")
    return result


def check(result, server, scenario=None):
    """Fails unless every operation did what it was meant to."""
    wanted = "hits" if scenario and scenario.verb == "get" else "done"
    refusals = server.refusals_allowed * result["operations"] if wanted == "done" else 0
    if result[wanted] < result["operations"] - refusals or result["mismatches"]:
        raise GeneratorError(f"{server.name}: wrong replies: {result}")


def interleaved(context, title, running, verb, operations):
    """Drives servers at pipeline 16, round after round: for each round {name: nanoseconds of CPU per operation}."""
    results = []
    for number in range(context.rounds):
        order = list(running) if number % 2 == 0 else list(reversed(running))
        pair = {}
        for name in order:
            context.say(f"{title}: {verb} round {number + 1} of {context.rounds}, {name}")
            result = context.generate(
                "run", running[name], verb=verb, depth=16, connections=8, keys=KEYS, value=VALUE_BYTES,
                operations=operations, warm_up=operations // 10, seed=number + 1)
            pair[name] = result["server_ns_per_operation"]
        results.append(pair)
    return results
