"""States in S3 on the stand-in: locks, conflicts, and the death of a daemon or provider in the middle of a run."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.standin import StandIn
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.vocabulary import Reason
from reconciler.edges.terraform.runner import Timeouts
from tests.edges.conftest import ROOT, Stage, state_objects
from tests.patience import PATIENCE

pytestmark = pytest.mark.aws

STATE_KEY = "test/develop/orders/terraform.tfstate"
PROJECT = Path(__file__).parents[3]


async def applying(stage: Stage, work: str = "work") -> None:
    """Wait until the creation of the slow resource has begun in that work folder."""
    async with asyncio.timeout(PATIENCE):
        while not (stage.root(work) / "applying").exists():  # noqa: ASYNC110 - another process creates it
            await asyncio.sleep(0.05)


async def apply(stage: Stage, work: str = "work", **variables: Any) -> Mapping[str, Any]:
    async with stage.terraform(work).workspace(await stage.run(**variables)) as workspace:
        await workspace.plan()
        return await workspace.apply()


async def test_the_state_is_stored_under_its_key_and_no_lock_stays(remote: Stage, aws: StandIn) -> None:
    assert await apply(remote, text="v1") == {"text": "v1"}
    objects = state_objects(aws)
    assert set(objects) == {STATE_KEY}
    assert objects[STATE_KEY]["outputs"]["text"]["value"] == "v1"
    locks = aws.client("dynamodb").scan(TableName="locks")["Items"]
    assert [item["LockID"]["S"] for item in locks] == [f"states-123456789012/{STATE_KEY}-md5"]


async def test_a_state_from_before_is_encrypted_with_its_key_by_the_next_write(remote: Stage, aws: StandIn) -> None:
    def encryption() -> tuple[str | None, str | None]:
        head = aws.client("s3").head_object(Bucket="states-123456789012", Key=STATE_KEY)
        return head.get("ServerSideEncryption"), head.get("SSEKMSKeyId")

    key = aws.client("kms").describe_key(KeyId="alias/states-123456789012")["KeyMetadata"]["Arn"]
    assert await apply(remote, text="v1") == {"text": "v1"}
    body = json.dumps(state_objects(aws)[STATE_KEY])
    aws.client("s3").put_object(Bucket="states-123456789012", Key=STATE_KEY, Body=body, ServerSideEncryption="AES256")
    aws.client("dynamodb").delete_item(TableName="locks", Key={"LockID": {"S": f"states-123456789012/{STATE_KEY}-md5"}})
    assert encryption() == ("AES256", None)
    assert await apply(remote, text="v2") == {"text": "v2"}
    assert encryption() == ("aws:kms", key)


async def test_a_root_without_backend_would_lose_its_state_and_is_refused(remote: Stage) -> None:
    run = await remote.run(ROOT.replace('backend "s3" {}', ""), text="v1")
    with pytest.raises(TerraformFailed, match='must declare `backend "s3"') as failed:
        async with remote.terraform().workspace(run):
            pass
    assert failed.value.reason is Reason.INVALID_CONFIGURATION


async def test_a_missing_bucket_is_a_failed_init(remote: Stage, aws: StandIn) -> None:
    aws.client("s3").delete_bucket(Bucket="states-123456789012")
    with pytest.raises(TerraformFailed, match="bucket") as failed:
        await apply(remote, text="v1")
    assert failed.value.reason is Reason.INIT_FAILED


async def test_the_holder_of_a_lock_is_reported_and_a_waiting_plan_can_be_cancelled(
    remote: Stage, aws: StandIn
) -> None:
    holder = asyncio.create_task(apply(remote, text="v1", seconds=8))
    await applying(remote)
    run = await remote.run(text="v2")
    async with remote.terraform("elsewhere").workspace(run) as workspace:
        with pytest.raises(TerraformFailed) as failed:
            await workspace.plan()
        assert failed.value.reason is Reason.STATE_LOCKED
        assert failed.value.lock is not None
        assert failed.value.lock.operation == "OperationTypeApply"
        assert re.fullmatch(r"[0-9a-f-]{36}", failed.value.lock.id)
        assert failed.value.lock.who in failed.value.message

    async def wait_for_lock() -> None:
        patient = remote.terraform("elsewhere", timeouts=Timeouts(lock=timedelta(minutes=5)))
        async with patient.workspace(run) as workspace:
            await workspace.plan()

    waiting = asyncio.create_task(wait_for_lock())
    waits = remote.root("elsewhere").parents[1] / "plan.out"
    async with asyncio.timeout(PATIENCE):
        while "Acquiring state lock" not in waits.read_text():  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await holder == {"text": "v1"}
    assert set(state_objects(aws)) == {STATE_KEY}


async def test_a_lock_that_cannot_be_written_is_told_with_its_cause_and_not_as_held(
    remote: Stage, aws: StandIn
) -> None:
    bucket = "states-123456789012"

    async def told() -> str:
        async with remote.terraform().workspace(await remote.run(text="v1")) as workspace:
            with pytest.raises(TerraformFailed) as failed:
                await workspace.plan()
        assert failed.value.reason is Reason.PLAN_FAILED
        return failed.value.message

    aws.client("dynamodb").delete_table(TableName="locks")
    assert (await told()).startswith("the lock table does not exist: create it with `reconciler bootstrap`")
    aws.client("kms").delete_alias(AliasName=f"alias/{bucket}")
    message = await told()
    assert message.startswith("AWS refused the KMS key of the state: enable or restore the key")
    assert "KMS.NotFoundException" in message


async def test_a_stale_plan_is_refused(remote: Stage) -> None:
    async with remote.terraform("slower").workspace(await remote.run(text="slower")) as workspace:
        await workspace.plan()
        await apply(remote, "faster", text="faster")
        with pytest.raises(TerraformFailed, match="plan again") as failed:
            await workspace.apply()
    assert failed.value.reason is Reason.STATE_CONFLICT


async def test_an_interrupted_apply_leaves_its_state_and_no_lock(remote: Stage, aws: StandIn) -> None:
    impatient = remote.terraform(drain=timedelta(seconds=0.1))

    async def visit() -> None:
        async with impatient.workspace(await remote.run(text="v1", seconds=300)) as workspace:
            await workspace.plan()
            await workspace.apply()

    visiting = asyncio.create_task(visit())
    await applying(remote)
    visiting.cancel()
    with pytest.raises(TerraformFailed) as failed:
        await visiting
    assert failed.value.reason is Reason.INTERRUPTED
    objects = state_objects(aws)
    assert set(objects) == {STATE_KEY}
    assert {resource["name"] for resource in objects[STATE_KEY]["resources"]} == {"echo", "slow"}


async def test_a_state_that_cannot_be_uploaded_is_kept(remote: Stage, aws: StandIn) -> None:
    run = await remote.run(text="v1", seconds=2)
    visiting = asyncio.create_task(apply(remote, text="v1", seconds=2))
    await applying(remote)
    aws.inject_fault("s3", "error", operation="PutObject", status=403, times=100)
    try:
        with pytest.raises(TerraformFailed, match=r"errored\.tfstate") as failed:
            await visiting
    finally:
        aws.lift_faults()
    assert failed.value.reason is Reason.STATE_CONFLICT
    kept = remote.root() / "errored.tfstate"
    assert '"slow"' in kept.read_text()
    assert "resources" not in json.dumps(state_objects(aws))
    async with remote.terraform().workspace(await remote.run(text="v2")) as workspace:
        with pytest.raises(TerraformFailed, match="was pushed; the next pass plans from it") as failed:
            await workspace.plan()
    assert failed.value.reason is Reason.RECOVERING
    assert state_objects(aws)[STATE_KEY]["outputs"]["text"]["value"] == "v1"
    async with remote.terraform().workspace(run) as workspace:
        changes = (await workspace.plan())["resource_changes"]
    assert {tuple(change["change"]["actions"]) for change in changes} == {("no-op",)}


async def test_a_kept_state_older_than_the_stored_one_is_never_pushed(remote: Stage, aws: StandIn) -> None:
    await apply(remote, text="v1")
    kept = remote.root() / "errored.tfstate"
    kept.write_text(json.dumps(state_objects(aws)[STATE_KEY] | {"serial": 0}))
    async with remote.terraform().workspace(await remote.run(text="v1")) as workspace:
        with pytest.raises(TerraformFailed, match="could not be pushed") as failed:
            await workspace.plan()
    assert failed.value.reason is Reason.STATE_CONFLICT
    assert kept.is_file()


ORPHANED = """
import asyncio, json, os, sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from tests.edges.conftest import STATE, Stage
from reconciler.core.environment import Environment

