"""Requests by their action: the record afterwards, the log, whether the instance is visited, and the refusals."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.read import read
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.core.ports.control import (
    ACTIONS,
    Action,
    ActionRefused,
    Adopt,
    Approve,
    ConfirmPrune,
    Reconcile,
    Reject,
    Resume,
    SourceStatus,
    Suspend,
    Unlock,
)
from reconciler.core.ports.terraform import LockInfo
from reconciler.core.principal import Principal
from reconciler.core.record.consent import WindowOverride
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Pass, Record
from reconciler.core.record.runs import Move
from reconciler.core.status.events import PassHeld, Planned, Removed, Suspended, Waiting
from reconciler.core.views import api
from reconciler.core.vocabulary import Reason, Sync
from reconciler.engine.control import EngineControl
from reconciler.engine.world import World
from tests.core.documents import change, document
from tests.core.instances import NOW, SERVICE, applied, fold, with_policy
from tests.engine.fakes.observer import FakeObserver
from tests.engine.fakes.store import FakeStore
from tests.engine.fakes.terraform import FakeLocks
from tests.engine.fakes.world import REDACTOR, FakeController, fake_world

ANN = Principal("ann", "socket")
SECRET = "AKIAIOSFODNN7EXAMPLE"
SUSPENDED_IN_GIT = applied(with_policy(SERVICE, "{suspend: true}"))
WINDOWED = applied(with_policy(SERVICE, '{windows: [{days: [sun], from: "10:00", to: "11:00", timezone: Etc/UTC}]}'))
IMPORTS = document(change("aws_vpc.this", ["no-op"], {"a": 1}, {"a": 1}, importing={"id": "vpc-1"}))
PLAN = read(IMPORTS, REDACTOR)
WAITS = fold(applied(), Planned(PLAN, DriftFinding(Sync.PENDING, None, ())), Waiting(Reason.AWAITING_APPROVAL, ""))
LOCKED = fold(applied(), PassHeld(Reason.STATE_LOCKED, "locked"))
GONE = fold(applied(), Removed(None))
LOCK = LockInfo("lock-1", "jane@laptop", "OperationTypeApply", "2026-11-25 01:00:00 UTC")


class Requests:
    """The control of an engine with these records, its log, and the visits that it asked for."""

    def __init__(self, *records: Record) -> None:
        self.observer, self.store = FakeObserver(), FakeStore()
        world = fake_world(*records, observer=self.observer, store=self.store)
        self.locks = FakeLocks({record.key: LOCK for record in records})
        self.controller = QueueingController(dataclasses.replace(world, locks=self.locks))
        self.control = EngineControl(self.controller)

    @property
    def visits(self) -> list[tuple[Key, str]]:
        """Return key and trigger of each visit that was asked for."""
        return self.controller.visits


class QueueingController(FakeController):
    """A controller that remembers triggers too, and whose source was read."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.visits: list[tuple[Key, str]] = []
        self.source_status = SourceStatus("c1", NOW, None, ())

    def ask(self, key: Key, *, trigger: str, urgency: int | None = None) -> None:
        self.visits.append((key, trigger))


