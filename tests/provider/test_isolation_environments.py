"""Two environments planned concurrently through one warm provider share no values.

The proof is in the stand-in's request log (account and region of each call) and in the values: the root plans to write
the account and region that the provider reports.
"""

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.local.standin import StandIn
from reconciler.provider.client import WarmProvider
from reconciler.provider.package import Binary, PackageNotFound, locate
from tests.patience import PATIENCE
from tests.provider.terraform_runs import Terraform, mirrors
from tests.standins import borrowed
from tests.terraform.inputs import Variables, but, public_service

pytestmark = pytest.mark.aws

TURNS = 100
SERVICE = Path(__file__).resolve().parents[2] / "terraform" / "roots" / "service"
# The provider block, variables and versions are those of the service root; this replaces its module.
REPLACED_MODULE = """
data "aws_caller_identity" "this" {}
data "aws_region" "this" {}
data "aws_default_tags" "this" {}
resource "aws_ssm_parameter" "this" {
  name  = "/where"
  type  = "String"
  value = join(" ", [data.aws_caller_identity.this.account_id, data.aws_region.this.name, var.service.labels["turn"]])
}
output "tags" { value = data.aws_default_tags.this.tags }
"""


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with borrowed() as running:
        yield running


@pytest.fixture
def terraform(tmp_path: Path, standin: StandIn) -> Terraform:
    try:
        binary: Binary = locate(mirrors(), None)
    except PackageNotFound:
        pytest.skip("the AWS provider is in no mirror of this machine")
    standin.reset()
    return Terraform(tmp_path, binary, standin)


@pytest.fixture
async def warm() -> AsyncIterator[WarmProvider]:
    with tempfile.TemporaryDirectory(prefix="warm-") as directory:
        started = await WarmProvider.start(Path(directory, "w"), ready_seconds=PATIENCE)
        yield started
        await started.stop(drain_seconds=0)


@dataclass(frozen=True, slots=True)
class Stage:
    """An environment with values that no other has."""

    name: str
    tier: str
    account: str
    region: str
    owner: str

    @property
    def role(self) -> str:
        return f"arn:aws:iam::{self.account}:role/reconciler-{self.name}"

    @property
    def words(self) -> set[str]:
        """Return the values that no plan of another environment may contain."""
        return {self.name, self.account, self.region, self.role, self.owner}

    def variables(self, turn: int) -> Variables:
        inputs = public_service("develop")
        home = {"name": self.name, "tier": self.tier, "account_id": self.account, "region": self.region}
        return but(
            {**inputs, "environment": {**home, "partition": "aws"}, "routing": None},
            aws={"role_arn": self.role},
            platform={"tags": {"owner": self.owner}},
            service={"labels": {"turn": str(turn)}},
        )


STAGES = (
    Stage("left", "develop", "111111111111", "eu-west-1", "team-left"),
    Stage("right", "prod", "222222222222", "us-east-2", "team-right"),
)


class Environments:
    """The two roots, with the same HCL and different variables."""

    def __init__(self, terraform: Terraform, warm: WarmProvider) -> None:
        self._terraform, self._warm = terraform, warm

    def root(self, stage: Stage) -> Path:
        root = self._terraform.directory / stage.name
        if not root.exists():
            root.mkdir()
            for file in ("providers.tf", "variables.tf", "versions.tf"):
                shutil.copy(SERVICE / file, root / file)
            (root / "main.tf").write_text(REPLACED_MODULE)
            (root / "backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
        return root

    async def run_pass(self, stage: Stage, turn: int, *, apply: bool = False) -> dict[str, Any]:
        """Run one pass with its own attachment, as the daemon does. Returns the plan of `terraform show -json`."""
        root, environment = self.root(stage), self._terraform.environment()
        (root / "terraform.tfvars.json").write_text(json.dumps(stage.variables(turn)))
        attaching = self._warm.attach(binary=self._terraform.binary, environment=environment, workspace=root)
        async with attaching as side:
            assert side.warm, side.reason
            if apply:
                await self._terraform.run(root, environment, side, "init", "-input=false")
            shown: dict[str, Any] = await self._terraform.plan(root, environment, side, 2)
            if apply:
                await self._terraform.run(root, environment, side, "apply", "-input=false", "p")
        return shown


def check_plan(stage: Stage, turn: int, shown: Mapping[str, Any]) -> None:
    """Check that a plan has all values of its own environment and none of the other."""
    (change,) = [c["change"] for c in shown["resource_changes"] if c["mode"] == "managed"]
    assert change["after"]["value"] == f"{stage.account} {stage.region} {turn}"
    assert change["after"]["tags_all"]["Owner"] == stage.owner
    assert change["after"]["tags_all"]["Environment"] == stage.name
    text = json.dumps({name: value for name, value in shown.items() if name not in ("configuration", "variables")})
    foreign = set().union(*(other.words for other in STAGES if other is not stage))
    assert {word for word in foreign if f'"{word}' in text or f"{word}:" in text or f"{word} " in text} == set()


async def test_two_environments_planned_at_once_stay_separate(terraform: Terraform, warm: WarmProvider) -> None:
    """Plan a hundred times with different default tags, regions and roles; check every plan and every call."""
    terraform.standin.reset()
    before = terraform.standin.last_request()
    environments = Environments(terraform, warm)
    for turn in range(TURNS + 1):
        plans = await asyncio.gather(*(environments.run_pass(stage, turn, apply=turn == 0) for stage in STAGES))
        for stage, shown in zip(STAGES, plans, strict=True):
            check_plan(stage, turn, shown)
    calls = terraform.standin.requests(before)
    assumed = [call for call in calls if call["operation"] == "AssumeRole"]
    at_home = [call for call in calls if call["operation"] != "AssumeRole"]
    assert {call["region"] for call in assumed} == {stage.region for stage in STAGES}
    assert {(call["account"], call["region"]) for call in at_home} == {(s.account, s.region) for s in STAGES}
    assert {call["access_key_id"] for call in assumed}.isdisjoint(call["access_key_id"] for call in at_home)
    for stage in STAGES:
        reads = [c for c in at_home if c["account"] == stage.account and c["operation"].startswith("GetParameter")]
        assert len(reads) >= TURNS, "each plan asked its own account"
