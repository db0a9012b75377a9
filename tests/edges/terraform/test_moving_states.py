"""Moving a state from one name to another, with the real terraform and its rules."""

import json

import pytest

from reconciler.core.plan.state_file import State, is_copied
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.vocabulary import Reason
from tests.edges.aws_stub import the_stand_in
from tests.edges.conftest import Stage


async def state_of(remote: Stage) -> State:
    async with remote.terraform().workspace(await remote.run(text="v1")) as workspace:
        return State(await workspace.read_state())


async def test_a_state_moves_to_another_name_and_leaves_nothing_to_destroy(remote: Stage) -> None:
    terraform = remote.terraform()
    old, new = await remote.run(name="orders", text="v1"), await remote.run(name="shop", text="v1")
    async with terraform.workspace(old) as before:
        await before.plan()
        await before.apply()
    async with terraform.workspace(old) as before, terraform.workspace(new) as after:
        assert (State(await after.read_state()).is_empty, State(await after.read_state()).lineage) == (True, "")
        state = State(await before.read_state())
        await after.write_state(state.text)
        assert is_copied(state, State(await after.read_state()))
        await before.write_state(state.emptied().text)
    async with terraform.workspace(new) as after:
        plan = await after.plan()
        assert {tuple(change["change"]["actions"]) for change in plan["resource_changes"]} == {("no-op",)}
    async with terraform.workspace(old) as before:
        assert await before.is_empty()
        assert not (await before.plan(destroy=True)).get("resource_changes")
    homes = [remote.root(name=name).parents[1] for name in ("orders", "shop")]
    assert not [path for home in homes for path in (*home.glob("*.tfstate"), *home.glob("pull.out"))]


async def test_a_state_that_changed_since_it_was_read_is_not_emptied(remote: Stage) -> None:
    terraform = remote.terraform()
    for text in ("v1", "v2"):
        async with terraform.workspace(await remote.run(text=text)) as workspace:
            read = State(await workspace.read_state())
            await workspace.plan()
            await workspace.apply()
    assert read.serial < State((await state_of(remote)).text).serial
    async with terraform.workspace(await remote.run(text="v2")) as workspace:
        with pytest.raises(TerraformFailed) as failed:
            await workspace.write_state(read.emptied().text)
    assert failed.value.reason is Reason.STATE_CONFLICT
    assert not (await state_of(remote)).is_empty


async def test_a_state_can_be_written_over_the_empty_state_of_an_earlier_instance(remote: Stage) -> None:
    terraform = remote.terraform()
    old, new = await remote.run(name="orders", text="v1"), await remote.run(name="shop", text="v2")
    for run in (old, new):
        async with terraform.workspace(run) as workspace:
            await workspace.plan()
            await workspace.apply()
    async with terraform.workspace(new) as after:
        await after.plan(destroy=True)
        await after.apply()
    state = await state_of(remote)
    async with terraform.workspace(new) as after:
        await after.write_state(state.text)
        assert State(await after.read_state()).resources == state.resources


async def test_a_locked_state_is_reported_with_the_holder(remote: Stage) -> None:
    lock = {"ID": "5c1f3d1e-0000-4000-8000-000000000001", "Operation": "OperationTypeApply", "Who": "ann@laptop"}
    info = json.dumps({**lock, "Info": "", "Version": "1.11.4", "Created": "2026-01-01T00:00:00Z", "Path": "x"})
    run = await remote.run(text="v1")
    async with remote.terraform().workspace(run) as workspace:
        await workspace.plan()
        await workspace.apply()
        state = State(await workspace.read_state())
        key = "test/develop/orders/terraform.tfstate.tflock"
        the_stand_in().client("s3").put_object(Bucket="states-123456789012", Key=key, Body=info.encode())
        with pytest.raises(TerraformFailed) as failed:
            await workspace.write_state(state.emptied().text)
        assert failed.value.lock is not None
        assert failed.value.lock.who == "ann@laptop"
