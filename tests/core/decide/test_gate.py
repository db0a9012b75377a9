"""The gate at the start of a pass, and the one of a prune."""

import dataclasses
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.instance import Key
from reconciler.core.decide.gate import Gate, Hold, Proceed, gate, prune_guard
from reconciler.core.floor import Floor
from reconciler.core.record.consent import Promoted
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Intent, Move
from reconciler.core.status.events import Accepted, PruneConfirmed, Removed, RenameFinished, Suspended, Waiting
from reconciler.core.vocabulary import Reason
from tests.core.instances import DEVELOP, NOW, PLATFORM, SERVICE, applied, fold, instance, new, with_policy


def gate_of(record: Record, *others: Record, floor: Floor = Floor()) -> Gate:  # noqa: B008 - a frozen value
    records: Mapping[Key, Record] = {other.key: other for other in (record, *others)}
    return gate(record, records, dataclasses.replace(DEVELOP, floor=floor))


def reason_of(found: Gate) -> Reason | None:
    return found.reason if isinstance(found, Hold) else None


class TestGate:
    def test_a_service_waits_for_a_platform_that_was_never_applied(self) -> None:
        assert reason_of(gate_of(new())) == Reason.DEPENDENCY_NOT_READY
        assert reason_of(gate_of(new(), new(PLATFORM))) == Reason.DEPENDENCY_NOT_READY

    def test_an_applied_platform_opens_the_gate(self) -> None:
        assert gate_of(new(commit="c9"), applied(PLATFORM)) == Proceed()

    def test_a_dependency_changed_in_the_same_commit_goes_first(self) -> None:
        changed = fold(applied(PLATFORM), Accepted(instance(PLATFORM, tree_id="sha256:2"), "c9"))
        assert reason_of(gate_of(new(commit="c9"), changed)) == Reason.DEPENDENCY_NOT_READY
        assert gate_of(new(commit="c8"), changed) == Proceed()

    def test_a_platform_that_waits_for_approval_does_not_hold_its_services(self) -> None:
        changed = fold(applied(PLATFORM), Accepted(instance(PLATFORM, tree_id="sha256:2"), "c9"))
        waiting = fold(changed, approval_waits())
        assert gate_of(new(commit="c9"), waiting) == Proceed()

    def test_an_instance_is_suspended_by_command_or_manifest(self) -> None:
        platform = applied(PLATFORM)
        assert reason_of(gate_of(fold(new(commit="c9"), Suspended()), platform)) == Reason.SUSPENDED
        assert reason_of(gate_of(new(with_policy(SERVICE, "{suspend: true}")), platform)) == Reason.SUSPENDED


class TestPruneGate:
    def test_a_removed_service_is_pruned(self) -> None:
        assert gate_of(fold(applied(), Removed(None)), applied(PLATFORM)) == Proceed()

    def test_a_moved_state_whose_former_name_is_declared_again_needs_a_confirmation(self) -> None:
        shop = dataclasses.replace(instance(), key=Key("develop", "shop"), former="orders")
        gone = fold(new().replace(instance=shop), RenameFinished("orders", applied()), Removed(None))
        assert gate_of(gone) == Proceed()
        assert reason_of(gate_of(gone, new())) == Reason.PRUNE_CONFIRMATION_NEEDED
        assert gate_of(fold(gone, PruneConfirmed()), new()) == Proceed()
        assert gate_of(gone, fold(applied(), Removed(None))) == Proceed()

    def test_dependants_are_pruned_first(self) -> None:
        platform = fold(applied(PLATFORM), Removed(None), PruneConfirmed())
        assert reason_of(gate_of(platform, applied())) == Reason.DEPENDENCY_NOT_READY
        assert gate_of(platform) == Proceed()

    @pytest.mark.parametrize(
        ("record", "reason"),
        [
            (fold(applied(), Removed("3 of 5")), Reason.PRUNE_GUARD),
            (fold(applied(with_policy(SERVICE, "{prune: false}")), Removed(None)), Reason.PRUNE_GUARD),
            (fold(applied(PLATFORM), Removed(None)), Reason.PRUNE_CONFIRMATION_NEEDED),
        ],
    )
    def test_a_guard_holds_until_an_operator_confirms(self, record: Record, reason: Reason) -> None:
        assert reason_of(gate_of(record)) == reason
        assert gate_of(fold(record, PruneConfirmed())) == Proceed()

    def test_a_confirmation_does_not_override_the_floor(self) -> None:
        confirmed = fold(applied(), Removed(None), PruneConfirmed())
        assert reason_of(gate_of(confirmed, floor=Floor(prune=False))) == Reason.PRUNE_GUARD


