"""The gate at the start of a pass, and the one of a prune."""

import dataclasses
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.instance import Key
from reconciler.core.decide.gate import Gate, Hold, Proceed, gate, prune_guard
from reconciler.core.environment import Floor
from reconciler.core.record.model import Record
from reconciler.core.status.events import Accepted, PruneConfirmed, Removed, RenameFinished, Suspended, Waiting
from reconciler.core.vocabulary import Reason
from tests.core.instances import DEVELOP, PLATFORM, SERVICE, applied, fold, instance, new, with_policy


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
