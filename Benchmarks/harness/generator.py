"""Runs the generator on its own core."""

import json
import subprocess

from . import build


class GeneratorError(Exception):
    """The generator stopped, or a reply was not what it should be."""


class Generator:
    def __init__(self, core):
        self.core = core

    def __call__(self, subcommand, server, timeout=300, **options):
        """The generator's JSON line as a dictionary. Option names take dashes for underscores."""
        words = ["--dialect", server.dialect, "--port", str(server.port), "--server-pid", str(server.pid)]
        for name, value in options.items():
            words += [f"--{name.replace('_', '-')}", str(value)]
        return self.run(subcommand, words, server.name, timeout)

    def alone(self, subcommand, timeout=300):
        """The same of a subcommand that measures in its own process."""
        return self.run(subcommand, [], "generator", timeout)

    def run(self, subcommand, words, name, timeout):
        command = ["taskset", "-c", str(self.core), str(build.GENERATOR), subcommand, *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
        except subprocess.TimeoutExpired as error:
            raise GeneratorError(f"{name}: {subcommand} took over {timeout} s") from error
        if done.returncode != 0:
            raise GeneratorError(f"{name}: {done.stderr.strip()}")
        return json.loads(done.stdout)
