"""Callers with the same HCL and different environments share a warm provider, and nothing else.

The proof is in the stand-in's request log (account, region and access key of each call) and in the values: a root
writes the account and region that the provider reports, so a read in the wrong account would change the next plan.
"""

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from reconciler.provider import control
from reconciler.provider.client import WarmProvider
from reconciler.provider.package import Binary, PackageNotFound, locate
from tests.patience import PATIENCE
from tests.provider.terraform_runs import PLAIN, Terraform, mirrors
from tests.standins import borrowed

pytestmark = pytest.mark.aws

WHO_AM_I = """
terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
}
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
}
data "aws_caller_identity" "this" {}
data "aws_region" "this" {}
resource "aws_ssm_parameter" "this" {
  name  = "/who"
  type  = "String"
  value = "${data.aws_caller_identity.this.account_id} ${data.aws_region.this.name}"
}
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
async def runtime() -> AsyncIterator[Path]:
    """Create a user's runtime directory with a warm provider in it."""
    with tempfile.TemporaryDirectory(prefix="warm-") as directory:
        place = control.runtime_directory_in(Path(directory), "default")
        warm = await WarmProvider.start(place, ready_seconds=PATIENCE)
        yield Path(directory)
        await warm.stop(drain_seconds=0)


@pytest.fixture
def warm(runtime: Path) -> WarmProvider:
    return WarmProvider(control.runtime_directory_in(runtime, "default"))


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller: its environment, and the account, region and access key that must appear in its calls."""

    name: str
    account: str
    region: str
    environment: Mapping[str, str]
    key: str


DEFAULT_ACCOUNT = "123456789012"


def write_profiles(home: Path, **profiles: Mapping[str, str]) -> None:
    """Write profiles in the usual form: keys in one file, the region in the other."""
    aws = home / ".aws"
    aws.mkdir(parents=True)
    keys, settings = [], []
    for name, values in profiles.items():
        keys += [f"[{name}]", *(f"{key} = {value}" for key, value in values.items() if key != "region")]
        settings += [f"[profile {name}]", f"region = {values['region']}"]
    aws.joinpath("credentials").write_text("\n".join(keys))
    aws.joinpath("config").write_text("\n".join(settings))


def session_keys(aws: StandIn, account: str) -> dict[str, str]:
    """Return the session credentials of an assumed role in an account."""
    role = f"arn:aws:iam::{account}:role/any"
    found = aws.client("sts").assume_role(RoleArn=role, RoleSessionName="engineer")["Credentials"]
    names = {"AccessKeyId": "access_key_id", "SecretAccessKey": "secret_access_key", "SessionToken": "session_token"}
    return {f"aws_{name}": found[field] for field, name in names.items()}


def callers_of(directory: Path, aws: StandIn) -> list[Caller]:
    """Return callers by keys, by session keys, by two profiles of one file, and by the same profile in another home."""
    keys = [
        {"aws_access_key_id": f"AKIAIOSFODNN7EXAMP{letters}", "aws_secret_access_key": "x"}
        for letters in ("AA", "BB", "CC")
    ]
    session, bank = session_keys(aws, "222222222222"), session_keys(aws, "333333333333")
    one, two = {"HOME": str(directory / "one")}, {"HOME": str(directory / "two")}
    write_profiles(directory / "one", shop={**keys[1], "region": "eu-north-1"}, bank={**bank, "region": "ca-central-1"})
    write_profiles(directory / "two", shop={**keys[2], "region": "ap-south-1"})
    static = {name.upper(): value for name, value in keys[0].items()} | {"AWS_REGION": "eu-west-1"}
    temporary = {name.upper(): value for name, value in session.items()} | {"AWS_DEFAULT_REGION": "us-east-2"}
    key_id = "aws_access_key_id"
    return [
        Caller("keys", DEFAULT_ACCOUNT, "eu-west-1", static, keys[0][key_id]),
        Caller("session", "222222222222", "us-east-2", temporary, session[key_id]),
        Caller("shop", DEFAULT_ACCOUNT, "eu-north-1", {**one, "AWS_PROFILE": "shop"}, keys[1][key_id]),
        Caller("bank", "333333333333", "ca-central-1", {**one, "AWS_PROFILE": "bank"}, bank[key_id]),
        Caller("namesake", DEFAULT_ACCOUNT, "ap-south-1", {**two, "AWS_PROFILE": "shop"}, keys[2][key_id]),
    ]


def environment_of(terraform: Terraform, caller: Caller) -> dict[str, str]:
    """Return the caller's environment with the stand-in's address, without the stand-in's default credentials."""
    named = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION")
    base = {name: value for name, value in terraform.environment().items() if name not in named}
    return base | dict(caller.environment)


