"""A state that is not the known one: nothing is made, destroyed or forgotten until an operator decides."""

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.core.plan.state_file import StateVersion
from reconciler.core.ports.control import ActionRefused, AdoptState, Approve, ConfirmPrune, Reconcile
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.record.consent import Approval
from reconciler.core.status.events import Accepted, Approved, Removed
from reconciler.core.vocabulary import Reason, Sync
from reconciler.engine.passes.reconcile import reconcile
from tests.core.instances import DEVELOP, NOW, PLATFORM, instance, with_policy
from tests.engine.fakes.world import fake_records
from tests.engine.lost_states import KEY, OBJECT, Story


def move(story: Story) -> None:
    story.states.prefix = "new/"


def put(*version: Any) -> Callable[[Story], None]:
    return lambda story: story.states.versions.__setitem__(OBJECT, StateVersion(*version))


WAYS: dict[str, tuple[Callable[[Story], None], str]] = {
    "prefix": (move, "object new/develop/platform/terraform.tfstate instead of"),
    "account": (lambda story: story.moved(account="210987654321"), "account 210987654321 instead of 123456789012"),
    "region": (lambda story: story.moved(region="eu-west-1"), "region eu-west-1 instead of eu-central-1"),
    "deleted": (put(), "does not exist, and had 3 resources (lineage l1, serial 6)"),
    "emptied": (put("l1", 7, 0), "is empty"),
    "older": (put("l1", 5, 2), "serial 5 instead of 6"),
    "another": (put("l9", 6, 2), "lineage l9 with 2 resources instead of l1"),
}
every_way = pytest.mark.parametrize(("way", "message"), WAYS.values(), ids=WAYS)


async def wait(story: Story) -> None:
    """Do nothing but wait for the next check."""
    fake_records(story.world)[KEY] = story.record.replace(checked_at=None)


async def push(story: Story) -> None:
    await story.world.records.advance(KEY, Accepted(instance(PLATFORM, needs=(), tree_id="sha256:3"), "c3"))


async def force(story: Story) -> None:
    await story.act(Reconcile())


async def approve(story: Story) -> None:
    """Approve every plan that may come, as an approval of an earlier look would."""
    lost = Story()
    await lost.visit()
    assert lost.record.plan is not None
    await story.world.records.advance(KEY, Approved(Approval(lost.record.plan.digest, "ann", NOW)))


async def prune(story: Story) -> None:
    await story.world.records.advance(KEY, Removed(None))
    await story.act(ConfirmPrune())


@pytest.mark.parametrize("trigger", [wait, push, force, approve, prune])
@every_way
async def test_nothing_is_done_from_a_state_that_is_not_the_known_one(
    way: Callable[[Story], None], message: str, trigger: Callable[[Story], Any]
) -> None:
    story = await Story().begin()
    way(story)
    await trigger(story)
    if trigger is prune and message == "is empty":
        await reconcile(KEY, story.world)
        assert KEY not in story.world.records, "a newer, empty state is what a destroy leaves"
        return
    record = await story.visit()
    ready = record.conditions["Ready"]  # type: ignore[index]
    assert (record.reason, ready.status, record.sync) == (Reason.STATE_LOST, False, Sync.UNKNOWN)
    assert message in ready.message
    assert (story.terraform.applies, record.plan, record.approval, record.running) == (2, None, None, None)
    assert (await story.visit()).reason == Reason.STATE_LOST, "every visit looks again"
    with pytest.raises(ActionRefused):
        await story.act(Approve("sha256:1"))


async def test_a_state_that_terraform_itself_refuses_is_lost_too() -> None:
    story = await Story().begin()
    story.terraform.failure = TerraformFailed(Reason.STATE_LOST, "Restore the last version of the object")
    await wait(story)
    record = await story.visit()
    assert (record.reason, record.sync, record.plan, record.checked_at) == (Reason.STATE_LOST, Sync.UNKNOWN, None, None)
    story.terraform.failure = None
    assert (await story.visit()).reason == Reason.IN_SYNC


@every_way
async def test_what_was_put_back_is_reconciled_as_before(way: Callable[[Story], None], message: str) -> None:
    story = await Story().begin()
    way(story)
    await wait(story)
    assert (await story.visit()).reason == Reason.STATE_LOST
    story.states.prefix = ""
    story.world.environments = {"develop": DEVELOP}
    story.states.versions[OBJECT] = StateVersion("l1", 6, 3)
    record = await story.visit()
    assert (record.reason, record.sync, story.terraform.applies) == (Reason.IN_SYNC, Sync.IN_SYNC, 2)
    assert record.state is not None
    assert record.state.found is None


async def lost(way: str) -> Story:
    """Return the story once it found its state lost in that way."""
    story = await Story().begin()
    WAYS[way][0](story)
    await wait(story)
    assert (await story.visit()).reason == Reason.STATE_LOST
    return story


