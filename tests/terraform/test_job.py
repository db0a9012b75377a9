"""A job, from its manifest to the stand-in: planned, applied, with an empty second plan."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local.standin import StandIn
from reconciler.core.environment import Environment
from reconciler.core.inputs.variables import variables
from tests.desired_state.manifests import build_from, job, platform
from tests.terraform.inputs import ACCOUNT, REGION, Variables
from tests.terraform.landscape import make_platform
from tests.terraform.plans import Plan
from tests.terraform.workbench import Workbench

pytestmark = pytest.mark.aws
SETTINGS: dict[str, Any] = {
    "image": {"service": "orders", "tag": "1.2"},
    "command": ["node", "report.js"],
    "runtime": "nodejs",
    "env": {"REGION": "eu"},
    "secrets": {"DATABASE_URL": "report/database"},
    "runtimeSecrets": ["report/mail"],
    "schedule": {"cron": "0 3 * * ? *", "timezone": "Europe/Berlin"},
    "timeout": "30m",
    "retries": 2,
}


@pytest.fixture(scope="module")
def given(stand_in: StandIn) -> Variables:
    snapshot = build_from(job("report", **SETTINGS), platform())
    (instance,) = (one for one in snapshot.instances.values() if one.kind == "Job")
    offered = make_platform(stand_in, "develop")
    environment = Environment("develop", "develop", ACCOUNT, REGION, None)
    return {**variables(instance, environment, platform=offered, image=None)}


@pytest.fixture(scope="module")
def planned(workbench: Workbench, given: Variables) -> Plan:
    return workbench.plan("roots/job", given)


def test_second(planned: Plan, workbench: Workbench, given: Variables) -> None:
    workbench.apply("roots/job")
    assert workbench.plan("roots/job", given).changed() == {}
