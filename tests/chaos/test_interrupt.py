"""Eight applies in one warm provider, one of them interrupted: it stops as plain terraform does, and it alone."""

import asyncio
import contextlib
import json
import signal
import time
from pathlib import Path

import pytest

from reconciler.provider.client import Attachment, WarmProvider
from tests.e2e.daemon import TABLE
from tests.patience import PATIENCE
from tests.provider.conftest import until
from tests.provider.terraform_runs import Terraform

pytestmark = pytest.mark.aws

QUEUE = 'resource "aws_sqs_queue" "this" {{ name = "{name}" }}\n'
NAMES = ("stopped", *"abcdefg")
BUCKET = "states-of-eight"


def backend(name: str) -> str:
    """A state in S3 with both kinds of lock, as the daemon has it."""
    return f"""backend "s3" {{
    bucket = "{BUCKET}"
    key = "{name}.tfstate"
    region = "eu-central-1"
    use_path_style = true
    use_lockfile = true
    dynamodb_table = "{TABLE}"
    skip_credentials_validation = true
    skip_requesting_account_id = true
    skip_metadata_api_check = true
  }}"""


def locks(terraform: Terraform) -> list[str]:
    objects = terraform.standin.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", ())
    rows = terraform.standin.client("dynamodb").scan(TableName=TABLE)["Items"]
    held = [row["LockID"]["S"] for row in rows if "Info" in row and row["LockID"]["S"].startswith(BUCKET)]
    return held + [item["Key"] for item in objects if item["Key"].endswith(".tflock")]


def queue_in_state(terraform: Terraform, name: str) -> list[dict[str, object]]:
    body = terraform.standin.client("s3").get_object(Bucket=BUCKET, Key=f"{name}.tfstate")["Body"].read()
    resources = json.loads(body)["resources"]
    return [instance for found in resources if found["type"] == "aws_sqs_queue" for instance in found["instances"]]


async def test_one_interrupted_apply_of_eight_stops_alone(warm: WarmProvider, terraform: Terraform) -> None:
    location = {"LocationConstraint": terraform.standin.region}
    terraform.standin.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    environment = terraform.environment()
    sides: list[tuple[Path, Attachment]] = []
    async with contextlib.AsyncExitStack() as stack:
        for name in NAMES:
            more = QUEUE if name == "stopped" else ""
            root = terraform.root(name, name=name, more=more, backend=backend(name))
            side = await stack.enter_async_context(
                warm.attach(binary=terraform.binary, environment=environment, workspace=root)
            )
            assert side.warm, side.reason
            await terraform.run(root, environment, side, "init")
            sides.append((root, side))
        # The queue is made, then waited for; the parameters of all are held, so that every apply is under way.
        terraform.standin.inject_fault("sqs", "slow", operation="GetQueueAttributes", times=100, seconds=2 * PATIENCE)
        terraform.standin.inject_fault("ssm", "slow", operation="PutParameter", times=100, seconds=2 * PATIENCE)
        before = terraform.standin.last_request()
        applies = [await terraform.start(root, environment, side, "apply", "-auto-approve") for root, side in sides]
        await until(terraform.asked("GetQueueAttributes", before), "the queue is made and waited for")
        await until(lambda: len(puts(terraform, before)) == len(NAMES), "all eight are writing")
        assert len(locks(terraform)) == 2 * len(NAMES), "all eight are applying"
        began = time.monotonic()
        applies[0].send_signal(signal.SIGINT)
        stopped = await asyncio.wait_for(applies[0].wait(), PATIENCE)
        print(f"the interrupted apply stopped after {time.monotonic() - began:.2f} s")  # noqa: T201 - the measured value
        assert all(process.returncode is None for process in applies[1:]), "the seven were not ended with it"
        assert len(locks(terraform)) == 2 * (len(NAMES) - 1), "its lock, in both places, is released"
        terraform.standin.lift_faults()
        others = [await asyncio.wait_for(process.wait(), PATIENCE) for process in applies[1:]]
    assert (stopped, others) == (1, [0] * 7), [(root / "output").read_text() for root, _ in sides]
    assert [instance.get("status") for instance in queue_in_state(terraform, "stopped")] == ["tainted"]
    assert locks(terraform) == []
    written = terraform.standin.client("ssm").get_parameters(Names=[f"/{name}" for name in NAMES[1:]])["Parameters"]
    assert len(written) == len(NAMES) - 1


def puts(terraform: Terraform, since: int) -> list[object]:
    return [call for call in terraform.standin.requests(since) if call["operation"] == "PutParameter"]
