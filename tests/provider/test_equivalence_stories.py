"""The warm provider changes nothing but the price: lives of whole roots, told plainly and warm, are the same life.

A `Module` root goes through everything that a plan can hold; both types of service are created, changed by hand and
by Git, and destroyed; the platform is planned for a fresh account. With RECONCILER_LONG_TESTS=1 the platform is
applied and destroyed as well, which takes minutes, as Terraform waits for its load balancer.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from reconciler.provider.client import WarmProvider
from reconciler.provider.package import PackageNotFound, locate
from tests.provider.equivalence import Comparison, Telling, make_platform, two_worlds
from tests.provider.terraform_runs import mirrors
from tests.terraform.inputs import Variables, but, internal_service, platform_variables, public_service

pytestmark = pytest.mark.aws
long = pytest.mark.skipif(os.environ.get("RECONCILER_LONG_TESTS") != "1", reason="minutes: RECONCILER_LONG_TESTS=1")

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
def worlds() -> Iterator[tuple[StandIn, StandIn]]:
    yield from two_worlds()


@pytest.fixture
async def comparison(tmp_path: Path, worlds: tuple[StandIn, StandIn]) -> AsyncIterator[Comparison]:
    try:
        binary = locate(mirrors(), None)
    except PackageNotFound:
        pytest.skip("the AWS provider is in no mirror of this machine")
    with tempfile.TemporaryDirectory(prefix="warm-") as directory:
        warm = await WarmProvider.start(Path(directory, "w"))
        yield Comparison(tmp_path, binary, warm, worlds)
        await warm.stop(drain_seconds=0)


def actions(telling: Telling, seen: int) -> dict[str, list[str]]:
    """Address to actions in a plan that was seen, of everything that would not stay as it is."""
    changes = telling.seen[seen]["shown"]["resource_changes"]
    return {c["address"]: c["change"]["actions"] for c in changes if c["change"]["actions"] != ["no-op"]}


async def life_of_a_module(told: Telling) -> None:
    ssm = told.aws.client("ssm")
    inputs = {"owner": "shop", "text": "one", "path": "/old", "secret": "hunter2"}
    told.given(inputs)
    await told.init()
    await told.plan()
    await told.apply()
    ssm.put_parameter(Name="/first", Value="moved by hand", Type="String", Overwrite=True)
    await told.plan("-refresh-only")
    await told.apply()
    ssm.put_parameter(Name="/by-hand", Value="theirs", Type="String")
    told.given(inputs | {"path": "/new", "text": "two"})
    told.replace("main.tf", "aws_ssm_parameter.first", "aws_ssm_parameter.renamed")
    told.replace("main.tf", '"aws_ssm_parameter" "first"', '"aws_ssm_parameter" "renamed"')
    (told.root / "adopted.tf").write_text(ADOPTED)
    await told.plan()
    told.aws.inject_fault("ssm", "error", operation="PutParameter", status=400, times=2)
    await told.apply(code=1)
    told.aws.lift_faults()
    await told.plan("-destroy")
    await told.apply()


async def test_a_module_lives_the_same_life(comparison: Comparison, tmp_path: Path) -> None:
    """Created, refreshed, updated, replaced, moved, imported, refused by AWS half-way, and destroyed."""
    tree = tmp_path / "module"
    tree.mkdir()
    (tree / "main.tf").write_text(MODULE)
    plain, _ = await comparison.tell(".", life_of_a_module, tree)
    assert set(map(tuple, actions(plain, 0).values())) == {("create",)}
    assert "aws_ssm_parameter.first" in {drift["address"] for drift in plain.seen[2]["shown"]["resource_drift"]}
    assert actions(plain, 4) == {
        "aws_ssm_parameter.renamed": ["update"],
        "aws_ssm_parameter.adopted": ["update"],
        "aws_cloudwatch_log_group.this": ["delete", "create"],
    }
    changes = {c["address"]: c for c in plain.seen[4]["shown"]["resource_changes"]}
    assert changes["aws_ssm_parameter.renamed"]["previous_address"] == "aws_ssm_parameter.first"
    assert changes["aws_ssm_parameter.adopted"]["change"]["importing"] == {"id": "/by-hand"}
    errors = [str(m["diagnostic"]) for m in plain.seen[5]["said"] if m["type"] == "diagnostic"]
    assert len(errors) == 2
    assert all("InternalFailure" in error for error in errors)
    assert plain.seen[-1]["state"]["resources"] == []


async def life_of_a_service(told: Telling, variables: Variables) -> None:
    """Created on a platform; its log group changed by hand, and another image and size in Git; destroyed."""
    name = f"{variables['environment']['name']}/{variables['service']['name']}"
    told.given(variables)
    variables = variables | {"platform": make_platform(told.aws, told.names)}
    told.given(variables)
    await told.init()
    await told.plan()
    await told.apply()
    told.aws.client("logs").put_retention_policy(logGroupName=f"/ecs/{name}", retentionInDays=1)
    uri = variables["image"]["uri"].partition(":")[0] + ":0000001"
    told.given(but(variables, image={"uri": uri}, resources={"memory": 1024}, scaling={"max": 9}))
    await told.plan()
    await told.apply()
    await told.plan("-destroy")
    await told.apply()


@pytest.mark.parametrize(
    "variables", [public_service("develop"), internal_service("develop")], ids=["public", "internal"]
)
async def test_a_service_lives_the_same_life(comparison: Comparison, variables: Variables) -> None:
    plain, warm = await comparison.tell("roots/service", lambda told: life_of_a_service(told, variables))
    assert len(actions(plain, 0)) >= 12
    assert actions(plain, 2)["module.service.aws_ecs_task_definition.this"] == ["delete", "create"]
    drifted = {drift["address"] for drift in warm.seen[2]["shown"]["resource_drift"]}
    assert "module.service.aws_cloudwatch_log_group.this" in drifted
    assert warm.seen[-1]["state"]["resources"] == []


async def plans_of_a_platform(told: Telling) -> None:
    told.given(platform_variables("prod"))
    await told.init()
    await told.plan()
    told.given(but(platform_variables("prod"), network={"nat": "some"}))
    await told.plan(code=1)


async def test_the_platform_is_planned_the_same_and_refused_the_same(comparison: Comparison) -> None:
    _, warm = await comparison.tell("roots/platform", plans_of_a_platform)
    assert len(actions(warm, 0)) > 50
    assert any("nat" in json_text for json_text in map(str, warm.seen[1]["said"]))


async def life_of_a_platform(told: Telling) -> None:
    told.given(platform_variables("develop"))
    await told.init()
    await told.plan()
    await told.apply()
    told.given(but(platform_variables("develop"), network={"nat": "none"}, cluster={"insights": "enhanced"}))
    await told.plan()
    await told.apply()
    await told.plan("-destroy")
    await told.apply()


@long
async def test_the_platform_lives_the_same_life(comparison: Comparison) -> None:
    plain, _ = await comparison.tell("roots/platform", life_of_a_platform)
    assert plain.seen[1]["state"]["outputs"]["platform"]["value"]["schema_version"] == 1
