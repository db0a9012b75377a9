"""The account root, applied: what was planned stands, the next plan is empty, and changes by hand are seen."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local import standin
from deploy.local.standin import StandIn
from reconciler.edges import plugins
from tests.terraform.inputs import ACCOUNT, REGION, account_variables
from tests.terraform.workbench import Workbench

pytestmark = pytest.mark.aws
TRAIL = f"account-trail-{ACCOUNT}-{REGION}"


@pytest.fixture(scope="module", params=["develop", "prod"])
def tier(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def aws() -> Iterator[StandIn]:
    """A stand-in of its own: an account has one recorder and, for the provider's reading here, one trail."""
    with standin.start() as running:
        yield running


@pytest.fixture(scope="module")
def account(aws: StandIn, tier: str, tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    aws.reset()
    directory = tmp_path_factory.mktemp("account")
    configuration = plugins.configure(directory / "cli", plugins.find_mirrors(os.environ)).configuration
    workbench = Workbench(directory / "tree", aws.environment(), configuration)
    workbench.plan("roots/account", account_variables(tier))
    workbench.apply("roots/account")
    return workbench


def test_the_second_plan_is_empty(account: Workbench, tier: str) -> None:
    assert account.plan("roots/account", account_variables(tier)).changed() == {}
