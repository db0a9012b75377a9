"""The order of the whole run, and Hypothesis without deadlines: a loaded machine is no failure."""

import os
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest
from botocore.loaders import JSONFileLoader
from coverage import Coverage
from hypothesis import HealthCheck, is_hypothesis_test, settings
from hypothesis.stateful import RuleBasedStateMachine

from tests import roles
from tests.standins import end
from tests.terraform.warm import Warm, started

settings.register_profile("without deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("without deadline")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes minutes, so that none of it is left to run alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of the run have."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def warm(shared: Path) -> Iterator[Warm]:
    with started(shared / "terraform") as running:
        yield running


@pytest.fixture(scope="session", autouse=True)
def _standins(shared: Path) -> Iterator[None]:
    roles.share(shared)
    yield
    end()


@pytest.fixture(scope="session", autouse=True)
def _parsed_once() -> Iterator[None]:
    """Let all boto3 sessions of this process share what they read of AWS's APIs: EC2's alone takes a quarter second."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", staticmethod(cache(JSONFileLoader().load_file)))
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Do not measure what Hypothesis draws: a law runs the same lines hundreds of times, and measured takes twice as
    long. So coverage says what the examples reach."""
    measuring = Coverage.current() if _is_drawn(item) else None
    if measuring:
        measuring.stop()
    try:
        return (yield)
    finally:
        if measuring:
            measuring.start()


def _is_drawn(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function):
        return False
    machine = item.cls is not None and issubclass(item.cls, RuleBasedStateMachine.TestCase)
    return machine or is_hypothesis_test(item.obj)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Save what coverage measured: pytest-xdist kills a worker that takes more than ten seconds to exit."""
    if measuring := Coverage.current():
        measuring.stop()
        measuring.save()
