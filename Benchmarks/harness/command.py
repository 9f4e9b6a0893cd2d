"""The command line of Benchmarks/run."""

import argparse
import contextlib
import datetime
import json
import os
import platform
import sys

from . import build, bulk, lease, report, rules, servers, storm, tags, throughput
from .generator import Generator, GeneratorError

THROUGHPUT = {scenario.name: scenario for scenario in throughput.SCENARIOS}
SCENARIOS = [*THROUGHPUT, "memory", "pause", "storm", "tags", "rules", "lease"]


class Context:
    """What every scenario needs to know of this run."""

    def __init__(self, options):
        self.server_core = options.server_core
        self.generate = Generator(options.generator_core)
        self.rounds = options.rounds or (3 if options.quick else 15)
        #: What each of the storm's four phases stores.
        self.storm_bytes = 120_000_000 if options.quick else 400_000_000
        self.bulk_keys = 1_000_000 if options.quick else 5_000_000
        self.watch_seconds = 3 if options.quick else 8
        #: What went wrong, a line each; the rest was measured all the same.
        self.failures = []

    @contextlib.contextmanager
    def attempt(self):
        """Notes the failure of one server's measurement and lets the others go on."""
        try:
            yield
        except (GeneratorError, servers.ServerError, OSError) as error:
            self.failures.append(str(error))
            self.say(f"failed: {error}")

    @staticmethod
    def say(text):
        print(f"{datetime.datetime.now():%H:%M:%S} {text}", file=sys.stderr, flush=True)


def parse(words):
    parser = argparse.ArgumentParser(prog="Benchmarks/run", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="scenario", help=f"of {' '.join(SCENARIOS)}; default all")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and entries: some two minutes")
    parser.add_argument("--rounds", type=int, help="rounds of each throughput scenario (15, quick 3)")
    parser.add_argument("--servers", default=",".join(servers.ALL), help="names with commas (%(default)s)")
    parser.add_argument("--server-core", type=int, default=0, help="the core the servers are pinned to (%(default)s)")
    parser.add_argument("--generator-core", type=int, default=1, help="the generator's core (%(default)s)")
    options = parser.parse_args(words)
    for name in options.scenarios:
        if name not in SCENARIOS:
            parser.error(f"no scenario {name}; there are {' '.join(SCENARIOS)}")
    for name in options.servers.split(","):
        if name not in servers.ALL:
            parser.error(f"no server {name}; there are {' '.join(servers.ALL)}")
    cores = os.sched_getaffinity(0)
    if not {options.server_core, options.generator_core} <= cores or options.server_core == options.generator_core:
        parser.error(f"two different cores of {sorted(cores)} are needed for server and generator")
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds takes 1 and above")
    options.scenarios = options.scenarios or SCENARIOS
    return options


def available(names, context):
    """The classes of the servers that start here; the others are named on stderr with the reason."""
    classes = []
    for name in names:
        try:
            servers.ALL[name](context.server_core).stop()
            classes.append(servers.ALL[name])
        except servers.ServerError as error:
            context.say(f"skipping {error}")
    return classes


def machine(classes, context):
    models = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    facts = {
        "date": f"{datetime.datetime.now():%Y-%m-%d %H:%M}",
        "machine": f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}",
        "load average at the start": f"{os.getloadavg()[0]:.2f}",
        "rounds": str(context.rounds),
    }
    for server_class in classes:
        facts[server_class.name] = server_class.version()
    return facts


def main(words):
    options = parse(words)
    context = Context(options)
    names = options.servers.split(",")
    build.build("nearcached-benchmark")
    if "nearcached" in names and "NEARCACHED" not in os.environ:
        build.build("nearcached")
    classes = available(names, context)
    if not classes:
        raise SystemExit("no server to measure")
    results = {
        "machine": machine(classes, context), "throughput": {}, "bulk": {}, "storm": {}, "tags": {}, "rules": {}, "lease": []}
    try:
        chosen = [THROUGHPUT[name] for name in options.scenarios if name in THROUGHPUT]
        throughput.measure(chosen, classes, context, results["throughput"])
        with_memory, with_pauses = "memory" in options.scenarios, "pause" in options.scenarios
        if with_memory or with_pauses:
            bulk.measure(classes, context, results["bulk"], with_memory, with_pauses)
        if "storm" in options.scenarios:
            storm.measure(classes, context, results["storm"])
        if "tags" in options.scenarios and servers.Nearcached in classes:
            tags.measure(context, results["tags"])
        if "rules" in options.scenarios and servers.Nearcached in classes:
            rules.measure(context, results["rules"])
        if "lease" in options.scenarios and servers.Nearcached in classes:
            lease.measure(context, results["lease"])
    except KeyboardInterrupt:
        context.failures.append("interrupted")
    finally:
        results["failures"] = context.failures
        text = report.markdown(results)
        build.WORK.mkdir(parents=True, exist_ok=True)
        (build.WORK / "results.md").write_text(text)
        (build.WORK / "results.json").write_text(json.dumps(results, indent=1) + "\n")
        print(text)
    return 1 if context.failures else 0
