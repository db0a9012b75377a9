"""The verdict on a plan."""

import dataclasses
from datetime import timedelta

from reconciler.core.decide import verdict as decide
from reconciler.core.decide.verdict import Apply, AwaitApproval, NothingToDo, Report, Verdict
from reconciler.core.floor import Floor
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan, describe
from reconciler.core.plan.read import read
from reconciler.core.record.consent import Approval, WindowOverride
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Intent
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import (
    Applying,
    Approved,
    Desired,
    OverrideUsed,
    Planned,
    PruneConfirmed,
    ReconcileRequested,
    Removed,
    RolloutObserved,
)
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, IMAGE, NOW, SERVICE, applied, base, fold, new, with_policy

UPDATE = change("aws_ecs_task_definition.this", ["update"], {"memory": "512"}, {"memory": "1024"})
GIT_MOVED = DriftFinding(Sync.PENDING, None, ())
REPLACE = change("aws_lb_target_group.this", ["create", "delete"], {"port": 1}, {"port": 2})


def plan(*changes: dict[str, object], existing: int = 0, **more: object) -> Plan:
    return read(document(*changes, existing=existing) | more, Redactor(b"a key for tests"))


def verdict(found: Plan, record: Record, *, floor: Floor = Floor()) -> Verdict:  # noqa: B008 - a frozen value
    return decide.verdict(found, GIT_MOVED, record, dataclasses.replace(DEVELOP, floor=floor), image=IMAGE, now=NOW)


class TestVerdict:
    def test_an_empty_plan_is_nothing_to_do(self) -> None:
        assert verdict(plan(), applied()) == NothingToDo()

    def test_a_plan_is_empty_when_terraform_says_so(self) -> None:
        moved = change("aws_vpc.b", ["no-op"], {}, {}) | {"previous_address": "aws_vpc.a"}
        assert verdict(plan(moved), applied()) == Apply()
        assert verdict(plan(moved, applyable=True), applied()) == Apply()
        assert verdict(plan(moved, applyable=False), applied()) == NothingToDo()
        assert verdict(plan(applyable=False), applied()) == NothingToDo()

    def test_the_data_sources_of_checks_are_nothing_to_do(self) -> None:
        reads = change("data.aws_vpc.x", ["read"], None, {}) | {"mode": "data"}
        assert verdict(plan(reads, applyable=True), applied()) == NothingToDo()

    def test_something_that_terraform_does_not_name_waits_for_approval(self) -> None:
        found, record = plan(applyable=True), applied()
        assert isinstance(verdict(found, record), AwaitApproval)
        assert verdict(found, fold(record, Approved(Approval(found.digest, "ann", NOW)))) == Apply()

    def test_a_part_of_a_plan_is_never_applied(self) -> None:
        later = {"reason": "absent_prereq", "resource_change": change("aws_eip.x", ["create"], None, {})}
        for more, why in (
            ({"errored": True, "applyable": False}, "Terraform ended this plan with an error"),
            ({"complete": False}, "Terraform leaves changes to a later plan"),
            ({"complete": False, "applyable": False, "deferred_changes": [later]}, "aws_eip.x (what it depends on"),
        ):
            found = plan(UPDATE, **more)
            record = fold(applied(), Approved(Approval(found.digest, "ann", NOW)))
            refused = verdict(found, record)
            assert isinstance(refused, Report)
            assert refused.reason == Reason.PLAN_FAILED
            assert why in refused.message

    def test_auto_applies(self) -> None:
        assert verdict(plan(UPDATE), applied()) == Apply()

    def test_approve_waits_for_exactly_this_plan(self) -> None:
        found, record = plan(UPDATE), applied(with_policy(SERVICE, "{mode: approve}"))
        assert isinstance(verdict(found, record), AwaitApproval)
        approved = fold(record, Approved(Approval(found.digest, "ann", NOW)))
        assert verdict(found, approved) == Apply()
        assert isinstance(verdict(plan(REPLACE), approved), AwaitApproval)

    def test_the_floor_is_the_stricter_of_both(self) -> None:
        assert isinstance(verdict(plan(UPDATE), applied(), floor=Floor(mode="approve")), AwaitApproval)
        observed = verdict(plan(UPDATE), applied(), floor=Floor(mode="observe"))
        assert isinstance(observed, Report)
        assert observed.reason == Reason.OBSERVED

    def test_an_existing_state_without_a_record_waits_for_approval(self) -> None:
        assert isinstance(verdict(plan(UPDATE, existing=5), new()), AwaitApproval)
        assert verdict(plan(UPDATE, existing=0), new()) == Apply()

    def test_a_recovery_destroys_nothing_without_approval(self) -> None:
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

    def test_an_override_opens_the_window_and_nothing_else(self) -> None:
        window = 'windows: [{days: [mon], from: "10:00", to: "17:00", timezone: Etc/UTC}]'
        override = WindowOverride("ann", "a fix for the incident", NOW)
        let = fold(applied(with_policy(SERVICE, f"{{{window}}}")), ReconcileRequested(override))
        assert verdict(plan(UPDATE), let) == Apply()
        assert isinstance(verdict(plan(UPDATE), let, floor=Floor(mode="approve")), AwaitApproval)
        assert isinstance(verdict(plan(UPDATE), let, floor=Floor(mode="observe")), Report)
        used = fold(let, OverrideUsed(override))
        assert isinstance(verdict(plan(UPDATE), used), Report)
        late = dataclasses.replace(override, at=NOW - timedelta(hours=1))
        assert isinstance(verdict(plan(UPDATE), let.replace(window_override=late)), Report)

    def test_a_pass_uses_the_override_that_it_began_with_and_no_later_one(self) -> None:
        first, second = WindowOverride("ann", "one", NOW), WindowOverride("ben", "two", NOW)
        record = fold(applied(), ReconcileRequested(first), ReconcileRequested(second))
        assert fold(record, OverrideUsed(first)).window_override == second
        assert fold(record, ReconcileRequested()).window_override == second

    def test_a_version_that_ecs_rolled_back_is_not_rolled_out_again(self) -> None:
        seen = LiveService(IMAGE, IMAGE, RolloutState.ROLLED_BACK, "td:0", "circuit breaker")
        record = fold(applied(), RolloutObserved(seen, timedelta(minutes=15)))
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
        assert verdict(plan(destroy), fold(removed, PruneConfirmed())) == Apply()


def test_a_plan_is_summarised_in_a_phrase() -> None:
    assert describe(plan(UPDATE, REPLACE)) == "1 to update, 1 to replace"


def test_a_plan_that_is_read_again_keeps_its_approval() -> None:
    found, record = plan(UPDATE), applied(with_policy(SERVICE, "{mode: approve}"))
    approved = fold(record, Approved(Approval(found.digest, "ann", NOW)))
    assert verdict(found, fold(approved, Planned(found, DriftFinding(Sync.PENDING, None, ())))) == Apply()
