"""May we look, and what to do with what we saw."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desired_state.instance import Key
from reconciler.core import decide
from reconciler.core.decide import Apply, AwaitApproval, Gate, Hold, Proceed, Report, Settled, Verdict, gate
from reconciler.core.drift import Finding
from reconciler.core.events import Accepted, Applying, Asked, Desired, Planned, Removed, Seen, Waiting
from reconciler.core.plan import Plan, read
from reconciler.core.ports import Floor, LiveService, RolloutState
from reconciler.core.record import Approval, Intent, Reason, Record, Sync
from reconciler.core.redact import Redactor
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, IMAGE, NOW, PLATFORM, SERVICE, applied, base, fold, instance, new

UPDATE = change("aws_ecs_task_definition.this", ["update"], {"memory": "512"}, {"memory": "1024"})
GIT_MOVED = Finding(Sync.PENDING, None, ())
REPLACE = change("aws_lb_target_group.this", ["create", "delete"], {"port": 1}, {"port": 2})


def plan(*changes: dict[str, object], existing: int = 0) -> Plan:
    return read(document(*changes, existing=existing), Redactor(b"a key for tests"))


def with_policy(text: str, policy: str) -> str:
    return text.replace("  environments: [develop]", f"  environments: [develop]\n  policy: {policy}")


def verdict(found: Plan, record: Record, *, floor: Floor = Floor()) -> Verdict:  # noqa: B008 - a frozen value
    return decide.verdict(found, GIT_MOVED, record, dataclasses.replace(DEVELOP, floor=floor), image=IMAGE, now=NOW)


def asked_of(record: Record, *others: Record, floor: Floor = Floor()) -> Gate:  # noqa: B008 - a frozen value
    records: Mapping[Key, Record] = {other.key: other for other in (record, *others)}
    return gate(record, records, dataclasses.replace(DEVELOP, floor=floor))


def reason_of(found: Gate) -> Reason | None:
    return found.reason if isinstance(found, Hold) else None


class TestGate:
    def test_a_service_waits_for_a_platform_that_was_never_applied(self) -> None:
        assert reason_of(asked_of(new())) == Reason.DEPENDENCY_NOT_READY
        assert reason_of(asked_of(new(), new(PLATFORM))) == Reason.DEPENDENCY_NOT_READY

    def test_an_applied_platform_opens_the_gate(self) -> None:
        assert asked_of(new(commit="c9"), applied(PLATFORM)) == Proceed()

    def test_a_dependency_changed_in_the_same_commit_goes_first(self) -> None:
        changed = fold(applied(PLATFORM), Accepted(instance(PLATFORM, tree_id="sha256:2"), "c9"))
        assert reason_of(asked_of(new(commit="c9"), changed)) == Reason.DEPENDENCY_NOT_READY
        assert asked_of(new(commit="c8"), changed) == Proceed()

    def test_a_platform_that_waits_for_approval_does_not_hold_up_its_services(self) -> None:
        changed = fold(applied(PLATFORM), Accepted(instance(PLATFORM, tree_id="sha256:2"), "c9"))
        waiting = fold(changed, decide_waiting())
        assert asked_of(new(commit="c9"), waiting) == Proceed()

    def test_suspended_by_command_or_manifest(self) -> None:
        platform = applied(PLATFORM)
        assert reason_of(asked_of(fold(new(commit="c9"), Asked(suspend=True)), platform)) == Reason.SUSPENDED
        assert reason_of(asked_of(new(with_policy(SERVICE, "{suspend: true}")), platform)) == Reason.SUSPENDED


class TestPruneGate:
    def test_a_removed_service_may_go(self) -> None:
        assert asked_of(fold(applied(), Removed(None)), applied(PLATFORM)) == Proceed()

    def test_dependants_go_first(self) -> None:
        platform = fold(applied(PLATFORM), Removed(None), Asked(confirm_prune=True))
        assert reason_of(asked_of(platform, applied())) == Reason.DEPENDENCY_NOT_READY
        assert asked_of(platform) == Proceed()

    @pytest.mark.parametrize(
        ("record", "reason"),
        [
            (fold(applied(), Removed("3 of 5")), Reason.PRUNE_GUARD),
            (fold(applied(with_policy(SERVICE, "{prune: false}")), Removed(None)), Reason.PRUNE_GUARD),
            (fold(applied(PLATFORM), Removed(None)), Reason.PRUNE_CONFIRMATION_NEEDED),
        ],
    )
    def test_guards_hold_until_a_person_confirms(self, record: Record, reason: Reason) -> None:
        assert reason_of(asked_of(record)) == reason
        assert asked_of(fold(record, Asked(confirm_prune=True))) == Proceed()

    def test_nobody_confirms_against_the_floor(self) -> None:
        confirmed = fold(applied(), Removed(None), Asked(confirm_prune=True))
        assert reason_of(asked_of(confirmed, floor=Floor(prune=False))) == Reason.PRUNE_GUARD


def decide_waiting() -> Waiting:
    return Waiting(Reason.AWAITING_APPROVAL, "")


class TestVerdict:
    def test_nothing_to_do(self) -> None:
        assert verdict(plan(), applied()) == Settled()

    def test_auto_applies(self) -> None:
        assert verdict(plan(UPDATE), applied()) == Apply()

    def test_approve_waits_for_exactly_this_plan(self) -> None:
        found, record = plan(UPDATE), applied(with_policy(SERVICE, "{mode: approve}"))
        assert isinstance(verdict(found, record), AwaitApproval)
        approved = fold(record, Asked(approval=Approval(found.digest, "ann", NOW)))
        assert verdict(found, approved) == Apply()
        assert isinstance(verdict(plan(REPLACE), approved), AwaitApproval)

    def test_the_floor_is_the_stricter_of_both(self) -> None:
        assert isinstance(verdict(plan(UPDATE), applied(), floor=Floor(mode="approve")), AwaitApproval)
        observed = verdict(plan(UPDATE), applied(), floor=Floor(mode="observe"))
        assert isinstance(observed, Report)
        assert observed.reason == Reason.OBSERVED

    def test_an_existing_state_that_is_not_known_here_waits_for_a_person(self) -> None:
        assert isinstance(verdict(plan(UPDATE, existing=5), new()), AwaitApproval)
        assert verdict(plan(UPDATE, existing=0), new()) == Apply()

    def test_recovery_destroys_nothing_without_a_person(self) -> None:
        record = applied()
        crashed = fold(record, Applying(Intent("p", "d1", "x", False, NOW), base(record)))
        assert isinstance(verdict(plan(REPLACE, existing=5), crashed), AwaitApproval)
        assert verdict(plan(UPDATE, existing=5), crashed) == Apply()

    def test_outside_its_window_a_plan_waits(self) -> None:
        # NOW is a Monday, 09:00 UTC.
        window = '{windows: [{days: [mon], from: "10:00", to: "17:00", timezone: Etc/UTC}]}'
        found = verdict(plan(UPDATE), applied(with_policy(SERVICE, window)))
        assert isinstance(found, Report)
        assert found.reason == Reason.OUTSIDE_WINDOW
        assert verdict(plan(UPDATE), applied(with_policy(SERVICE, window.replace("10:00", "08:00")))) == Apply()

    def test_what_ecs_rolled_back_is_not_rolled_out_again(self) -> None:
        seen = LiveService(IMAGE, IMAGE, RolloutState.ROLLED_BACK, "td:0", "circuit breaker")
        record = fold(applied(), Seen(seen, timedelta(minutes=15)))
        found = verdict(plan(UPDATE), record)
        assert isinstance(found, Report)
        assert found.reason == Reason.ROLLED_BACK
        other_image = decide.verdict(plan(UPDATE), GIT_MOVED, record, DEVELOP, image=f"{IMAGE}-2", now=NOW)
        assert other_image == Apply()
        assert verdict(plan(UPDATE), fold(record, Desired("d2", "s", "c2"))) == Apply()

    def test_a_prune_in_approve_mode_waits_unless_confirmed(self) -> None:
        destroy = change("aws_ecs_service.this", ["delete"], {"name": "orders"}, None)
        removed = fold(applied(with_policy(SERVICE, "{mode: approve}")), Removed(None))
        assert isinstance(verdict(plan(destroy), removed), AwaitApproval)
        assert verdict(plan(destroy), fold(removed, Asked(confirm_prune=True))) == Apply()


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 100))
def test_law_one_removal_is_always_allowed_and_more_only_within_the_limit(removed: int, total: int, limit: int) -> None:
    guarded = decide.prune_guard(removed, total, limit_percent=limit) is not None
    assert guarded == (removed > 1 and removed * 100 > total * limit)


def test_a_plan_in_a_phrase() -> None:
    assert decide.describe(plan(UPDATE, REPLACE)) == "1 to update, 1 to replace"


def test_a_plan_that_was_read_keeps_the_approval_it_was_given() -> None:
    found, record = plan(UPDATE), applied(with_policy(SERVICE, "{mode: approve}"))
    approved = fold(record, Asked(approval=Approval(found.digest, "ann", NOW)))
    assert verdict(found, fold(approved, Planned(found, Finding(Sync.PENDING, None, ())))) == Apply()
