"""The whole life of each root gives the same results plainly and through the warm provider.

A `Module` root goes through every kind of change in a plan; both types of services are created, changed by hand and by
Git, and destroyed; the platform is planned for a new account, applied and destroyed. `make test` plays the Module and
the public service, `make chaos` the rest, which takes minutes.
"""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from reconciler.provider.client import WarmProvider
from reconciler.provider.package import PackageNotFound, locate
from tests.patience import PATIENCE
from tests.provider.equivalence import Comparison, Side, make_platform, two_standins
from tests.provider.terraform_runs import mirrors
from tests.terraform.inputs import Variables, but, internal_service, platform_variables, public_service

pytestmark = [pytest.mark.aws, pytest.mark.timeout(1500)]

MODULE = """
terraform {
  backend "s3" {}
  required_providers { aws = { source = "hashicorp/aws" } }
}
provider "aws" {
  skip_credentials_validation = true
  default_tags { tags = { owner = var.owner } }
}
variable "owner" { type = string }
variable "text" { type = string }
variable "path" { type = string }
variable "secret" {
  type      = string
  sensitive = true
}
resource "aws_ssm_parameter" "first" {
  name  = "/first"
  type  = "String"
  value = var.text
}
resource "aws_ssm_parameter" "secret" {
  name  = "/secret"
  type  = "SecureString"
  value = var.secret
}
resource "aws_cloudwatch_log_group" "this" {
  name              = var.path
  retention_in_days = 7
}
resource "aws_iam_role" "this" {
  name               = "writer"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}
data "aws_caller_identity" "this" {}
output "account" { value = data.aws_caller_identity.this.account_id }
output "version" { value = aws_ssm_parameter.first.version }
output "log_group" { value = aws_cloudwatch_log_group.this.arn }
output "secret" {
  value     = var.secret
  sensitive = true
}
"""
ADOPTED = """
moved {
  from = aws_ssm_parameter.first
  to   = aws_ssm_parameter.renamed
}
import {
  to = aws_ssm_parameter.adopted
  id = "/by-hand"
}
resource "aws_ssm_parameter" "adopted" {
  name  = "/by-hand"
  type  = "String"
  value = "mine"
}
"""


@pytest.fixture(scope="module")
def standins() -> Iterator[tuple[StandIn, StandIn]]:
    yield from two_standins()


@pytest.fixture
async def comparison(tmp_path: Path, standins: tuple[StandIn, StandIn]) -> AsyncIterator[Comparison]:
    try:
        binary = locate(mirrors(), None)
    except PackageNotFound:
        pytest.skip("the AWS provider is in no mirror of this machine")
    with tempfile.TemporaryDirectory(prefix="warm-") as directory:
        warm = await WarmProvider.start(Path(directory, "w"), ready_seconds=PATIENCE)
        yield Comparison(tmp_path, binary, warm, standins)
        await warm.stop(drain_seconds=0)


def actions(side: Side, result: int) -> dict[str, list[str]]:
    """Return address to actions of a recorded plan, without no-ops."""
    changes = side.results[result]["plan"]["resource_changes"]
    return {c["address"]: c["change"]["actions"] for c in changes if c["change"]["actions"] != ["no-op"]}


async def module_life(side: Side) -> None:
    ssm = side.aws.client("ssm")
    inputs = {"owner": "shop", "text": "one", "path": "/old", "secret": "hunter2"}
    side.set_variables(inputs)
    await side.init()
    await side.plan()
    await side.apply()
    ssm.put_parameter(Name="/first", Value="moved by hand", Type="String", Overwrite=True)
    await side.plan("-refresh-only")
    await side.apply()
    ssm.put_parameter(Name="/by-hand", Value="theirs", Type="String")
    side.set_variables(inputs | {"path": "/new", "text": "two"})
    side.replace("main.tf", "aws_ssm_parameter.first", "aws_ssm_parameter.renamed")
    side.replace("main.tf", '"aws_ssm_parameter" "first"', '"aws_ssm_parameter" "renamed"')
    (side.root / "adopted.tf").write_text(ADOPTED)
    await side.plan()
    side.aws.inject_fault("ssm", "error", operation="PutParameter", status=400, times=2)
    await side.apply(code=1)
    side.aws.lift_faults()
    await side.plan("-destroy")
    await side.apply()


