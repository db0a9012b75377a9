"""The people behind approvals: an author is refused, and what proves a person is recorded with the approval."""

import dataclasses
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.floor import Floor
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.read import read
from reconciler.core.ports.control import Action, ActionRefused, Approve, ConfirmPrune, Reject, Suspend
from reconciler.core.ports.source import Revision, SourceFailed
from reconciler.core.principal import Principal
from reconciler.core.record.consent import Authorship, Consent
from reconciler.core.record.model import Record
from reconciler.core.status.events import Planned, Removed, Waiting
from reconciler.core.vocabulary import Reason, Sync
from reconciler.engine.control import EngineControl
from reconciler.engine.intake import Intake
from reconciler.engine.world import World
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, NOW, applied, fold
from tests.desired_state.manifests import ROOTS, platform, service, to_yaml
from tests.engine.fakes.world import REDACTOR, FakeController, fake_world

ANN, BOB = Principal("ann", "token"), Principal("bob", "socket", emails=frozenset({"Bob@Example.com"}))
SHARED = [Principal("carl", proof, personal=False) for proof in ("shared-token", "socket")]
COMMIT = Authorship("c" * 40, "Ann Lee", "ann@example.com")
PLAN = read(document(change("a.b", ["update"], {"x": 1}, {"x": 2})), REDACTOR)
WAITS = fold(applied(), Planned(PLAN, DriftFinding(Sync.PENDING, None, ())), Waiting(Reason.AWAITING_APPROVAL, ""))
STRICT = dataclasses.replace(DEVELOP, floor=Floor(author_may_approve=False))


def control_of(record: Record) -> EngineControl:
    """Return the control of an engine with this record, in an environment where authors may not approve."""
    return EngineControl(FakeController(fake_world(record, environments={"develop": STRICT})))


@pytest.mark.parametrize(
    ("record", "action"), [(WAITS, Approve(PLAN.digest)), (fold(applied(), Removed(None)), ConfirmPrune())]
)
async def test_an_author_is_refused_and_a_colleague_is_not(record: Record, action: Action) -> None:
    control = control_of(record.replace(authors=(COMMIT,)))
    by_address = Principal("x17", "oidc", emails=frozenset({"Ann@Example.com"}))
    for who in (ANN, by_address, *SHARED):
        with pytest.raises(ActionRefused, match="nobody approves a change of their own in develop") as refused:
            await control.act(record.key, action, by=who)
        assert refused.value.code == "own_change"
    after = await control.act(record.key, action, by=BOB)
    assert after.prune_confirmed or (after.consents == (Consent("bob", NOW, ("bob", "bob@example.com"), True),))


@pytest.mark.parametrize("action", [Reject(), Suspend()])
async def test_an_author_may_stop_an_own_change(action: Action) -> None:
    await control_of(WAITS.replace(authors=(COMMIT,))).act(WAITS.key, action, by=ANN)


async def test_a_commit_leaves_its_authors_on_what_it_changed() -> None:
    world = fake_world()
    asked: list[tuple[set[str], str | None]] = []

    async def history(paths: Any, since: str | None) -> dict[str, tuple[Authorship, ...]]:
        asked.append((set(paths), since))
        secret = dataclasses.replace(COMMIT, commit="d" * 40, name="AKIAIOSFODNN7EXAMPLE")
        return {"orders.yaml": (COMMIT, secret)} if "orders.yaml" in paths else {}

    files = {"platform.yaml": to_yaml(platform()), "orders.yaml": to_yaml(service("orders"))}
    await accept(world, Revision("c1", NOW, files, ROOTS))
    assert world.records[Key("develop", "orders")].authors is None, "a directory has no authors"
    files |= {"orders.yaml": to_yaml(service("orders", memory=1024))}
    await accept(world, Revision("c2", NOW, files, ROOTS, history=history))
    assert asked == [({"orders.yaml"}, "c1")]
    ann, other = world.records[Key("develop", "orders")].authors or ()
    assert ann == COMMIT
    assert "AKIA" not in other.name, "a name is redacted like every other text"
    assert world.records[Key("develop", "platform")].authors is None
    roots = {path: content + b"\n" for path, content in ROOTS.items()}
    await accept(world, Revision("c3", NOW, files, roots, history=history))
    assert len(asked) == 1, "a root that changed is not the work of a manifest's author"
    await accept(world, Revision("c4", NOW, {"platform.yaml": files["platform.yaml"]}, roots, history=history))
    assert asked[1:] == [({"orders.yaml"}, "c3")]
    assert world.records[Key("develop", "orders")].removed


async def test_a_history_that_cannot_be_read_stops_nothing() -> None:
    async def history(paths: Any, since: str | None) -> dict[str, tuple[Authorship, ...]]:
        raise SourceFailed("git log: timed out")

    world = fake_world()
    await accept(world, Revision("c1", NOW, {"platform.yaml": to_yaml(platform())}, ROOTS, history=history))
    assert set(world.records) == {Key("develop", "platform")}
    assert "authors_unknown" in world.observer.events  # type: ignore[attr-defined]  # of the fake


async def accept(world: World, revision: Revision) -> None:
    """Accept a revision."""
    await Intake(world).accept(revision)
