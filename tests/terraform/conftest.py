"""A stand-in for all tests of this folder, and the plans that several of them read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local import standin
from tests.standins import borrowed
from tests.terraform.deliveries import CASES, write_root
from tests.terraform.inputs import internal_service, platform_variables, public_service, worker
from tests.terraform.plans import Plan
from tests.terraform.warm import Warm
from tests.terraform.workbench import Workbench


@pytest.fixture(scope="session")
def stand_in() -> Iterator[standin.StandIn]:
    with borrowed() as running:
        yield running


@pytest.fixture(scope="session")
def workbench(stand_in: standin.StandIn, warm: Warm, tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    return Workbench(tmp_path_factory.mktemp("terraform") / "tree", stand_in.environment(), warm)


@pytest.fixture(scope="session")
def develop_platform(workbench: Workbench) -> Plan:
    variables = platform_variables("develop")
    variables["network"]["nat"] = "single"
    variables["cluster"]["spot"] = True
    return workbench.plan("roots/platform", variables)


@pytest.fixture(scope="session")
def prod_platform(workbench: Workbench) -> Plan:
    return workbench.plan("roots/platform", platform_variables("prod"))


@pytest.fixture(scope="session")
def orders(workbench: Workbench) -> Plan:
    """A public Node.js service in production."""
    return workbench.plan("roots/service", public_service("prod"))


@pytest.fixture(scope="session")
def ledger(workbench: Workbench) -> Plan:
    """An internal Python service with Kafka in develop, where Spot is allowed."""
    variables = internal_service("develop")
    variables["platform"]["cluster"]["spot"] = True
    return workbench.plan("roots/service", variables)


@pytest.fixture(scope="session")
def mailer(workbench: Workbench) -> Plan:
    """A worker in develop whose first image was not pushed yet."""
    return workbench.plan("roots/service", worker("develop"))


@pytest.fixture(scope="session")
def deliveries(workbench: Workbench) -> Plan:
    """Services with a pipeline: one per tier, one with a long name, one whose image Git owns."""
    return workbench.plan("roots/deliveries", write_root(workbench.directory / "roots/deliveries", CASES))