REQUESTS: dict[str, tuple[Action, Record, Mapping[str, Any]]] = {
    "reconcile": (Reconcile(), applied(), {"requested_at": NOW, "window_override": None}),
    "suspend": (Suspend(), applied(), {"suspended": True}),
    "resume": (Resume(), fold(applied(), Suspended()), {"suspended": False}),
    "resume what Git suspends too": (Resume(), fold(SUSPENDED_IN_GIT, Suspended()), {"suspended": False}),
    "prune": (ConfirmPrune(), GONE, {"prune_confirmed": True}),
    "unlock": (Unlock("lock-1"), LOCKED, {"unlock": "lock-1"}),
    "unlock a lock that a dead run left": (
        Unlock("lock-1"),
        fold(applied(), PassHeld(Reason.LOCK_ORPHANED, "left")),
        {"unlock": "lock-1"},
    ),
    "unlock without an id": (Unlock(), LOCKED, {"unlock": None, "reason": Reason.STATE_LOCKED}),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_request_is_recorded_logged_and_followed_by_a_visit(name: str) -> None:
    action, record, expected = REQUESTS[name]
    engine = Requests(record)
    after = await engine.control.act(record.key, action, by=ANN)
    assert {field: getattr(after, field) for field in expected} == expected
    assert engine.control.record(record.key) == after
    ((event, told),) = engine.observer.logged
    assert event == "audit"
    assert (told["action"], told["subject"], told["by"]) == (name.split()[0], "develop/orders", "ann")
    assert told["result"] == "accepted"
    assert engine.visits == ([] if isinstance(action, Suspend) else [(record.key, "request")])


async def test_a_lock_that_is_gone_is_not_unlocked() -> None:
    engine = Requests(LOCKED)
    engine.locks.held.clear()
    with pytest.raises(ActionRefused, match="develop/orders is not locked any more; `reconciler reconcile develop/or"):
        await engine.control.act(LOCKED.key, Unlock("lock-1"), by=ANN)
    assert engine.control.record(LOCKED.key) == LOCKED


async def test_a_lock_that_cannot_be_read_is_not_unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(key: Key, environment: Environment) -> LockInfo | None:
        raise LiveUnavailable("the lock of develop/orders cannot be read: AccessDenied")

    engine = Requests(LOCKED)
    monkeypatch.setattr(engine.locks, "read", read)
    with pytest.raises(ActionRefused, match=r"develop/orders stays locked: .*AccessDenied; try again"):
        await engine.control.act(LOCKED.key, Unlock("lock-1"), by=ANN)


async def test_the_lock_of_the_former_name_is_unlocked_during_a_rename() -> None:
    moving = LOCKED.replace(move=Move("shop"))
    engine = Requests(moving)
    engine.locks.held = {Key("develop", "shop"): dataclasses.replace(LOCK, id="lock-3")}
    assert (await engine.control.act(moving.key, Unlock("lock-3"), by=ANN)).unlock == "lock-3"


@pytest.mark.parametrize("action", [Approve(PLAN.digest), Adopt(PLAN.digest), Reject(PLAN.digest)])
async def test_a_decision_has_the_plan_the_principal_and_the_time(action: Action) -> None:
    engine = Requests(WAITS)
    after = await engine.control.act(WAITS.key, action, by=ANN)
    decision = after.rejection if isinstance(action, Reject) else after.approval
    assert decision is not None
    assert (decision.plan_digest, decision.by, decision.at) == (PLAN.digest, "ann", NOW)
    answer = api.detail(after, NOW)
    said = answer["rejection"] if isinstance(action, Reject) else answer["approval"]
    assert said["plan_digest"] == answer["plan"]["digest"] == PLAN.digest
    ((_, told),) = engine.observer.logged
    assert ACTIONS[told["action"]] is type(action)


async def test_a_window_override_has_author_and_reason_and_is_logged_redacted() -> None:
    engine = Requests(WINDOWED)
    after = await engine.control.act(WINDOWED.key, Reconcile(f"use {SECRET}"), by=ANN)
    masked = REDACTOR.text(f"use {SECRET}")
    assert after.window_override == WindowOverride("ann", masked, NOW)
    ((_, told),) = engine.observer.logged
    assert (told["by"], told["reason"], told["options"]) == ("ann", masked, ["override_window"])
    assert SECRET not in str(engine.observer.logged)


REFUSALS: dict[str, tuple[Action, Record, str]] = {
    "no change windows": (Reconcile("now"), applied(), "has no change windows that could be overridden"),
    "suspended in Git alone": (Resume(), SUSPENDED_IN_GIT, "suspended by its manifest (`policy.suspend`); change it"),
    "a manifest that exists": (ConfirmPrune(), applied(), "still has a manifest; remove that first"),
    "no lock": (Unlock("lock-1"), applied(), "does not wait for a state lock"),
    "no lock, without an id": (Unlock(), WAITS, "does not wait for a state lock"),
    "another lock": (Unlock("lock-2"), LOCKED, "has no lock lock-2: its lock is lock-1; nothing was unlocked"),
    "the start of the lock's id": (Unlock("lock-"), LOCKED, "has no lock lock-: its lock is lock-1"),
    "no approval is pending": (Approve("d"), fold(WAITS, Waiting(Reason.FROZEN, "")), "does not wait for approval"),
    "no decision is pending": (
        Reject("d"),
        fold(WAITS, Waiting(Reason.OBSERVED, "")),
        "no plan that waits for a decision",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_a_refusal_has_a_reason_and_changes_nothing(name: str) -> None:
    action, record, words = REFUSALS[name]
    engine = Requests(record)
    with pytest.raises(ActionRefused) as refused:
        await engine.control.act(record.key, action, by=ANN)
    assert str(refused.value).startswith("develop/orders ")
    assert words in str(refused.value)
    assert (refused.value.code, refused.value.current) == ("refused", None)
    assert (engine.control.record(record.key), engine.visits) == (record, [])
    ((_, told),) = engine.observer.logged
    assert (told["by"], told["result"], told["detail"]) == ("ann", "refused", str(refused.value))


@pytest.mark.parametrize("reason", [Reason.AWAITING_APPROVAL, Reason.OUTSIDE_WINDOW, Reason.FROZEN])
async def test_a_plan_can_be_rejected_while_it_waits_for_approval_window_or_freeze(reason: Reason) -> None:
    record = fold(WAITS, Waiting(reason, ""))
    assert (await Requests(record).control.act(record.key, Reject(), by=ANN)).rejection is not None


async def test_an_action_on_an_unknown_instance_is_a_key_error() -> None:
    engine = Requests(applied())
    with pytest.raises(KeyError):
        await engine.control.act(Key("develop", "other"), Reconcile(), by=ANN)
    assert engine.visits == []


async def test_the_control_shows_records_history_source_and_beat() -> None:
    later, record = applied(), applied(SERVICE.replace("name: orders,", "name: billing,"))
    engine = Requests(later, record)
    assert engine.control.records() == [record, later], "by key"
    assert engine.control.record(record.key) == record
    assert engine.control.record(Key("develop", "other")) is None
    passes = [Pass(str(number), record.key, "git", "c1", NOW, NOW, "applied", None, "") for number in range(3)]
    engine.store.passes.extend([*passes, dataclasses.replace(passes[0], key=later.key)])
    assert await engine.control.history(record.key, limit=2) == [passes[2], passes[1]]
    assert engine.control.source() == SourceStatus("c1", NOW, None, ())
    assert engine.control.beat().ready


async def test_a_freeze_and_its_end_are_logged_redacted_and_frozen_instances_are_visited() -> None:
    frozen, other = fold(applied(), Waiting(Reason.FROZEN, "")), applied(SERVICE.replace("orders", "billing"))
    engine = Requests(frozen, other)
    freeze = await engine.control.freeze("develop", by=Principal(SECRET, "token"), reason=f"use {SECRET}")
    assert freeze == Freeze("develop", REDACTOR.text(SECRET), REDACTOR.text(f"use {SECRET}"), NOW)
    ((_, told),) = engine.observer.logged
    assert (told["action"], told["subject"], told["by"], told["reason"]) == (
        "freeze",
        "develop",
        freeze.by,
        freeze.reason,
    )
    assert engine.visits == []
    with pytest.raises(ActionRefused, match=r"^all environments are not frozen: develop is frozen by .*unfreeze"):
        await engine.control.unfreeze(None, by=ANN)
    assert await engine.control.unfreeze("develop", by=ANN) == freeze
    told = engine.observer.logged[-1][1]
    assert (told["action"], told["subject"], told["by"], told["result"]) == ("unfreeze", "develop", "ann", "accepted")
    assert engine.visits == [(frozen.key, "request")]
    with pytest.raises(ActionRefused, match=r"^develop is not frozen: nothing is$"):
        await engine.control.unfreeze("develop", by=ANN)


@pytest.mark.parametrize("lifts", [False, True])
async def test_an_environment_that_is_not_configured_can_be_neither_frozen_nor_unfrozen(lifts: bool) -> None:
    engine = Requests()
    with pytest.raises(KeyError, match="prod"):
        await (
            engine.control.unfreeze("prod", by=ANN) if lifts else engine.control.freeze("prod", by=ANN, reason="peak")
        )
    assert list(engine.control.freezes()) == []
    ((_, told),) = engine.observer.logged
    assert (told["subject"], told["result"], told["detail"]) == ("prod", "refused", "it is not known here")