def approval_waits() -> Waiting:
    return Waiting(Reason.AWAITING_APPROVAL, "")


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 100))
def test_law_one_removal_is_always_allowed_and_more_only_within_the_limit(removed: int, total: int, limit: int) -> None:
    guarded = prune_guard(removed, total, limit_percent=limit) is not None
    assert guarded == (removed > 1 and removed * 100 > total * limit)


CHANGED = fold(applied(PLATFORM), Accepted(instance(PLATFORM, tree_id="sha256:2"), "c9"))
GONE = fold(applied(), Removed(None))
CONFIRM = "`reconciler prune --confirm develop/orders` removes it"
HOLDS: dict[str, tuple[Record, tuple[Record, ...], Floor, Reason, str]] = {
    "suspended": (
        fold(new(), Suspended()),
        (),
        Floor(),
        Reason.SUSPENDED,
        "suspended; `reconciler resume` lifts it",
    ),
    "no dependency": (new(), (), Floor(), Reason.DEPENDENCY_NOT_READY, "develop/platform does not exist yet"),
    "a dependency that goes": (
        new(),
        (fold(applied(PLATFORM), Removed(None)),),
        Floor(),
        Reason.DEPENDENCY_NOT_READY,
        "develop/platform is being removed",
    ),
    "a dependency that never was": (
        new(),
        (new(PLATFORM),),
        Floor(),
        Reason.DEPENDENCY_NOT_READY,
        "develop/platform was never applied",
    ),
    "a dependency at work": (
        new(),
        (applied(PLATFORM).replace(intent=Intent("p", "d1", "p1", False, NOW)),),
        Floor(),
        Reason.DEPENDENCY_NOT_READY,
        "develop/platform is being applied",
    ),
    "a dependency that goes first": (
        new(commit="c9"),
        (CHANGED,),
        Floor(),
        Reason.DEPENDENCY_NOT_READY,
        "develop/platform changed in the same commit and goes first",
    ),
    "dependants": (
        fold(applied(PLATFORM), Removed(None)),
        (applied(), applied(SERVICE.replace("name: orders,", "name: billing,"))),
        Floor(),
        Reason.DEPENDENCY_NOT_READY,
        "develop/billing, develop/orders still depend on it: remove these first, or restore its manifest",
    ),
    "a floor": (
        GONE,
        (),
        Floor(prune=False),
        Reason.PRUNE_GUARD,
        "nothing in develop is pruned (`floor.prune` in the configuration)",
    ),
    "a guard": (fold(applied(), Removed("3 of 5")), (), Floor(), Reason.PRUNE_GUARD, f"3 of 5; {CONFIRM}"),
    "a manifest that said no": (
        fold(applied(with_policy(SERVICE, "{prune: false}")), Removed(None)),
        (),
        Floor(),
        Reason.PRUNE_GUARD,
        f"its manifest is gone but said `prune: false`; {CONFIRM}",
    ),
    "a state": (
        fold(applied(PLATFORM), Removed(None)),
        (),
        Floor(),
        Reason.PRUNE_CONFIRMATION_NEEDED,
        "a Platform is removed only after a confirmation; `reconciler prune --confirm develop/platform` removes it",
    ),
    "a former name that is declared again": (
        GONE.replace(move=Move("shop", done=True)),
        (applied(SERVICE.replace("name: orders,", "name: shop,")),),
        Floor(),
        Reason.PRUNE_CONFIRMATION_NEEDED,
        "its former name is declared again: develop/shop waits for the state that is here. Declare this name again,"
        f" or {CONFIRM}",
    ),
}


@pytest.mark.parametrize("name", HOLDS)
def test_a_hold_says_why_and_what_to_do(name: str) -> None:
    record, others, floor, reason, message = HOLDS[name]
    assert gate_of(record, *others, floor=floor) == Hold(reason, message)


def test_a_dependency_that_is_held_back_from_its_tree_holds_no_service_up() -> None:
    held = CHANGED.replace(promoted=Promoted("sha256:1", settled=True, held="waits"))
    assert gate_of(new(commit="c9"), held) == Proceed()
    assert isinstance(gate_of(new(commit="c9"), CHANGED.replace(promoted=Promoted("sha256:1", settled=True))), Hold)


def test_a_guard_counts_the_removals() -> None:
    assert prune_guard(3, 10, limit_percent=20) == "3 of 10 instances were removed in one commit, more than 20 %"
    assert prune_guard(2, 10, limit_percent=20) is None
