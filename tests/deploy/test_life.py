"""The daemon with the environment and the roles that `deploy/ecs` makes: it works, and survives a lost disk.

The daemon's account and the environment's account are on the AWS stand-in, the ECS agent is simulated; the variables
are those that ECS would set. The stand-in holds every call to the role of its caller, so each call of the daemon and of
Terraform is allowed by the policies that are shipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from deploy.local import ecs
from deploy.local.standin import StandIn, start
from reconciler.config.load import load
from tests.deploy.calls import OF_THE_BACKEND, OF_THE_TASK, action, calls
from tests.e2e.daemon import Daemon, module
from tests.edges.aws.agent import Agent, agent
from tests.standins import make_state_bucket

pytestmark = [pytest.mark.aws, pytest.mark.chaos]  # the demo and the end-to-end tests have these roles in every run
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reconciler"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
TASK_ROLE = f"arn:aws:iam::{ecs.ACCOUNT}:role/reconciler-task"
STATES = f"reconciler-state-{ACCOUNT}-eu-central-1"
GIT = ("git", "-c", "user.name=team", "-c", "user.email=team@example.com")


@dataclass
class Task(Daemon):
    """A daemon configured only by environment variables, as a container is."""

    container: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        known = super().environment | dict(self.container)
        # A container has no configuration file, and no AWS endpoint except those in the settings.
        return {name: value for name, value in known.items() if name not in {"RECONCILER_CONFIG", "AWS_ENDPOINT_URL"}}

    def commit(self, files: Mapping[str, str | None]) -> None:
        self.write(files)
        for command in (["init", "--quiet", "-b", "main"], ["add", "--all"], ["commit", "--quiet", "-m", "change"]):
            subprocess.run([*GIT, *command], cwd=self.manifests, check=True)


@pytest_asyncio.fixture
async def protected() -> AsyncIterator[Agent]:
    async with agent() as found:
        yield found


@pytest.fixture
def task(tmp_path: Path) -> Iterator[Task]:
    """Provide a separate account with a state bucket and a lock table, and a folder for the daemon's disk."""
    with start() as aws:
        make_state_bucket(aws, STATES, role_arn=ROLE)
        aws.client("dynamodb", role_arn=ROLE).create_table(
            TableName="reconciler-locks",
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        stage = Task(tmp_path, aws, enforced=False)  # the test applies the roles itself
        stage.config.unlink()
        yield stage
        if stage.process is not None:
            with contextlib.suppress(ProcessLookupError):
                stage.stop(signal.SIGTERM)


def deploy(task: Task) -> dict[str, str]:
    """Apply `deploy/ecs` and return the environment of its container, adapted to this machine."""
    develop = {"account": ACCOUNT, "region": task.aws.region, "tier": "develop", "role": ROLE}
    return ecs.deploy(
        task.aws,
        task.folder,
        manifests={"url": task.manifests.as_uri()},
        environments={"develop": develop | {"endpoint": task.aws.endpoint}},
        settings={
            "RECONCILER__DATA": str(task.folder / "data"),
            "RECONCILER__TERRAFORM__ALLOW__PROVISIONERS": "true",
            "RECONCILER__TERRAFORM__SOURCE__PATH": str(task.folder / "terraform"),
            "RECONCILER__HTTP__HOST": "127.0.0.1",
            "RECONCILER__HTTP__PORT": str(task.port),
        },
        image={"tag": "0.1.0"},
    )


def make_target_account(task: Task) -> None:
    """Apply `deploy/ecs/target-account` in the environment's account, as its administrator."""
    iam, kms = (task.aws.client(service, role_arn=ADMIN) for service in ("iam", "kms"))
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=document("*"))["Policy"]["Arn"]
    root = ecs.Root.copy(ecs.SOURCE / "target-account", task.folder / "target", task.aws)
    root.plan(
        {
            "account": {"id": ACCOUNT, "region": task.aws.region},
            "aws": {"role_arn": ADMIN, "s3_use_path_style": True},
            "daemon": {"role_arn": TASK_ROLE},
            "environments": ["develop"],
            "state": {"bucket": STATES, "kms_key_arn": kms.create_key()["KeyMetadata"]["Arn"]},
            "terraform": {"policies": {"none": document("sts:GetCallerIdentity")}},
            "permissions_boundary_arn": boundary,
        }
    )
    root.apply()


def document(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def credentials(aws: StandIn) -> dict[str, str]:
    """Return the variables of the task role's credentials, which a container gets from ECS."""
    found: Any = aws.session(role_arn=TASK_ROLE).get_credentials()
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    return dict(zip(names, (found.access_key, found.secret_key, found.token), strict=True))


def take_away(aws: StandIn, action: str) -> None:
    """Remove an action from the statements about states of the role in the environment's account."""
    aws.configure()
    iam = aws.client("iam", role_arn=ADMIN)
    policy = iam.get_role_policy(RoleName="reconciler", PolicyName="state")["PolicyDocument"]
    for statement in policy["Statement"]:
        statement["Action"] = [each for each in statement["Action"] if each != action]
    policy["Statement"] = [each for each in policy["Statement"] if each["Action"]]
    iam.put_role_policy(RoleName="reconciler", PolicyName="state", PolicyDocument=json.dumps(policy))
    aws.configure(enforce_roles=True)


async def test_the_daemon_of_the_task_works_and_is_a_no_op_after_a_lost_disk(
    task: Task, protected: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = await asyncio.to_thread(deploy, task)
    await asyncio.to_thread(make_target_account, task)
    for name, value in container.items():
        monkeypatch.setenv(name, value)
    settings = load()
    assert settings.store.table == "reconciler"
    assert settings.environment("develop").role == ROLE

    since = task.aws.last_request()
    task.container = container | credentials(task.aws) | {"ECS_AGENT_URI": protected.uri}
    task.aws.configure(enforce_roles=True)
    task.commit({"alpha.yaml": module("alpha", text="one")})
    task.start()
    await asyncio.to_thread(task.until_settled, "alpha")
    assert protected.states == [True, False], "held while it applied"
    await asyncio.to_thread(task.stop)
    shutil.rmtree(task.folder / "data")
    task.start()
    await asyncio.to_thread(task.until, lambda: 'passes_total{result="unchanged"} 1.0' in task.read("metrics"))
    page = task.read("metrics")
    assert 'terraform_runs_total{command="plan",result="ok"} 0.0' in page
    assert task.instance("alpha")["current"]
    assert protected.states == [True, False]

    asked = {(call["account"], action(call["service"], call["operation"])) for call in task.aws.requests(since)}
    own = {action for account, action in asked if account == ecs.ACCOUNT}
    there = {action for account, action in asked if account == ACCOUNT}
    assert {"dynamodb:PutItem", "s3:PutObject", "sts:AssumeRole"} <= own
    assert own <= {call.action for call in calls() if call.own} | set(OF_THE_TASK)
    assert {"s3:PutObject", "dynamodb:PutItem"} <= there
    assert there - {"sts:GetCallerIdentity"} <= {call.action for call in calls() if not call.own} | OF_THE_BACKEND

    take_away(task.aws, "dynamodb:PutItem")
    task.commit({"alpha.yaml": module("alpha", text="two")})
    lacking = f"{ACCOUNT}:assumed-role/reconciler/reconciler is not authorized to perform: dynamodb:PutItem on resource"
    await asyncio.to_thread(task.until, lambda: lacking in json.dumps(task.instance("alpha")))
