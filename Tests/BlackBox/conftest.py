"""Fixtures: a target and a reference per module, replaced when a test has killed them."""

import os

import pytest

from harness import IS_OWN, KIND, Server, binary_of
from wire import Closed, Hung


def pytest_collection_modifyitems(items):
    for item in items:
        if not IS_OWN and (item.get_closest_marker("stricter") or item.get_closest_marker("own")):
            item.add_marker(pytest.mark.skip(reason=f"not asked of {KIND}"))


def pytest_sessionstart(session):
    path = binary_of(KIND)
    if not os.access(path, os.X_OK):
        pytest.exit(f"no executable at {path}: build it, or set NEARCACHED_BINARY", returncode=2)


def pytest_report_header():
    return f"target: {KIND} at {binary_of(KIND)}"


class Keeper:
    """Keeps one server running for a module."""

    def __init__(self, kind, options):
        self.kind, self.options, self.server, self.failure = kind, options, None, None

    def get(self):
        if self.failure:
            pytest.fail(self.failure, pytrace=False)
        if self.server is None or not self.server.is_alive:
            try:
                self.server = Server(self.kind, **self.options).start()
            except AssertionError as error:
                # What did not start once is not waited for again by every other test.
                self.server, self.failure = None, str(error)
                raise
        return self.server

    def check(self):
        """Fails when the server has died or hangs; a hanging one is ended, so that the next test gets another."""
        assert self.server.is_alive, (
            f"the test killed the server ({self.server.process.returncode}): {self.server.log()}"
        )
        try:
            self.server.assert_serves()
        except (Hung, Closed, OSError) as error:
            self.server.kill()
            pytest.fail(f"the test left a server that does not serve: {error}")

    def close(self):
        if self.server is not None and self.server.is_alive:
            self.server.stop()


def keep(request, kind):
    options = dict(getattr(request.module, "OPTIONS", {}))
    keeper = Keeper(kind, options)
    yield keeper
    keeper.close()


@pytest.fixture(scope="module")
def target_keeper(request):
    yield from keep(request, KIND)


@pytest.fixture(scope="module")
def reference_keeper(request):
    yield from keep(request, "redis")


@pytest.fixture
def target(target_keeper):
    """The target, alive before the test and checked to be alive after it."""
    yield target_keeper.get()
    target_keeper.check()


@pytest.fixture
def reference(reference_keeper):
    return reference_keeper.get()


@pytest.fixture
def connection(target):
    """A RESP2 connection to the emptied target."""
    with target.connect() as client:
        client.call("FLUSHALL")
        yield client
