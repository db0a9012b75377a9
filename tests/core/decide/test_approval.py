"""Approvals against a simple model: a plan is applied only if its digest was approved and the approval is recent."""

import dataclasses
from datetime import datetime, timedelta

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule

from reconciler.core.decide import verdict
from reconciler.core.decide.consent import own_change
from reconciler.core.decide.verdict import Apply, AwaitApproval, Report, VerdictLimits
from reconciler.core.floor import Floor
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.principal import Principal
from reconciler.core.record.consent import Approval, Authorship, Consent, Rejection
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
    PruneConfirmed,
    ReconcileRequested,
    Rejected,
    Removed,
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


def test_two_people_approve_where_the_floor_wants_two() -> None:
    two = dataclasses.replace(DEVELOP, floor=Floor(mode="approve", approvals=2))

    def decided(record: Record, now: datetime = NOW) -> verdict.Verdict:
        return verdict.verdict(PLANS[0], GIT_MOVED, record, two, image=IMAGE, now=now)

    def approved(record: Record, name: str, *, proven: bool = True, at: datetime = NOW) -> Record:
        approval = Approval(PLANS[0].digest, name, at)
        return advance(record, Approved(approval, Consent(name, at, (name,), proven)), now=at)

    start = advance(applied(APPROVE), Planned(PLANS[0], GIT_MOVED), now=NOW)
    one = approved(start, "ann")
    found = decided(one)
    assert isinstance(found, AwaitApproval)
    assert "approved by ann, and 2 people have to approve" in found.message
    kept = advance(one, verdict.waiting(found), now=NOW)
    assert kept.approval == one.approval, "the first approval waits for the second"
    assert decided(approved(kept, "bob")) == Apply()
    assert decided(approved(approved(kept, "bob"), "ann")) == Apply(), "the order and repetitions do not count"
    assert isinstance(decided(approved(kept, "ann")), AwaitApproval), "one person is one person"
    assert isinstance(decided(approved(kept, "bob", proven=False)), AwaitApproval), "bob may be ann with another name"
    shared = approved(approved(start, "ann", proven=False), "bob", proven=False)
    assert isinstance(decided(shared), AwaitApproval), "two approvals by one shared token are one"
    late = approved(kept, "bob", at=NOW + timedelta(hours=12))
    assert decided(late, NOW + timedelta(hours=13)) == Apply()
    assert isinstance(decided(late, NOW + timedelta(hours=25)), AwaitApproval), "each approval expires on its own"


def test_a_confirmed_prune_needs_two_people_too() -> None:
    gone = advance(advance(applied(APPROVE), Removed(None), now=NOW), PruneConfirmed(), now=NOW)
    for people, outcome in ((1, Apply), (2, AwaitApproval)):
        floor = dataclasses.replace(DEVELOP, floor=Floor(approvals=people))
        assert isinstance(verdict.verdict(PLANS[0], GIT_MOVED, gone, floor, image=None, now=NOW), outcome)


ANNS = Authorship("c" * 40, "Ann Lee", "ann@example.com")
SIGNED = Authorship("d" * 40, "Build", "build@example.com", "Bob Ray <bob@example.com>")


@pytest.mark.parametrize(
    ("authors", "name", "proven", "why"),
    [
        ((ANNS,), "ann", True, "commit cccccccccccc is yours"),
        ((SIGNED, ANNS), "ann", True, "commit cccccccccccc is yours"),
        ((SIGNED,), "bob", True, "commit dddddddddddd is yours"),
        ((ANNS,), "ann", False, "commit cccccccccccc is yours"),
        ((ANNS,), "bob", False, "neither the shared token nor the daemon's own account"),
        (None, "bob", False, "neither the shared token nor the daemon's own account"),
        ((ANNS,), "bob", True, None),
        (None, "bob", True, None),
    ],
)
def test_an_author_approves_no_change_of_their_own(
    authors: tuple[Authorship, ...] | None, name: str, proven: bool, why: str | None
) -> None:
    record = applied(APPROVE).replace(authors=authors)
    by = Principal(name, "token", personal=proven)
    assert own_change(by, record, Floor()) is None, "unless the floor forbids it"
    found = own_change(by, record, Floor(author_may_approve=False))
    assert found is None if why is None else found is not None and why in found


def test_the_authors_of_a_change_add_up_until_it_is_applied() -> None:
    def accepted(record: Record, memory: int, *authors: Authorship) -> Record:
        found = instance(APPROVE.replace("memory: 512", f"memory: {memory}"))
        return advance(record, Accepted(found, "c2", authors=authors), now=NOW)

    both = accepted(accepted(applied(APPROVE), 1024, ANNS), 2048, SIGNED)
    assert both.authors == (ANNS, SIGNED), "one plan has both changes"
    assert accepted(both, 2048).authors == (ANNS, SIGNED)
    source = both.instance.source_digest
    done = both.replace(applied_source=source, desired_source=source, applied_digest="d2", desired_digest="d2")
    assert done.authors == (ANNS, SIGNED), "it stays known who changed what is applied"
    assert accepted(done, 1024, SIGNED).authors == (SIGNED,)
    assert advance(done, Removed(None, authors=(ANNS,)), now=NOW).authors == (ANNS,)


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
