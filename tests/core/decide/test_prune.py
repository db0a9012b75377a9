"""Prunes against a simple model: an instance is destroyed only if its manifest is gone and no guard stops it."""

import dataclasses
from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from desired_state.instance import Key
from reconciler.core.decide import verdict
from reconciler.core.decide.gate import Proceed, gate
from reconciler.core.decide.verdict import Apply, AwaitApproval, VerdictLimits
from reconciler.core.floor import Floor
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.record.consent import Approval
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.advance import advance
from reconciler.core.status.events import (
    Accepted,
    Approved,
    Event,
    Planned,
    PruneConfirmed,
    Removed,
    Resumed,
    Suspended,
    Waiting,
)
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, NOW, PLATFORM, SERVICE, applied, instance, with_policy
from tests.core.steps import Machine, case

EXPIRY = timedelta(hours=24)
PRUNING = DriftFinding(Sync.PENDING, None, ())
SERVED = change("aws_ecs_service.this", ["delete"], {"name": "orders"})
IMAGES = change("aws_ecr_repository.this", ["delete"], {"name": "orders", "force_delete": False})
PLANS = [read(document(*changes), Redactor(b"a key for tests")) for changes in ((SERVED,), (SERVED, IMAGES))]
POLICIES = ("{}", "{prune: false}", "{mode: approve}", "{mode: observe}")
LIVE = {text: applied(text) for kind in (SERVICE, PLATFORM) for text in (with_policy(kind, one) for one in POLICIES)}
GUARD = "3 of 4 instances were removed in one commit, more than 20 %"


class PruneMachine(Machine):
    """The model: whether the manifest exists, what stops its prune, and what was confirmed or approved."""

    def __init__(self) -> None:
        super().__init__()
        self.manifest, self.record = next(iter(LIVE.items()))
        self.now: datetime = NOW
        self.floor = Floor()
        self.plan = PLANS[0]
        self.gone = self.guarded = self.confirmed = self.suspended = self.needed = self.is_over = False
        self.approved_at: datetime | None = None

    @initialize(manifest=st.sampled_from(sorted(LIVE)), allowed=st.booleans(), plan=st.sampled_from(PLANS))
    def an_instance_lives(self, manifest: str, allowed: bool, plan: Plan) -> None:
        self.manifest, self.record, self.plan, self.floor = manifest, LIVE[manifest], plan, Floor(prune=allowed)

    def happens(self, event: Event) -> None:
        self.record = advance(self.record, event, now=self.now)

    @rule(guarded=st.booleans())
    def a_commit_without_the_manifest(self, guarded: bool) -> None:
        self.happens(Removed(GUARD if guarded else None))
        if not self.gone:
            self.gone, self.guarded, self.confirmed = True, guarded, False

    @rule()
    def a_commit_with_the_manifest(self) -> None:
        self.happens(Accepted(self.record.instance, "c2"))
        self.gone = self.guarded = self.confirmed = False

    @rule()
    def an_operator_confirms(self) -> None:
        """Confirm the prune, also after the manifest came back: then the confirmation has no effect."""
        self.happens(PruneConfirmed())
        self.confirmed = self.gone

    @precondition(lambda self: self.record.reason == Reason.AWAITING_APPROVAL)
    @rule()
    def an_approver_approves_the_destroy(self) -> None:
        self.happens(Approved(Approval(self.plan.digest, "ann", self.now)))
        self.approved_at = self.now

    @rule(suspend=st.booleans())
    def an_operator_suspends_or_resumes(self, suspend: bool) -> None:
        self.happens(Suspended() if suspend else Resumed())
        self.suspended = suspend

    @rule(needed=st.booleans())
    def a_dependant_appears_or_goes(self, needed: bool) -> None:
        self.needed = needed

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @precondition(lambda self: self.gone)
    @rule()
    def a_pass_of_the_removed_instance(self) -> None:
        environment = dataclasses.replace(DEVELOP, floor=self.floor)
        known = {self.record.key: self.record}
        if self.needed:
            other = dataclasses.replace(
                self.record.instance, key=Key("develop", "other"), depends_on=frozenset({self.record.key})
            )
            known[other.key] = self.record.replace(instance=other)
        opened = gate(self.record, known, environment) == Proceed()
        assert opened == self.passes_gate()
        if not opened:
            return
        decided = verdict.verdict(
            self.plan,
            PRUNING,
            self.record,
            environment,
            image=None,
            now=self.now,
            limits=VerdictLimits(approval=EXPIRY),
        )
        assert (decided == Apply()) == self.may_be_destroyed()
        self.happens(Planned(self.plan, PRUNING, verdict.response(decided)))
        if isinstance(decided, AwaitApproval):
            self.happens(Waiting(Reason.AWAITING_APPROVAL, decided.message))
            self.approved_at = None

    def passes_gate(self) -> bool:
        if self.suspended or self.needed or not self.floor.prune:
            return False
        automatic = self.record.instance.kind == "Service" and not self.guarded and "prune: false" not in self.manifest
        return self.confirmed or automatic

    def may_be_destroyed(self) -> bool:
        in_time = self.approved_at is not None and self.now - self.approved_at < EXPIRY
        if "observe" in self.manifest:
            return False
        free = "approve" not in self.manifest and self.plan is PLANS[0]
        return self.confirmed or in_time or free

    @invariant()
    def a_tombstone_exists_while_the_manifest_does_not(self) -> None:
        assert (self.record.removed is not None) == self.gone
        assert (self.record.prune_guard is not None) == self.guarded
        assert self.record.prune_confirmed == self.confirmed
        assert self.record.base is not None, "the base, which a destroy needs, is kept"


TestPrune = case(PruneMachine)


def test_a_confirmation_after_the_manifest_came_back_has_no_effect() -> None:
    approve = with_policy(SERVICE, "{mode: approve}")
    record = advance(applied(approve), Removed(None), now=NOW)
    record = advance(record, Accepted(instance(approve), "c2"), now=NOW)
    record = advance(record, PruneConfirmed(), now=NOW)
    found = verdict.verdict(PLANS[0], PRUNING, record, DEVELOP, image=None, now=NOW)
    assert isinstance(found, AwaitApproval)