@pytest.mark.chaos
async def test_a_module_gives_the_same_results_through_its_life(comparison: Comparison, tmp_path: Path) -> None:
    """Create, refresh, update, replace, move, import, fail half-way with errors of AWS, and destroy."""
    tree = tmp_path / "module"
    tree.mkdir()
    (tree / "main.tf").write_text(MODULE)
    plain, _ = await comparison.compare(".", module_life, tree)
    assert set(map(tuple, actions(plain, 0).values())) == {("create",)}
    assert "aws_ssm_parameter.first" in {drift["address"] for drift in plain.results[2]["plan"]["resource_drift"]}
    assert actions(plain, 4) == {
        "aws_ssm_parameter.renamed": ["update"],
        "aws_ssm_parameter.adopted": ["update"],
        "aws_cloudwatch_log_group.this": ["delete", "create"],
    }
    changes = {c["address"]: c for c in plain.results[4]["plan"]["resource_changes"]}
    assert changes["aws_ssm_parameter.renamed"]["previous_address"] == "aws_ssm_parameter.first"
    assert changes["aws_ssm_parameter.adopted"]["change"]["importing"] == {"id": "/by-hand"}
    errors = [str(m["diagnostic"]) for m in plain.results[5]["messages"] if m["type"] == "diagnostic"]
    assert len(errors) == 2
    assert all("InternalFailure" in error for error in errors)
    assert plain.results[-1]["state"]["resources"] == []


async def service_life(side: Side, variables: Variables) -> None:
    """Create it on a platform, change its log group by hand and image and size in Git, and destroy it."""
    name = f"{variables['environment']['name']}/{variables['service']['name']}"
    side.set_variables(variables)
    variables = variables | {"platform": make_platform(side.aws, side.names)}
    side.set_variables(variables)
    await side.init()
    await side.plan()
    await side.apply()
    side.aws.client("logs").put_retention_policy(logGroupName=f"/ecs/{name}", retentionInDays=1)
    uri = variables["image"]["uri"].partition(":")[0] + ":0000001"
    side.set_variables(but(variables, image={"uri": uri}, resources={"memory": 1024}, scaling={"max": 9}))
    await side.plan()
    await side.apply()
    await side.plan("-destroy")
    await side.apply()


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param(public_service("develop"), id="public"),
        pytest.param(internal_service("develop"), id="internal", marks=pytest.mark.chaos),
    ],
)
async def test_a_service_gives_the_same_results_through_its_life(comparison: Comparison, variables: Variables) -> None:
    plain, warm = await comparison.compare("roots/service", lambda side: service_life(side, variables))
    assert len(actions(plain, 0)) >= 12
    assert actions(plain, 2)["module.service.aws_ecs_task_definition.this"] == ["delete", "create"]
    drifted = {drift["address"] for drift in warm.results[2]["plan"]["resource_drift"]}
    assert "module.service.aws_cloudwatch_log_group.this" in drifted
    assert warm.results[-1]["state"]["resources"] == []


async def platform_plans(side: Side) -> None:
    side.set_variables(platform_variables("prod"))
    await side.init()
    await side.plan()
    side.set_variables(but(platform_variables("prod"), network={"nat": "some"}))
    await side.plan(code=1)


@pytest.mark.chaos
async def test_the_platform_has_the_same_plan_and_the_same_rejection(comparison: Comparison) -> None:
    _, warm = await comparison.compare("roots/platform", platform_plans)
    assert len(actions(warm, 0)) > 50
    assert any("nat" in json_text for json_text in map(str, warm.results[1]["messages"]))


async def platform_life(side: Side) -> None:
    side.set_variables(platform_variables("develop"))
    await side.init()
    await side.plan()
    await side.apply()
    side.set_variables(but(platform_variables("develop"), network={"nat": "none"}, cluster={"insights": "enhanced"}))
    await side.plan()
    await side.apply()
    await side.plan("-destroy")
    await side.apply()


@pytest.mark.chaos
async def test_the_platform_gives_the_same_results_through_its_life(comparison: Comparison) -> None:
    plain, _ = await comparison.compare("roots/platform", platform_life)
    assert plain.results[1]["state"]["outputs"]["platform"]["value"]["schema_version"] == 1
