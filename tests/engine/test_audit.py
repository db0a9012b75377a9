"""The audit: every act of a person has an entry, and so has each apply that follows one."""

import dataclasses

import pytest

from desired_state.instance import Key
from reconciler.core.floor import Floor
from reconciler.core.ports.control import ActionRefused, Approve, ConfirmPrune, Reconcile, Suspend
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.record.audit import Cause, of_instance
from reconciler.core.record.consent import Approval, Authorship, Consent
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Intent
from reconciler.core.status.advance import first
from reconciler.core.status.events import Applied, Applying, Removed
from reconciler.core.vocabulary import Reason
from reconciler.engine.passes.reconcile import reconcile
from tests.core.instances import DEVELOP, NOW, SERVICE, applied, fold, instance
from tests.engine.audited import ANN, BEN, Audited
from tests.engine.fake_engine import ORDERS
from tests.engine.fakes.store import FakeStore
from tests.engine.fakes.world import fake_records

SECRET = "AKIAIOSFODNN7EXAMPLE"


async def told(engine: Audited) -> list[tuple[str, str, str, tuple[str, ...]]]:
    """Return action, result, name and the names that are followed of each entry."""
    return [
        (entry.act.action, entry.result, entry.act.by, tuple(cause.by for cause in entry.follows))
        for entry in await engine.entries()
    ]


async def test_an_approval_and_the_apply_after_it_are_kept_after_the_apply_and_a_restart() -> None:
    engine = Audited(FakeStore())
    approved = await engine.approve()
    digest = engine.record.plan and engine.record.plan.digest
    assert (approved.act.proof, approved.act.peer, approved.act.reason) == ("socket", "10.0.0.7", "read it")
    assert (approved.act.digest, approved.act.commit, approved.act.subject) == (digest, "c1", "develop/orders")
    await reconcile(ORDERS, engine.world)
    assert engine.record.approval is None, "the record forgets it"
    after = Audited(engine.store)
    found = await after.entries(of_instance("develop/orders"))
    assert await told(after) == [
        ("approve", "accepted", "ann", ()),
        ("apply", "started", "reconciler", ("ann",)),
        ("apply", "applied", "reconciler", ("ann",)),
    ]
    assert found[-1].follows == (Cause(approved.id, "ann", "socket"),)
    assert (found[-1].act.digest, found[-1].act.proof) == (digest, "daemon")


async def test_a_failed_apply_and_the_next_one_follow_the_same_approval() -> None:
    engine = Audited(FakeStore())
    await engine.approve()
    engine.terraform.failure = TerraformFailed(Reason.APPLY_FAILED, f"no quota\nfor {SECRET}")
    await reconcile(ORDERS, engine.world)
    engine.terraform.failure = None
    await reconcile(ORDERS, engine.world)
    assert [each[:2] for each in await told(engine)] == [
        ("approve", "accepted"),
        ("apply", "started"),
        ("apply", "failed"),
        ("apply", "started"),
        ("apply", "applied"),
    ]
    entries = await engine.entries()
    assert entries[2].detail.startswith("ApplyFailed no quota for")
    assert SECRET not in str(entries)
    assert {entry.follows for entry in entries[1:]} == {(Cause(entries[0].id, "ann", "socket"),)}


async def test_an_apply_that_follows_from_git_alone_is_no_act_of_a_person() -> None:
    engine = Audited(FakeStore(), record=first(instance(SERVICE), "c1"))
    await reconcile(ORDERS, engine.world)
    assert engine.terraform.applies == 1
    assert await engine.entries() == []


async def test_an_act_that_cannot_be_recorded_is_not_done() -> None:
    engine = Audited(FakeStore())
    await engine.approve()
    before, engine.store.audit_fails = engine.record, True
    for request in (
        engine.control.act(ORDERS, Suspend(), by=BEN),
        engine.control.freeze("develop", by=BEN, reason="peak"),
    ):
        with pytest.raises(ActionRefused, match="nothing was done") as refused:
            await request
        assert refused.value.code == "not_recorded"
    assert (engine.record, engine.control.freezes()) == (before, [])
    with pytest.raises(OSError, match="no space left"):
        await reconcile(ORDERS, engine.world)
    assert engine.terraform.applies == 0, "an apply that is not recorded does not begin"
    engine.store.audit_fails = False
    await engine.world.records.audit.flush()
    assert [each[:3] for each in await told(engine)] == [
        ("approve", "accepted", "ann"),
        ("suspend", "refused", "ben"),
        ("freeze", "refused", "ben"),
    ]


async def test_the_end_of_an_apply_is_written_once_the_store_takes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Audited(FakeStore())
    await engine.approve()
    ended = engine.world.records.audit.ended

    async def while_the_store_fails(key: Key, after: Record | None) -> None:
        engine.store.audit_fails = True
        await ended(key, after)
        engine.store.audit_fails = False

    monkeypatch.setattr(engine.world.records.audit, "ended", while_the_store_fails)
    await reconcile(ORDERS, engine.world)
    assert engine.record.reason is not None, "the record has the apply"
    assert [each[1] for each in await told(engine)] == ["accepted", "started"]
    await engine.world.records.audit.flush()
    assert [each[1] for each in await told(engine)] == ["accepted", "started", "applied"]
    assert "audit_crashed" in engine.world.observer.events  # type: ignore[attr-defined]


async def test_an_act_that_fails_after_its_entry_has_a_second_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def save(record: Record) -> None:
        raise OSError("no space left")

    engine = Audited(FakeStore())
    monkeypatch.setattr(engine.store, "save", save)
    with pytest.raises(OSError, match="no space left"):
        await engine.control.act(ORDERS, Suspend(), by=ANN)
    accepted, failed = await engine.entries()
    assert (failed.result, failed.detail, failed.follows[0].id) == ("failed", "OSError: no space left", accepted.id)


