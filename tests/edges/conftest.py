"""Fixtures for Terraform: roots written by the test, run by the real binary, with states on disk or on the stand-in."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local import standin
from desired_state.files.tree import tree_id
from desired_state.instance import Key
from reconciler.core.code.allowances import Allowances, AllowancesByTenant
from reconciler.core.environment import Environment
from reconciler.core.ports.terraform import Run
from reconciler.edges.state.settings import StateSettings
from reconciler.edges.store.trees import DirectoryTrees
from reconciler.edges.terraform.cli import TerraformCli
from reconciler.edges.terraform.plugins import configure, find_mirrors
from reconciler.edges.terraform.runner import Timeouts
from tests.edges.aws_stub import the_stand_in
from tests.standins import make_state_bucket

# Built into Terraform, so nothing is downloaded; a new `version` replaces the resource, which takes `seconds`.
ROOT = """
terraform {
  backend "s3" {}
}
variable "text" { type = string }
variable "seconds" {
  type    = number
  default = 0
}
resource "terraform_data" "echo" {
  input = var.text
}
resource "terraform_data" "slow" {
  triggers_replace = var.text
  provisioner "local-exec" {
    command = "touch '${path.root}/applying'; sleep ${var.seconds}"
  }
}
output "text" { value = terraform_data.echo.output }
"""

DEVELOP = Environment(name="develop", tier="develop", account="123456789012", region="eu-central-1")
STATE = StateSettings(bucket="states-{account}", lock_table="locks", prefix="test/")
TIMEOUTS = Timeouts(lock=timedelta(0))
# What the roots of these tests do beside AWS.
ALLOWED = AllowancesByTenant(Allowances(provisioners=True, remote_state=True, modules=frozenset({"git::"})))


@dataclass
class Stage:
    """The directory and settings of one test's runs, with the reported commands and warnings."""

    directory: Path
    environment: Mapping[str, str]
    where: Environment = DEVELOP
    state: StateSettings | None = None
    runs: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def terraform(self, work: str = "work", **options: Any) -> TerraformCli:
        settings: dict[str, Any] = {
            "state": self.state,
            "plugins": configure(self.directory / "cli", find_mirrors(os.environ)),
            "environment": self.environment,
            "drain": timedelta(seconds=60),
            "grace": timedelta(seconds=30),
            "timeouts": TIMEOUTS,
            "on_run": lambda command, result: self.runs.append((command, result)),
            "warn": self.warnings.append,
            "allowances": ALLOWED,
            **options,
        }
        return TerraformCli("terraform", work=self.directory / work, trees=self.trees, **settings)

    async def run(
        self, root: str = ROOT, *, name: str = "orders", more: Mapping[str, bytes] | None = None, **variables: Any
    ) -> Run:
        """Return a run of an instance of that root, whose tree is kept, with `more` files beside its main.tf."""
        tree = {
            f"roots/service/{path}": content for path, content in {"main.tf": root.encode(), **(more or {})}.items()
        }
        await self.trees.put(tree_id(tree), tree)
        return Run(Key("develop", name), "service", tree_id(tree), variables, self.where)

    @property
    def trees(self) -> DirectoryTrees:
        return DirectoryTrees(self.directory / "trees")

    def root(self, work: str = "work", name: str = "orders") -> Path:
        return self.directory / work / "develop" / name / "roots" / "service"

    def ran(self, command: str) -> int:
        return sum(1 for ran, _ in self.runs if ran == command)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Return a stage with local, temporary states."""
    return Stage(tmp_path, {"PATH": os.environ["PATH"], "HOME": str(tmp_path)})


@pytest.fixture(scope="session")
def aws() -> standin.StandIn:
    """Return the stand-in; one for the session, because it takes seconds to start."""
    return the_stand_in()


@pytest.fixture
def remote(tmp_path: Path, aws: standin.StandIn) -> Stage:
    """Return a stage with states in an empty bucket of the stand-in, locked in S3 and in DynamoDB."""
    aws.reset()
    make_state_bucket(aws, "states-123456789012")
    aws.client("dynamodb").create_table(
        TableName="locks",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
    )
    base = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **aws.environment()}
    del base["AWS_ENDPOINT_URL"]  # it has to come from the environment's own setting
    where = Environment("develop", "develop", "123456789012", "eu-central-1", endpoint=aws.endpoint)
    return Stage(tmp_path, base, where, STATE)


def state_objects(aws: standin.StandIn) -> dict[str, Any]:
    """Return the objects of the state bucket by key, parsed."""
    s3 = aws.client("s3")
    listed = s3.list_objects_v2(Bucket="states-123456789012").get("Contents", [])
    bodies = {item["Key"]: s3.get_object(Bucket="states-123456789012", Key=item["Key"])["Body"] for item in listed}
    return {key: json.loads(body.read()) for key, body in bodies.items()}