async def test_a_state_that_was_moved_is_adopted_in_its_new_place() -> None:
    story = await lost("prefix")
    story.states.versions[story.terraform.object] = story.states.versions.pop(OBJECT)
    assert (await story.act(AdoptState())).reason == Reason.PROGRESSING
    record = await story.visit()
    assert (record.reason, story.terraform.applies) == (Reason.IN_SYNC, 2)
    assert record.state is not None
    assert (record.state.seen.place.object, record.state.adopted) == (f"new/{OBJECT}", False)


async def test_a_place_that_was_adopted_before_its_state_was_moved_is_still_not_filled() -> None:
    story = await lost("prefix")
    await story.act(AdoptState())
    record = await story.visit()
    assert (record.reason, story.terraform.applies) == (Reason.STATE_LOST, 2)
    assert "does not exist, and had 3 resources" in record.conditions["Ready"].message  # type: ignore[index]
    with pytest.raises(ActionRefused, match="is empty"):
        await story.act(AdoptState())


@pytest.mark.parametrize("way", ["older", "another"])
async def test_the_first_plan_from_an_adopted_state_waits_for_approval(way: str) -> None:
    story = await lost(way)
    await story.act(AdoptState())
    await story.visit()
    record = await story.visit()
    assert (record.reason, story.terraform.applies) == (Reason.AWAITING_APPROVAL, 2)
    assert record.plan is not None
    await story.act(Approve(record.plan.digest))
    record = await story.visit()
    assert (record.reason, story.terraform.applies) == (Reason.APPLIED, 3)
    assert record.state is not None
    assert not record.state.adopted


@pytest.mark.parametrize("way", ["prefix", "deleted", "emptied"])
async def test_an_instance_is_created_anew_only_when_an_operator_says_so(way: str) -> None:
    story = await lost(way)
    await story.act(Reconcile(from_empty="the account is new"))
    record = story.record
    assert record.state is not None
    assert record.state.from_empty is not None
    assert (record.state.from_empty.by, record.state.from_empty.reason) == ("ann", "the account is new")
    record = await story.visit()
    assert (record.reason, story.terraform.applies) == (Reason.APPLIED, 3)
    assert record.state is not None
    assert (record.state.from_empty, record.state.found) == (None, None)
    assert record.state.seen.version.resources == 3
    story.states.versions.clear()
    await wait(story)
    assert (await story.visit()).reason == Reason.STATE_LOST, "the permission was for once"


async def test_a_state_that_is_not_empty_is_not_created_anew() -> None:
    for way in ("older", "another"):
        story = await lost(way)
        with pytest.raises(ActionRefused, match="not empty"):
            await story.act(Reconcile(from_empty="why"))
    story = await lost("prefix")
    story.states.versions[story.terraform.object] = StateVersion("l7", 1, 2)
    await story.act(Reconcile(from_empty="why"))
    assert ((await story.visit()).reason, story.terraform.applies) == (Reason.STATE_LOST, 2)


async def test_a_known_state_needs_no_decision() -> None:
    story = await Story().begin()
    for action in (AdoptState(), Reconcile(from_empty="why")):
        with pytest.raises(ActionRefused, match="no other state was found"):
            await story.act(action)


async def test_a_removed_instance_without_a_state_is_forgotten_only_when_an_operator_says_so() -> None:
    story = await Story().begin()
    put()(story)
    await prune(story)
    await story.visit()
    await story.act(Reconcile(from_empty="its account is closed"))
    await reconcile(KEY, story.world)
    assert KEY not in story.world.records


async def test_a_record_of_an_earlier_version_takes_the_state_that_it_meets() -> None:
    story = await Story().begin()
    fake_records(story.world)[KEY] = story.record.replace(state=None, checked_at=None)
    record = await story.visit()
    assert record.state is not None
    assert record.state.seen.version == StateVersion("l1", 6, 3)
    fake_records(story.world)[KEY] = record.replace(state=None, checked_at=None)
    put()(story)
    assert (await story.visit()).reason == Reason.STATE_LOST


async def test_a_state_that_cannot_be_read_after_its_apply_is_known_well_enough() -> None:
    story = Story()
    story.states.readable = False
    assert (await story.visit()).reason == Reason.APPLIED
    put()(story)
    await wait(story)
    assert (await story.visit()).reason == Reason.STATE_LOST


async def test_observed_instances_have_a_lost_state_too() -> None:
    story = await Story().begin()
    observing = instance(with_policy(PLATFORM, "{mode: observe}"), needs=(), tree_id="sha256:2")
    await story.world.records.advance(KEY, Accepted(observing, "c3"))
    put()(story)
    await wait(story)
    assert (await story.visit()).reason == Reason.STATE_LOST
