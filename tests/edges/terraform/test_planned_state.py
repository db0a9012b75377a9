"""The version of the state that a plan was made from, as the real terraform writes it into the plan file."""

from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from reconciler.core.plan.state_file import State, StateVersion
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.vocabulary import Reason
from reconciler.edges.state.plan_file import stored_state
from tests.edges.conftest import Stage

pytestmark = pytest.mark.aws

BUCKET, STATE_KEY = "states-123456789012", "test/develop/orders/terraform.tfstate"


async def test_a_plan_says_which_version_of_the_state_it_was_made_from(remote: Stage) -> None:
    terraform = remote.terraform()
    for text, resources in (("v1", 0), ("v2", 2)):
        async with terraform.workspace(await remote.run(text=text)) as workspace:
            await workspace.plan()
            planned = await workspace.planned_state()
            assert planned == State(await workspace.read_state()).version
            assert planned.resources == resources
            await workspace.apply()
    async with terraform.workspace(await remote.run(text="v2")) as workspace:
        await workspace.plan(destroy=True)
        assert await workspace.planned_state() == State(await workspace.read_state()).version
        await workspace.apply()
        await workspace.plan(destroy=True)
        emptied = await workspace.planned_state()
        assert (emptied.lineage, emptied.serial > planned.serial, emptied.resources) == (planned.lineage, True, 0)
        (remote.root().parents[1] / "tfplan").write_bytes(b"another format")
        assert await workspace.planned_state() == emptied, "then it is read from the backend"


async def test_an_object_that_is_gone_or_older_than_its_checksum_is_a_lost_state(remote: Stage, aws: StandIn) -> None:
    terraform, s3 = remote.terraform(), aws.client("s3")
    for text in ("v1", "v2"):
        async with terraform.workspace(await remote.run(text=text)) as workspace:
            before = s3.list_objects_v2(Bucket=BUCKET).get("Contents")
            older = before and s3.get_object(Bucket=BUCKET, Key=STATE_KEY)["Body"].read()
            await workspace.plan()
            await workspace.apply()
    s3.put_object(Bucket=BUCKET, Key=STATE_KEY, Body=older)
    async with terraform.workspace(await remote.run(text="v2")) as workspace:
        with pytest.raises(TerraformFailed, match="Restore the last version of the object") as failed:
            await workspace.plan()
        assert failed.value.reason is Reason.STATE_LOST
        with pytest.raises(TerraformFailed, match="does not have the expected content") as failed:
            await workspace.read_state()
        assert failed.value.reason is Reason.STATE_LOST


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + b"\0" * 18, None])
def test_a_plan_file_that_cannot_be_read_says_nothing(tmp_path: Path, content: bytes | None) -> None:
    plan = tmp_path / "tfplan"
    if content is not None:
        plan.write_bytes(content)
    assert stored_state(plan) is None
    assert StateVersion() == State("").version
