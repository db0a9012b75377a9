"""Decisions on a plan, and their refusals."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.ports.control import Action, ActionRefused, Adopt, Approve, Reject, SourceStatus
from reconciler.core.ports.orphans import StoredState
from reconciler.core.principal import Principal
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.advance import advance
from reconciler.core.status.events import Event, Planned, Waiting
from reconciler.core.vocabulary import Reason, Sync
from reconciler.engine.control import EngineControl, same_plan
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, NOW, applied, fold

ANN = Principal("ann", "socket")
PLAN: Plan = read(document(change("aws_vpc.this", ["create"], None, {"a": 1})), Redactor(b"a key for tests"))


class Quiet:
    """Nobody listens."""

    def log(self, event: str, **fields: Any) -> None: ...


class Records(dict[Any, Record]):
    """Records, folded as the engine does."""

    async def advance(self, key: Any, event: Event) -> Record:
        self[key] = advance(self[key], event, now=NOW)
        return self[key]


@dataclass
class World:
    """The surroundings of the control."""

    records: Records
    states: Any = None
    environments: Any = field(default_factory=lambda: {"develop": DEVELOP})
    observer: Quiet = field(default_factory=Quiet)

    def now(self) -> Any:
        return NOW


@dataclass
class Controller:
    """Remembers whom it was asked to visit."""

    world: World
    asked: list[Any] = field(default_factory=list)
    source_status: SourceStatus = field(default_factory=lambda: SourceStatus("c1", NOW, None, ()))
    declared: frozenset[str] = frozenset({"broken"})

    def ask(self, key: Any, *, trigger: str) -> None:
        self.asked.append(key)


def standing(reason: Reason) -> Record:
    return fold(applied(), Planned(PLAN, DriftFinding(Sync.PENDING, None, ())), Waiting(reason, ""))


async def act(record: Record, action: Action) -> Record:
    controller = Controller(World(Records({record.key: record})))
    after = await EngineControl(controller).act(record.key, action, by=ANN)  # type: ignore[arg-type]
    assert controller.asked == [record.key], "it is visited at once"
    return after


async def test_an_approval_names_the_plan_and_the_person() -> None:
    after = await act(standing(Reason.AWAITING_APPROVAL), Approve(PLAN.digest))
    assert after.approval is not None
    assert (after.approval.plan_digest, after.approval.by, after.approval.at) == (PLAN.digest, "ann", NOW)


async def test_an_adoption_is_an_approval_of_a_plan_that_imports() -> None:
    known = change("aws_vpc.this", ["no-op"], {"a": 1}, {"a": 1}, importing={"id": "vpc-1"})
    found = read(document(known), Redactor(b"a key for tests"))
    waiting = fold(
        applied(), Planned(found, DriftFinding(Sync.PENDING, None, ())), Waiting(Reason.AWAITING_APPROVAL, "")
    )
    for action in (Adopt(found.digest), Approve(found.digest)):
        after = await act(waiting, action)
        assert after.approval is not None
        assert after.approval.plan_digest == found.digest
    with pytest.raises(ActionRefused, match="the plan of develop/orders changed"):
        await act(waiting, Adopt("sha256:old"))


async def test_what_imports_nothing_or_more_is_not_adopted() -> None:
    with pytest.raises(ActionRefused, match="adopts nothing"):
        await act(standing(Reason.AWAITING_APPROVAL), Adopt(PLAN.digest))
    with pytest.raises(ActionRefused, match="would change more than an adoption"):
        await act(standing(Reason.ADOPTION_REFUSED), Adopt(PLAN.digest))


async def test_what_does_not_wait_cannot_be_approved_nor_rejected() -> None:
    for action in (Approve(PLAN.digest), Reject(PLAN.digest)):
        with pytest.raises(ActionRefused):
            await act(standing(Reason.OBSERVED), action)


async def test_another_digest_than_the_one_that_waits_is_refused() -> None:
    for action in (Approve("sha256:old"), Adopt("sha256:old"), Reject("sha256:old"), Approve("")):
        with pytest.raises(ActionRefused) as refused:
            same_plan(standing(Reason.AWAITING_APPROVAL), action.digest)
        assert (refused.value.code, refused.value.current) == ("plan_moved", PLAN.digest)
    for decision in (Approve("sha256:old"), Reject("sha256:old")):
        with pytest.raises(ActionRefused, match="reconciler diff develop/orders"):
            await act(standing(Reason.AWAITING_APPROVAL), decision)


async def test_without_a_plan_there_is_nothing_to_decide() -> None:
    for action in (Approve("sha256:old"), Reject(), Reject("sha256:old")):
        with pytest.raises(ActionRefused) as refused:
            await act(applied().replace(plan=None, conditions={}), action)
        assert (refused.value.code, refused.value.current) == ("no_plan", None)


async def test_a_rejection_ends_an_approval_and_an_approval_a_rejection() -> None:
    approved = await act(standing(Reason.AWAITING_APPROVAL), Approve(PLAN.digest))
    rejected = await act(approved, Reject())
    assert rejected.approval is None
    assert rejected.rejection is not None
    assert rejected.rejection.by == "ann"
    refused = fold(rejected, Waiting(Reason.REJECTED, ""))
    assert (await act(refused, Approve(PLAN.digest))).rejection is None


class Bucket:
    """The states of one environment: of a known instance, of a broken manifest, of nobody, and an empty one."""

    async def stored(self, environment: Any) -> list[StoredState]:
        names = ("broken", "left", "moved", "orders")
        return [StoredState(Key("develop", name), "states", f"develop/{name}/terraform.tfstate", NOW) for name in names]

    async def size(self, state: StoredState, environment: Any) -> int:
        assert state.key.name in {"left", "moved"}, "nothing else is read"
        return 3 if state.key.name == "left" else 0


async def test_an_orphan_has_resources_and_neither_a_record_nor_a_manifest() -> None:
    record = applied()
    control = EngineControl(Controller(World(Records({record.key: record}), states=Bucket())))  # type: ignore[arg-type]
    for environment in (None, "develop"):
        (orphan,) = await control.orphans(environment)
        assert (str(orphan.state.key), orphan.resources) == ("develop/left", 3)
    with pytest.raises(KeyError):
        await control.orphans("prod")


async def test_before_a_commit_was_read_nobody_knows_what_is_an_orphan() -> None:
    unread = SourceStatus(None, None, None, ())
    controller = Controller(World(Records(), states=Bucket()), source_status=unread)
    with pytest.raises(ActionRefused, match="not read yet"):
        await EngineControl(controller).orphans(None)  # type: ignore[arg-type]
