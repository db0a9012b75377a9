"""Decisions on a plan, refusals of decisions that do not fit, and orphans."""

import dataclasses

import pytest

from desired_state.instance import Key
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.plan.state_file import StateVersion
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.control import Action, ActionRefused, Adopt, Approve, Reject, SourceStatus
from reconciler.core.ports.orphans import Orphan, StoredState, unclaimed
from reconciler.core.principal import Principal
from reconciler.core.record.model import Record
from reconciler.core.record.state import KnownState, StatePlace, StateSeen
from reconciler.core.status.events import Planned, Waiting
from reconciler.core.vocabulary import Reason, Sync
from reconciler.engine.control import EngineControl, same_plan
from tests.core.documents import change, document
from tests.core.instances import NOW, applied, fold
from tests.engine.fakes.orphans import FakeStates
from tests.engine.fakes.world import REDACTOR, FakeController, fake_world

ANN = Principal("ann", "socket")
PLAN: Plan = read(document(change("aws_vpc.this", ["create"], None, {"a": 1})), REDACTOR)
ORPHAN = Key("develop", "left")
STATES = {Key("develop", "broken"): 1, ORPHAN: 3, Key("develop", "moved"): 0, Key("develop", "orders"): 1}


def waiting(reason: Reason) -> Record:
    """Return a record whose plan waits for this reason."""
    return fold(applied(), Planned(PLAN, DriftFinding(Sync.PENDING, None, ())), Waiting(reason, ""))


async def act(record: Record, action: Action) -> Record:
    """Carry out the action on the record. Returns the record afterwards."""
    controller = FakeController(fake_world(record))
    after = await EngineControl(controller).act(record.key, action, by=ANN)
    assert controller.asked == [record.key], "it is visited at once"
    return after


async def test_an_approval_names_the_plan_and_the_approver() -> None:
    after = await act(waiting(Reason.AWAITING_APPROVAL), Approve(PLAN.digest))
    assert after.approval is not None
    assert (after.approval.plan_digest, after.approval.by, after.approval.at) == (PLAN.digest, "ann", NOW)


async def test_an_adoption_is_an_approval_of_a_plan_that_imports() -> None:
    known = change("aws_vpc.this", ["no-op"], {"a": 1}, {"a": 1}, importing={"id": "vpc-1"})
    found = read(document(known), REDACTOR)
    pending = fold(
        applied(), Planned(found, DriftFinding(Sync.PENDING, None, ())), Waiting(Reason.AWAITING_APPROVAL, "")
    )
    for action in (Adopt(found.digest), Approve(found.digest)):
        after = await act(pending, action)
        assert after.approval is not None
        assert after.approval.plan_digest == found.digest
    with pytest.raises(ActionRefused, match="the plan of develop/orders changed"):
        await act(pending, Adopt("sha256:old"))


async def test_a_plan_that_imports_nothing_or_changes_more_cannot_be_adopted() -> None:
    with pytest.raises(ActionRefused, match="adopts nothing"):
        await act(waiting(Reason.AWAITING_APPROVAL), Adopt(PLAN.digest))
    with pytest.raises(ActionRefused, match="would change more than an adoption"):
        await act(waiting(Reason.ADOPTION_REFUSED), Adopt(PLAN.digest))


async def test_a_plan_that_does_not_wait_cannot_be_approved_or_rejected() -> None:
    for action in (Approve(PLAN.digest), Reject(PLAN.digest)):
        with pytest.raises(ActionRefused):
            await act(waiting(Reason.OBSERVED), action)


async def test_a_decision_on_another_digest_is_refused() -> None:
    for action in (Approve("sha256:old"), Adopt("sha256:old"), Reject("sha256:old"), Approve("")):
        with pytest.raises(ActionRefused) as refused:
            same_plan(waiting(Reason.AWAITING_APPROVAL), action.digest)
        assert (refused.value.code, refused.value.current) == ("plan_moved", PLAN.digest)
    for decision in (Approve("sha256:old"), Reject("sha256:old")):
        with pytest.raises(ActionRefused, match="reconciler diff develop/orders"):
            await act(waiting(Reason.AWAITING_APPROVAL), decision)


async def test_a_decision_without_a_plan_is_refused() -> None:
    for action in (Approve("sha256:old"), Reject(), Reject("sha256:old")):
        with pytest.raises(ActionRefused) as refused:
            await act(applied().replace(plan=None, conditions={}), action)
        assert (refused.value.code, refused.value.current) == ("no_plan", None)


async def test_a_rejection_replaces_an_approval_and_an_approval_a_rejection() -> None:
    approved = await act(waiting(Reason.AWAITING_APPROVAL), Approve(PLAN.digest))
    rejected = await act(approved, Reject())
    assert rejected.approval is None
    assert rejected.rejection is not None
    assert rejected.rejection.by == "ann"
    refused = fold(rejected, Waiting(Reason.REJECTED, ""))
    assert (await act(refused, Approve(PLAN.digest))).rejection is None


async def test_an_orphan_has_resources_and_neither_a_record_nor_a_manifest() -> None:
    states = FakeStates(STATES)
    controller = FakeController(fake_world(applied(), states=states))
    controller.source_status = SourceStatus("c1", NOW, None, ())
    controller.declared = frozenset({"broken"})
    control = EngineControl(controller)
    for environment in (None, "develop"):
        (orphan,) = await control.orphans(environment)
        assert (orphan.state.key, orphan.resources) == (ORPHAN, 3)
    assert set(states.measured) == {ORPHAN, Key("develop", "moved")}, "no other state is read"
    with pytest.raises(KeyError):
        await control.orphans("prod")


def test_a_changed_prefix_leaves_orphans_behind_once_the_instance_has_another_state() -> None:
    record = applied()
    left, others = (
        StoredState(key, "states", f"old/{key}/terraform.tfstate", NOW, True) for key in (record.key, ORPHAN)
    )
    place = StatePlace("123456789012", "eu-central-1", left.bucket, left.object)
    lost = record.replace(state=KnownState(StateSeen(place, StateVersion("l1", 7, 3))))
    moved = lost.replace(
        state=KnownState(StateSeen(dataclasses.replace(place, object="new"), StateVersion("l2", 1, 3)))
    )
    assert unclaimed([left, others], {record.key: lost}, ()) == (), "it is still the known state, or of others"
    assert unclaimed([left, others], {record.key: moved}, ()) == (left,)
    assert unclaimed([left, others], {record.key: record}, ()) == (left,), "an earlier version knew no place"


async def test_a_state_below_another_prefix_that_may_not_be_read_is_shown_without_a_count() -> None:
    left = StoredState(applied().key, "states", "old/develop/orders/terraform.tfstate", NOW, elsewhere=True)
    states = FakeStates(readable=False, elsewhere=[left])
    controller = FakeController(fake_world(applied(), states=states))
    controller.source_status = SourceStatus("c1", NOW, None, ())
    assert await EngineControl(controller).orphans(None) == [Orphan(left, None)]
    states.resources = STATES
    with pytest.raises(LiveUnavailable):
        await EngineControl(controller).orphans(None)


async def test_orphans_are_unknown_before_the_first_commit_was_read() -> None:
    controller = FakeController(fake_world(states=FakeStates(STATES)))
    with pytest.raises(ActionRefused, match="not read yet"):
        await EngineControl(controller).orphans(None)
