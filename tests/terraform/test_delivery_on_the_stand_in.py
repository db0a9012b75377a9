"""Services with their pipelines, applied: what builds write stays, what people change by hand does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deploy.local.standin import StandIn
from tests.deploy.actions import needed, used
from tests.terraform.deliveries import CASES, write_root
from tests.terraform.inputs import Variables, but
from tests.terraform.landscape import make_platform
from tests.terraform.plans import Plan
from tests.terraform.workbench import Workbench

pytestmark = pytest.mark.aws
ROOT = "roots/delivered"


@pytest.fixture(scope="module")
def before(stand_in: StandIn) -> int:
    """Return the number of the last call before the services are applied: other tests use the same stand-in."""
    return stand_in.last_request()


@pytest.fixture(scope="module")
def applied(workbench: Workbench, stand_in: StandIn, before: int) -> dict[str, dict[str, Variables]]:
    """The same service in develop and prod, its image owned by the pipeline. Returns the root's variables."""
    cases = {}
    for tier in ("develop", "prod"):
        offered = make_platform(stand_in, f"{tier}-delivered")
        kept = {name: CASES[tier]["platform"][name] for name in ("connection_arn", "permissions_boundary_arn")}
        named = but(CASES[tier], environment={"name": f"{tier}-d"}, service={"name": "cart"})
        cases[tier] = named | {"platform": offered | kept}
    given = write_root(workbench.directory / ROOT, cases)
    workbench.plan(ROOT, given)
    workbench.apply(ROOT)
    return given


@pytest.fixture(scope="module")
def second_plan(workbench: Workbench, applied: dict[str, Any]) -> Plan:
    return workbench.plan(ROOT, applied)


def test_a_second_plan_finds_nothing_to_do(second_plan: Plan) -> None:
    assert second_plan.changed() == {}
    assert len(second_plan.of("aws_codepipeline", "aws_codestarnotifications_notification_rule")) == 4


def test_aws_holds_the_pipelines_that_were_asked_for(second_plan: Plan, stand_in: StandIn) -> None:
    assert second_plan.resources
    for tier, stages in (
        ("develop", ["Source", "Build", "Deploy"]),
        ("prod", ["Source", "Build", "Approval", "Deploy"]),
    ):
        found = stand_in.client("codepipeline").get_pipeline(name=f"{tier}-d-cart")["pipeline"]
        assert [stage["name"] for stage in found["stages"]] == stages
        assert bool(found.get("triggers")) == (tier == "prod")


def test_every_call_for_a_service_is_allowed_by_the_shipped_policies(
    second_plan: Plan, stand_in: StandIn, before: int
) -> None:
    assert second_plan.resources
    called = used(stand_in.requests(before))
    assert "codepipeline:CreatePipeline" in called
    assert called - needed("service") == set()


def test_what_a_build_writes_to_the_pointer_stays(
    workbench: Workbench, applied: dict[str, Any], second_plan: Plan, stand_in: StandIn
) -> None:
    parameter = second_plan.one("aws_ssm_parameter", module="module.develop.").values
    stand_in.client("ssm").put_parameter(
        Name=parameter["name"], Value="registry/cart:3f9c2d1", Type="SecureString", KeyId=parameter["key_id"],
        Overwrite=True,
    )  # fmt: skip
    assert workbench.plan(ROOT, applied).changed() == {}


def test_what_people_change_by_hand_is_taken_back(
    workbench: Workbench, applied: dict[str, Any], second_plan: Plan, stand_in: StandIn
) -> None:
    assert second_plan.resources
    pipelines, builds, iam = (stand_in.client(name) for name in ("codepipeline", "codebuild", "iam"))
    pipeline = pipelines.get_pipeline(name="prod-d-cart")["pipeline"]
    pipeline["stages"] = [stage for stage in pipeline["stages"] if stage["name"] != "Approval"]
    pipelines.update_pipeline(pipeline=pipeline)
    project = builds.batch_get_projects(names=["prod-d-cart"])["projects"][0]
    builds.update_project(name="prod-d-cart", source={**project["source"], "buildspec": "version: 0.2"})
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName="prod-d-cart-build", PolicyName="all", PolicyDocument=json.dumps(everything))

    changed = workbench.plan(ROOT, applied).changed()
    prefix, key = "module.prod.aws_", '["this"]'
    assert changed == {
        f"{prefix}codepipeline.this{key}": ("update",),
        f"{prefix}codebuild_project.this{key}": ("update",),
        f"{prefix}iam_role_policies_exclusive.build{key}": ("update",),
    }
    workbench.apply(ROOT)
    assert workbench.plan(ROOT, applied).changed() == {}


def test_handing_the_image_to_git_takes_the_deployment_out_of_the_pipeline(
    workbench: Workbench, applied: dict[str, Any], second_plan: Plan, stand_in: StandIn
) -> None:
    assert second_plan.resources
    owned = {"cases": {tier: but(case, image={"owner": "git"}) for tier, case in applied["cases"].items()}}
    workbench.plan(ROOT, owned)
    workbench.apply(ROOT)
    found = stand_in.client("codepipeline").get_pipeline(name="prod-d-cart")["pipeline"]
    assert [stage["name"] for stage in found["stages"]] == ["Source", "Build"]
    assert workbench.plan(ROOT, owned).changed() == {}