async def main() -> None:
    directory, endpoint, environment = sys.argv[1:]
    where = Environment("develop", "develop", "123456789012", "eu-central-1", endpoint=endpoint)
    stage = Stage(Path(directory), json.loads(environment), where, STATE)
    async with stage.terraform().workspace(await stage.run(text="v1", seconds=4)) as workspace:
        await workspace.plan()
        await workspace.apply()

asyncio.run(main())
"""


async def test_an_apply_outlives_a_killed_daemon_and_locks_its_workspace_until_its_state_is_saved(
    remote: Stage, aws: StandIn
) -> None:
    daemon = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        ORPHANED,
        str(remote.directory),
        aws.endpoint,
        json.dumps(remote.environment),
        cwd=PROJECT,
    )
    await applying(remote)
    daemon.send_signal(signal.SIGKILL)
    await daemon.wait()

    run = await remote.run(text="v1", seconds=4)
    with pytest.raises(TerraformFailed, match=r"an earlier run \(pid \d+\) still works in") as failed:
        async with remote.terraform().workspace(run):
            pass
    assert failed.value.reason is Reason.STATE_LOCKED
    pid = int(re.findall(r"pid (\d+)", failed.value.message)[0])
    assert pid != daemon.pid
    os.kill(pid, 0)

    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with remote.terraform().workspace(run) as workspace:
                    plan = await workspace.plan()
                break
            except TerraformFailed:
                await asyncio.sleep(0.2)
    assert {tuple(change["change"]["actions"]) for change in plan["resource_changes"]} == {("no-op",)}
    assert set(state_objects(aws)) == {STATE_KEY}


AWS_ROOT = """
terraform {
  backend "s3" {}
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
}
provider "aws" {
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
resource "aws_sqs_queue" "this" {
  name = "orders"
}
"""


async def test_a_warm_provider_that_died_is_replaced_by_an_installed_one(remote: Stage) -> None:
    @asynccontextmanager
    async def dead(root: Path, environment: Mapping[str, str]) -> AsyncIterator[Mapping[str, str]]:
        # Terraform kills the process that a reattach value names when its socket does not answer.
        victim = await asyncio.create_subprocess_exec("sleep", "300")
        address = {"Network": "unix", "String": str(root / "no-such.sock")}
        reattach = {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": victim.pid, "Test": True, "Addr": address}
        yield {"TF_REATTACH_PROVIDERS": json.dumps({"registry.terraform.io/hashicorp/aws": reattach})}
        with contextlib.suppress(ProcessLookupError):
            victim.kill()
        await victim.wait()

    async with remote.terraform(warm=dead).workspace(await remote.run(AWS_ROOT)) as workspace:
        plan = await workspace.plan()
    assert [change["change"]["actions"] for change in plan["resource_changes"]] == [["create"]]
    assert len(remote.warnings) == 1
    assert remote.runs == [("init", "ok"), ("plan", "failed"), ("init", "ok"), ("plan", "ok"), ("show", "ok")]
