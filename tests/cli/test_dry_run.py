"""Dry runs of a service on a platform that is known, was never applied, or cannot be read."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from desired_state.instance import Key
from desired_state.snapshot import Snapshot
from reconciler.app.dry_run import DryRun, PlannedInstance
from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.policy.rules import Rules
from reconciler.core.ports.terraform import Run, TerraformFailed, Workspace
from reconciler.core.vocabulary import Reason
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, IMAGE, PLATFORM, instance
from tests.engine.fakes.aws import FakeLive
from tests.engine.fakes.terraform import FakeTerraform, FakeWorkspace
from tests.engine.fakes.world import REDACTOR

OUTPUTS = {**placeholder_platform(DEVELOP), "vpc_id": "vpc-that-exists"}
FOUNDATION, SERVICE = instance(PLATFORM), instance()
BEFORE = {"prior_state": {"values": {"outputs": {"platform": {"value": OUTPUTS}}}}}


class Planning(FakeTerraform):
    """Plans of a platform as `platform` says, and of a service with the inputs that are kept in `inputs`."""

    def __init__(self, platform: Mapping[str, Any] | TerraformFailed) -> None:
        self.platform = platform
        self.inputs: Mapping[str, Any] | None = None

    async def open(self, run: Run) -> Workspace:
        if run.key == FOUNDATION.key and isinstance(self.platform, TerraformFailed):
            raise self.platform
        workspace, plan = FakeWorkspace(), self.platform
        if run.key != FOUNDATION.key:
            self.inputs, plan = run.variables, document()

        async def planned(*, destroy: bool = False) -> Any:
            return plan

        workspace.plan = planned  # type: ignore[method-assign]
        return workspace


def planned(terraform: Planning, *, broken_platform: bool = False) -> PlannedInstance:
    """Return the dry run of the service."""
    known = [SERVICE] if broken_platform else [FOUNDATION, SERVICE]
    snapshot = Snapshot(
        "c1", {one.key: one for one in known}, (), frozenset(), (), {}, platforms={"develop": FOUNDATION.key}
    )
    run = DryRun(
        snapshot,
        {"develop": DEVELOP},
        {"develop": terraform},
        FakeLive(),
        REDACTOR,
        Rules(),
        None,
        lambda line: None,
        asyncio.Semaphore(2),
    )
    return asyncio.run(run.plan([SERVICE.key]))[0]


def test_a_service_is_planned_with_the_outputs_of_its_platform() -> None:
    terraform = Planning(document(outputs={"platform": {"value": OUTPUTS}}))
    found = planned(terraform)
    assert (found.provisional, found.error) == (None, None)
    assert terraform.inputs is not None
    assert terraform.inputs["platform"] == OUTPUTS
    assert terraform.inputs["image"]["uri"] == IMAGE


def test_outputs_that_a_plan_leaves_open_are_those_in_force() -> None:
    replaced = document(change("module.network.aws_vpc.this", ["delete", "create"], {"id": "vpc-1"}, {}))
    terraform = Planning({**replaced, **BEFORE})
    found = planned(terraform)
    assert found.provisional == "the platform's outputs as they are before its changes"
    assert terraform.inputs is not None
    assert terraform.inputs["platform"] == OUTPUTS, "a service that runs is not planned with placeholders"
    assert terraform.inputs["image"]["uri"] == IMAGE


def test_only_a_platform_that_was_never_applied_has_placeholders() -> None:
    terraform = Planning(document())
    found = planned(terraform)
    assert found.provisional == "placeholders for the platform's outputs"
    assert terraform.inputs is not None
    assert terraform.inputs["platform"] == placeholder_platform(DEVELOP)


@pytest.mark.parametrize("reason", [Reason.STATE_LOCKED, Reason.PLAN_FAILED, Reason.INIT_FAILED])
def test_a_service_is_not_planned_on_a_platform_that_cannot_be_read(reason: Reason) -> None:
    terraform = Planning(TerraformFailed(reason, "the state is locked by somebody"))
    found = planned(terraform)
    assert terraform.inputs is None
    assert found == PlannedInstance(
        Key("develop", "orders"),
        "Service",
        None,
        error="not planned: develop/platform cannot be planned: the state is locked by somebody",
    )


def test_a_service_is_not_planned_on_a_platform_whose_manifest_is_broken() -> None:
    terraform = Planning(document())
    assert (
        planned(terraform, broken_platform=True).error == "not planned: the manifest of develop/platform is not valid"
    )
    assert terraform.inputs is None