async def roots(terraform: Terraform, callers: list[Caller]) -> dict[str, Path]:
    """Create a root for each caller, byte for byte the same: initialised once, then copied."""
    first = terraform.directory / "root"
    first.mkdir()
    (first / "main.tf").write_text(WHO_AM_I)
    await terraform.run(first, environment_of(terraform, callers[0]), PLAIN, "init")
    return {
        caller.name: Path(shutil.copytree(first, terraform.directory / f"of-{caller.name}", symlinks=True))
        for caller in callers
    }


async def run_through_exec(root: Path, environment: Mapping[str, str], runtime: Path, *arguments: str) -> int:
    command = (sys.executable, "-P", "-m", "reconciler.provider", "exec", "--", "terraform", *arguments)
    with (root / "output").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=root, env={**environment, "XDG_RUNTIME_DIR": str(runtime)},
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
        return await asyncio.wait_for(process.wait(), PATIENCE)


APPLY_THEN_PLAN = (("apply", "-auto-approve"), ("plan", "-detailed-exitcode"), ("plan", "-detailed-exitcode"))


def check_callers(terraform: Terraform, callers: list[Caller], before: int) -> None:
    """Check that every call has a caller's account, region and key, and that each state has its caller's values."""
    calls = terraform.standin.requests(before)
    assert {(c["account"], c["region"]) for c in calls} == {(caller.account, caller.region) for caller in callers}
    for caller in callers:
        mine = [c for c in calls if (c["account"], c["region"]) == (caller.account, caller.region)]
        assert [c["operation"] for c in mine].count("PutParameter") == 1
        assert {c["access_key_id"] for c in mine} == {caller.key}
        state = json.loads((terraform.directory / f"of-{caller.name}" / "terraform.tfstate").read_text())
        (written,) = [r["instances"][0]["attributes"]["value"] for r in state["resources"] if r["mode"] == "managed"]
        assert written == f"{caller.account} {caller.region}"


async def test_the_same_hcl_with_different_profiles_keys_and_regions(terraform: Terraform, warm: WarmProvider) -> None:
    callers = callers_of(terraform.directory, terraform.standin)
    places, before = await roots(terraform, callers), terraform.standin.last_request()

    async def apply_and_plan(caller: Caller) -> None:
        root, environment = places[caller.name], environment_of(terraform, caller)
        for command in APPLY_THEN_PLAN:
            attaching = warm.attach(binary=terraform.binary, environment=environment, workspace=root)
            async with attaching as side:
                assert side.warm, side.reason
                await terraform.run(root, environment, side, *command)

    await asyncio.gather(*(apply_and_plan(caller) for caller in callers))
    check_callers(terraform, callers, before)


async def test_the_same_hcl_through_exec(terraform: Terraform, runtime: Path, warm: WarmProvider) -> None:
    callers = callers_of(terraform.directory, terraform.standin)
    places, before = await roots(terraform, callers), terraform.standin.last_request()

    async def apply_and_plan(caller: Caller) -> None:
        root = places[caller.name]
        for command in APPLY_THEN_PLAN:
            code = await run_through_exec(root, environment_of(terraform, caller), runtime, *command)
            assert code == 0, (root / "output").read_text()

    await asyncio.gather(*(apply_and_plan(caller) for caller in callers))
    check_callers(terraform, callers, before)
    assert (await warm.status())["runs_total"] == len(callers) * len(APPLY_THEN_PLAN), "none of them ran plainly"