async def test_an_apply_whose_daemon_died_has_an_unknown_end_or_the_one_that_is_found() -> None:
    for next_event, expected in ((None, "unknown"), (Applied({}, None), "applied")):
        engine = Audited(FakeStore())
        await engine.approve()
        plan = engine.record.plan
        assert plan is not None
        applying = Applying(Intent("pass", "d", plan.digest, False, NOW), None)
        await engine.world.records.advance(ORDERS, applying)
        after = Audited(engine.store)
        await after.world.records.load()
        if next_event:
            await after.world.records.advance(ORDERS, next_event)
        else:
            again = Applying(Intent("other", "d", "sha256:other", False, NOW), None)
            await after.world.records.advance(ORDERS, again)
        assert [each[1] for each in await told(after)] == ["accepted", "started", expected]


async def test_an_approval_that_an_earlier_version_stored_is_a_cause_without_an_entry() -> None:
    engine = Audited(FakeStore())
    await reconcile(ORDERS, engine.world)
    plan = engine.record.plan
    assert plan is not None
    fake_records(engine.world)[ORDERS] = engine.record.replace(approval=Approval(plan.digest, "eve", NOW))
    await reconcile(ORDERS, engine.world)
    assert (await engine.entries())[-1].follows == (Cause("", "eve", "unknown"),)


async def test_an_apply_that_needs_two_people_follows_the_approvals_of_both() -> None:
    engine = Audited(FakeStore())
    engine.world.environments = {"develop": dataclasses.replace(DEVELOP, floor=Floor(approvals=2))}
    first_one = await engine.approve()
    await reconcile(ORDERS, engine.world)
    assert engine.terraform.applies == 0, "it waits for the second"
    record = engine.record
    assert record.approval is not None
    approve = Approve(record.approval.plan_digest)
    await engine.control.act(ORDERS, approve, by=BEN)
    second = (await engine.entries())[-1]
    await reconcile(ORDERS, engine.world)
    found = (await engine.entries())[-1]
    assert (found.act.action, found.result) == ("apply", "applied")
    assert set(found.follows) == {Cause(first_one.id, "ann", "socket"), Cause(second.id, "ben", "token")}


async def test_an_approver_without_an_entry_is_a_cause_beside_one_who_has_one() -> None:
    engine = Audited(FakeStore())
    approved = await engine.approve()
    people = (Consent("eve", NOW, ("eve",), proven=True), *(engine.record.consents or ()))
    fake_records(engine.world)[ORDERS] = engine.record.replace(consents=people)
    await reconcile(ORDERS, engine.world)
    found = (await engine.entries())[-1].follows
    assert set(found) == {Cause("", "eve", "unknown"), Cause(approved.id, "ann", "socket")}


async def test_a_refused_approval_of_an_own_change_is_kept() -> None:
    engine = Audited(FakeStore())
    engine.world.environments = {"develop": dataclasses.replace(DEVELOP, floor=Floor(author_may_approve=False))}
    fake_records(engine.world)[ORDERS] = engine.record.replace(
        authors=(Authorship("c" * 40, "Ann", "ann@example.com"),)
    )
    with pytest.raises(ActionRefused) as refused:
        await engine.approve()
    assert refused.value.code == "own_change"
    (entry,) = await engine.entries()
    assert (entry.act.action, entry.act.by, entry.result) == ("approve", "ann", "refused")
    assert "nobody approves a change of their own in develop" in entry.detail


async def test_a_confirmed_prune_is_followed_by_its_destroy() -> None:
    gone = fold(applied(), Removed("1 of 1 would go"))
    engine = Audited(FakeStore(), record=gone)
    await engine.control.act(gone.key, ConfirmPrune(), by=ANN)
    destroying = Intent("pass", "d", "sha256:p", True, NOW)
    await engine.world.records.advance(gone.key, Applying(destroying, None))
    await engine.world.records.forget(gone.key)
    *_, started, ended = await engine.entries()
    assert (started.act.options, started.follows[0].by) == (("destroy",), "ann")
    assert (ended.result, ended.detail) == ("applied", "destroyed")


async def test_an_environment_may_ask_every_act_for_a_reason() -> None:
    engine = Audited(FakeStore())
    floor = Floor(reason="required")
    engine.world.environments = {"develop": dataclasses.replace(DEVELOP, floor=floor), "test": DEVELOP}
    control = engine.control
    for request in (control.act(ORDERS, Suspend(), by=ANN), control.unfreeze("develop", by=ANN)):
        with pytest.raises(ActionRefused, match=r"develop.* needs a reason .*: add --reason") as refused:
            await request
        assert refused.value.code == "reason_missing"
    await control.act(ORDERS, Suspend(), by=ANN, reason="an incident")
    await control.freeze(None, by=ANN, reason="an incident")
    with pytest.raises(ActionRefused, match=r"\* needs a reason"):
        await control.unfreeze(None, by=ANN)
    await control.freeze("test", by=ANN, reason="an incident")
    await control.unfreeze("test", by=ANN)
    results = [entry.result for entry in await engine.entries()]
    assert results == ["refused", "refused", "accepted", "accepted", "refused", "accepted", "accepted"]


async def test_a_refused_act_on_an_invented_instance_is_readable() -> None:
    engine = Audited(FakeStore())
    with pytest.raises(KeyError):
        await engine.control.act(Key("develop", "\u202eor\nders" + "x" * 200), Reconcile(), by=ANN)
    (entry,) = await engine.entries()
    assert entry.act.subject.startswith("develop/\\u202eor\\nders")
    assert len(entry.act.subject) <= 120
