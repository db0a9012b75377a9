"""Approvals against a simple model: a plan is applied only if its digest was approved and the approval is recent."""

import dataclasses
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from reconciler.core.decide import verdict
from reconciler.core.decide.verdict import Apply, AwaitApproval, Report, VerdictLimits
from reconciler.core.floor import Floor
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.record.consent import Approval, Rejection
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Intent
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.advance import advance
from reconciler.core.status.events import (
    Accepted,
    Applied,
    Applying,
    Approved,
    Desired,
    Planned,
    ReconcileRequested,
    Rejected,
    Waiting,
)
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, IMAGE, NOW, SERVICE, applied, base, instance
from tests.core.steps import Machine, case

EXPIRY = timedelta(hours=24)
APPROVE = SERVICE.replace("  environments: [develop]", "  environments: [develop]\n  policy: {mode: approve}")
FLOOR = dataclasses.replace(DEVELOP, floor=Floor(mode="approve"))
GIT_MOVED = DriftFinding(Sync.PENDING, None, ())


def plan(size: int) -> Plan:
    grown = change("aws_ecs_task_definition.this", ["update"], {"memory": "512"}, {"memory": str(size)})
    return read(document(grown), Redactor(b"a key for tests"))


PLANS = [plan(size) for size in (1024, 2048, 4096)]


class ApprovalMachine(Machine):
    """The model: the digest that was approved and when, the one that was rejected, and the one that is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.record: Record = applied(APPROVE)
        self.now: datetime = NOW
        self.commits = 0
        self.shown: Plan | None = None
        self.approved: tuple[str, datetime] | None = None
        self.rejected: str | None = None

    def happens(self, event: object) -> None:
        self.record = advance(self.record, event, now=self.now)  # type: ignore[arg-type]  # any event

    @rule(number=st.integers(0, 2))
    def a_pass_makes_this_plan(self, number: int) -> None:
        found = PLANS[number]
        decided = verdict.verdict(
            found, GIT_MOVED, self.record, FLOOR, image=IMAGE, now=self.now, limits=VerdictLimits(approval=EXPIRY)
        )
        in_time = (
            self.approved is not None and self.approved[0] == found.digest and self.now - self.approved[1] < EXPIRY
        )
        assert (decided == Apply()) == in_time, "a plan is applied exactly when it was approved within the expiry"
        if not in_time:
            refused = self.rejected == found.digest
            assert isinstance(decided, Report if refused else AwaitApproval), (
                "a rejected plan does not wait for approval"
            )
        self.happens(Planned(found, GIT_MOVED, verdict.response(decided)))
        self.shown = found
        if decided == Apply():
            self.happens(Applying(Intent("p", "d", found.digest, False, self.now), base(self.record)))
            self.happens(Applied({}, IMAGE))
            self.approved = self.rejected = self.shown = None
            return
        reason, message = (
            (decided.reason, decided.message)
            if isinstance(decided, Report)
            else (Reason.AWAITING_APPROVAL, getattr(decided, "message", ""))
        )
        self.happens(Waiting(reason, message))
        if self.approved and (self.approved[0] != found.digest or reason == Reason.AWAITING_APPROVAL):
            self.approved = None

    @precondition(lambda self: self.shown)
    @rule()
    def an_approver_approves_the_shown_plan(self) -> None:
        assert self.shown
        self.happens(Approved(Approval(self.shown.digest, "ann", self.now)))
        self.approved, self.rejected = (self.shown.digest, self.now), None

    @precondition(lambda self: self.shown)
    @rule()
    def an_approver_rejects_the_shown_plan(self) -> None:
        assert self.shown
        self.happens(Rejected(Rejection(self.shown.digest, "bob", self.now)))
        self.approved, self.rejected = None, self.shown.digest

    @rule()
    def an_unrelated_commit_is_pushed(self) -> None:
        self.commits += 1
        self.happens(Accepted(instance(APPROVE), f"c{self.commits}"))

    @rule()
    def the_desired_state_changes(self) -> None:
        self.commits += 1
        self.happens(Desired(f"d{self.commits}", "s", f"c{self.commits}"))

    @rule()
    def an_operator_requests_a_pass(self) -> None:
        self.happens(ReconcileRequested())

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @invariant()
    def the_record_agrees_with_the_model(self) -> None:
        approval, rejection = self.record.approval, self.record.rejection
        assert (approval and (approval.plan_digest, approval.at)) == self.approved
        assert (rejection and rejection.plan_digest) == self.rejected


TestApproval = case(ApprovalMachine)


def test_a_plan_waits_again_after_its_approval_expired_and_says_so() -> None:
    record = advance(applied(APPROVE), Approved(Approval(PLANS[0].digest, "ann", NOW)), now=NOW)
    late = NOW + EXPIRY
    found = verdict.verdict(PLANS[0], GIT_MOVED, record, DEVELOP, image=IMAGE, now=late)
    assert isinstance(found, AwaitApproval)
    assert "the approval of ann has expired" in found.message


def test_a_manifest_cannot_relax_the_floor_of_its_environment() -> None:
    record = applied(SERVICE.replace("  environments: [develop]", "  environments: [develop]\n  policy: {mode: auto}"))
    found = verdict.verdict(PLANS[0], GIT_MOVED, record, FLOOR, image=IMAGE, now=NOW)
    assert isinstance(found, AwaitApproval)


def test_a_rejection_names_the_approver_and_the_command_that_lifts_it() -> None:
    record = advance(applied(APPROVE), Rejected(Rejection(PLANS[0].digest, "bob", NOW)), now=NOW)
    found = verdict.verdict(PLANS[0], GIT_MOVED, record, DEVELOP, image=IMAGE, now=NOW)
    assert isinstance(found, Report)
    assert found.reason == Reason.REJECTED
    assert "rejected by bob at 2026-03-02 09:00 UTC" in found.message
    assert "reconciler approve develop/orders" in found.message
