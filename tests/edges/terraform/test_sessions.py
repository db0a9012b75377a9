"""Terraform's credentials: the session of a role, bounded by a policy, and none of the daemon's own."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from deploy.local.standin import StandIn
from reconciler.core.environment import Environment
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.session_policy import session_policy
from reconciler.core.vocabulary import Reason
from reconciler.edges.aws.clients import AwsFailed
from reconciler.edges.terraform.environ import process_environment
from reconciler.edges.terraform.sessions import Sessions
from tests.edges.aws_stub import credentials
from tests.edges.conftest import Stage
from tests.standins import AMPLE

pytestmark = pytest.mark.aws

ROLE = "arn:aws:iam::123456789012:role/environment"
CHAIN = "arn:aws:iam::123456789012:role/other"
# The root has no `assume_role`, which would otherwise make it act as the daemon.
ROOT = """
terraform {
  backend "s3" {}
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "aws" { type = any }
provider "aws" { region = "eu-central-1" }
data "aws_caller_identity" "this" {}
output "who" { value = data.aws_caller_identity.this.arn }
output "role" { value = jsonencode(var.aws) }
"""
SECRET = 'data "aws_secretsmanager_secret_version" "others" { secret_id = "others/key" }\n'


def document(action: str, **more: object) -> str:
    statement = {"Effect": "Allow", "Action": action, **({"Resource": "*"} | more)}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def bounded(remote: Stage, aws: StandIn) -> Iterator[Stage]:
    """Return a stage whose role may do everything, on a stand-in that holds callers to their policies."""
    iam = aws.client("iam")
    for name in ("environment", "other"):
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}}]}
        trust["Statement"][0]["Action"] = "sts:AssumeRole"  # type: ignore[index]
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=document("*"))
    aws.client("secretsmanager").create_secret(Name="others/key", SecretString="x")
    aws.configure(enforce_roles=True, quotas=AMPLE)
    with credentials():
        yield replace(remote, where=replace(remote.where, role=ROLE))
    aws.configure(quotas=AMPLE)


@pytest_asyncio.fixture
async def sessions() -> AsyncIterator[Sessions]:
    found = Sessions()
    yield found
    await found.close()


async def test_the_code_of_a_root_cannot_leave_its_session(bounded: Stage, sessions: Sessions) -> None:
    run = await bounded.run(ROOT, aws={"role_arn": ROLE, "s3_use_path_style": True})
    async with bounded.terraform(sessions=sessions).workspace(run) as workspace:
        outputs = (await workspace.plan())["planned_values"]["outputs"]
    assert outputs["who"]["value"] == "arn:aws:sts::123456789012:assumed-role/environment/reconciler"
    assert json.loads(outputs["role"]["value"]) == {"role_arn": None, "s3_use_path_style": True}
    run = await bounded.run(ROOT + SECRET, aws={"role_arn": ROLE, "s3_use_path_style": True})
    with pytest.raises(TerraformFailed, match="no session policy allows the secretsmanager:GetSecretValue") as failed:
        async with bounded.terraform(sessions=sessions).workspace(run) as workspace:
            await workspace.plan()
    assert failed.value.reason is Reason.PLAN_FAILED


async def test_the_endpoint_yields_one_session_to_its_token(bounded: Stage, aws: StandIn, sessions: Sessions) -> None:
    one = await sessions.environment(bounded.where, session_policy("service"))
    other = await sessions.environment(bounded.where, session_policy("platform"))
    assert one == await sessions.environment(bounded.where, session_policy("service")), "so that providers are shared"
    url, token = one["AWS_CONTAINER_CREDENTIALS_FULL_URI"], one["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
    async with aiohttp.ClientSession() as client:
        for address, given, status in (
            (url, token, 200),
            (url, "", 403),
            (url, other["AWS_CONTAINER_AUTHORIZATION_TOKEN"], 403),
            (other["AWS_CONTAINER_CREDENTIALS_FULL_URI"], token, 403),
            (url.rpartition("/")[0], token, 403),
        ):
            async with client.get(address, headers={"Authorization": given}) as answer:
                assert (answer.status, "SecretAccessKey" in await answer.text()) == (status, status == 200)
    missing = replace(bounded.where, role=f"{ROLE}-missing")
    aws.inject_fault("sts", "error", operation="AssumeRole", status=403, times=100)
    try:
        with pytest.raises(AwsFailed, match=r"assume_role of .*environment-missing in develop"):
            await sessions.environment(missing, session_policy("service"))
    finally:
        aws.lift_faults()


def test_beside_a_session_terraform_gets_no_other_credentials() -> None:
    where = Environment("develop", "develop", "123456789012", "eu-central-1", role=ROLE)
    keys = ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE", "WEB_IDENTITY_TOKEN_FILE", "ROLE_ARN")
    own = [f"AWS_{key}" for key in (*keys, "CONTAINER_CREDENTIALS_RELATIVE_URI", "CA_BUNDLE")]
    given = {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "t"}
    found = process_environment(dict.fromkeys([*own, "RECONCILER__AUTH__TOKEN"], "x"), Path("rc"), where, given)
    passed = {"AWS_CA_BUNDLE", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_DEFAULT_REGION", "AWS_REGION"}
    assert {name for name in found if name.startswith(("AWS_", "RECONCILER"))} == passed


async def test_terraform_works_in_the_role_of_the_tenant(bounded: Stage, sessions: Sessions) -> None:
    where = replace(bounded.where, tenant_roles=(("payments", CHAIN),))
    assert (where.role_of(None), where.role_of("payments")) == (ROLE, CHAIN)
    run = replace(await bounded.run(ROOT, aws={}), environment=where, tenant="orders")
    with pytest.raises(TerraformFailed, match=r"develop\.tenant_roles has no role for the tenant orders") as failed:
        async with bounded.terraform(sessions=sessions).workspace(run):
            pass
    assert failed.value.reason is Reason.INVALID_CONFIGURATION
