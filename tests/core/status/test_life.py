"""The life of a record against a simple model: passes with every end, and crashes in between."""

from datetime import datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from reconciler.core.live import LiveService, RolloutState
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.read import read
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Holder, Intent, Running
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.advance import advance
from reconciler.core.status.events import (
    Accepted,
    Applied,
    Applying,
    Attributed,
    Desired,
    Event,
    Failed,
    FoundInSync,
    Invalid,
    LockObserved,
    PassHeld,
    Planned,
    ReconcileRequested,
    Removed,
    Resumed,
    RolloutObserved,
    Starting,
    Suspended,
    Waiting,
)
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import IMAGE, NOW, PLATFORM, SERVICE, base, new
from tests.core.steps import Machine, case

ME = Holder("reconciler@host")
RETRIES = 3
FIRST = new(SERVICE)
GROWN = change("aws_ecs_task_definition.this", ["update"], {"memory": "512"}, {"memory": "1024"})
PLAN, EMPTY = (read(document(*changes), Redactor(b"a key for tests")) for changes in ((GROWN,), ()))
FINDINGS = [
    DriftFinding(Sync.PENDING, None, ()),
    DriftFinding(Sync.DRIFTED, Reason.OUT_OF_BAND_CHANGE, PLAN.changes),
    DriftFinding(Sync.PENDING_AND_DRIFTED, Reason.OUT_OF_BAND_CHANGE, PLAN.changes),
]
IN_SYNC = DriftFinding(Sync.IN_SYNC, None, ())
NOT_OF_APPLY = [Reason.PLAN_FAILED, Reason.INIT_FAILED, Reason.STATE_LOCKED, Reason.LOCK_ORPHANED, Reason.RECOVERING]
BREAKS_OFF = [Reason.INTERRUPTED, Reason.STATE_CONFLICT]
WAITS = [Reason.AWAITING_APPROVAL, Reason.OBSERVED, Reason.OUTSIDE_WINDOW, Reason.POLICY_DENIED, Reason.DRIFT_FIGHT]
HOLDS = [Reason.SUSPENDED, Reason.DEPENDENCY_NOT_READY, Reason.PRUNE_GUARD]


class LifeMachine(Machine):
    """The model: the desired digest, the digest that the state is known to match, and an apply without a known end."""

    def __init__(self) -> None:
        super().__init__()
        self.record: Record = FIRST
        self.instance = FIRST.instance
        self.now: datetime = NOW
        self.desired: str | None = None
        self.matches: str | None = None
        self.open_apply = self.planned = self.applying = self.pass_ended = False
        self.failed = 0

    @initialize(record=st.sampled_from([FIRST, new(PLATFORM)]))
    def the_manifest_is_new(self, record: Record) -> None:
        self.record, self.instance = record, record.instance

    def happens(self, event: Event) -> None:
        before, self.record = self.record, advance(self.record, event, now=self.now, retry_limit=RETRIES)
        for kind, condition in self.record.conditions.items():
            old = before.conditions.get(kind)
            same = old is not None and (old.status, old.reason) == (condition.status, condition.reason)
            assert condition.since == (old.since if old and same else self.now), "a condition keeps its time"

    def pass_ends(self, event: Event) -> None:
        self.happens(event)
        self.planned = self.applying = False
        self.pass_ended = True

    @rule(digest=st.sampled_from("ab"))
    def a_pass_computes_the_desired_digest(self, digest: str) -> None:
        self.happens(Desired(digest, f"source of {digest}", "c1"))
        if digest != self.desired:
            self.desired, self.failed = digest, 0
        self.planned = self.applying = False

    @precondition(lambda self: self.desired)
    @rule(finding=st.sampled_from(FINDINGS))
    def a_pass_plans(self, finding: DriftFinding) -> None:
        self.happens(Starting(Running(ME, self.now)))
        self.happens(Planned(PLAN, finding))
        self.planned, self.applying = True, False

    @precondition(lambda self: self.desired)
    @rule()
    def a_pass_finds_nothing_to_do(self) -> None:
        self.happens(Starting(Running(ME, self.now)))
        self.happens(Planned(EMPTY, IN_SYNC))
        self.pass_ends(FoundInSync(base(self.record), {}))
        self.matches, self.open_apply, self.failed = self.desired, False, 0

    @precondition(lambda self: self.desired)
    @rule(reason=st.sampled_from([*NOT_OF_APPLY, *BREAKS_OFF]))
    def a_pass_fails_before_it_changes_anything(self, reason: Reason) -> None:
        self.happens(Starting(Running(ME, self.now)))
        self.pass_ends(Failed(reason, "no"))
        if reason in {Reason.PLAN_FAILED, Reason.INIT_FAILED, Reason.STATE_CONFLICT}:
            self.failed += 1

    @rule(reason=st.sampled_from(HOLDS))
    def a_pass_is_held(self, reason: Reason) -> None:
        self.pass_ends(PassHeld(reason, "not now"))

    @precondition(lambda self: self.planned)
    @rule(reason=st.sampled_from(WAITS))
    def its_plan_waits(self, reason: Reason) -> None:
        self.pass_ends(Waiting(reason, "not yet"))

    @precondition(lambda self: self.planned)
    @rule(destroys=st.booleans())
    def its_plan_is_applied(self, destroys: bool) -> None:
        intent = Intent("pass", self.desired or "", PLAN.digest, destroys, self.now, ME)
        self.happens(Applying(intent, base(self.record)))
        self.planned, self.applying, self.open_apply, self.matches = False, True, True, None

    @precondition(lambda self: self.applying)
    @rule()
    def the_lock_of_the_apply_is_observed(self) -> None:
        self.happens(LockObserved("lock"))
        assert self.record.intent is not None
        assert self.record.intent.lock_id == "lock"

    @precondition(lambda self: self.applying)
    @rule(image=st.sampled_from([IMAGE, None]))
    def the_apply_succeeds(self, image: str | None) -> None:
        self.pass_ends(Applied({}, image))
        self.matches, self.open_apply, self.failed = self.desired, False, 0

    @precondition(lambda self: self.applying)
    @rule(reason=st.sampled_from([Reason.APPLY_FAILED, *BREAKS_OFF]))
    def the_apply_reports_a_failure(self, reason: Reason) -> None:
        self.pass_ends(Failed(reason, "no", of_apply=True))
        self.open_apply = False
        self.failed += reason != Reason.INTERRUPTED

    @rule()
    def the_daemon_dies(self) -> None:
        """Stop at any point: only the record is left."""
        self.planned = self.applying = False

    @rule(event=st.sampled_from([Invalid("no"), Removed(None), Removed("too many"), Attributed("ann")]))
    def something_else_happens(self, event: Event) -> None:
        self.happens(event)

    @rule()
    def the_manifest_is_read(self) -> None:
        self.happens(Accepted(self.instance, "c2"))

    @rule(suspend=st.none() | st.booleans(), reconcile=st.booleans())
    def an_operator_requests(self, suspend: bool | None, reconcile: bool) -> None:
        if reconcile:
            self.happens(ReconcileRequested())
        if suspend is not None:
            self.happens(Suspended() if suspend else Resumed())
        self.failed = 0 if reconcile else self.failed

    @precondition(lambda self: self.instance.kind == "Service" and self.pass_ended and not self.applying)
    @rule(rollout=st.sampled_from(RolloutState), newest=st.sampled_from([IMAGE, None]))
    def ecs_answers(self, rollout: RolloutState, newest: str | None) -> None:
        live = LiveService(IMAGE, newest, rollout, "td:1", running=2, desired=2)
        self.happens(RolloutObserved(live, timedelta(minutes=15)))

    @rule(minutes=st.integers(1, 600))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @invariant()
    def only_an_apply_or_an_empty_plan_sets_the_applied_digest(self) -> None:
        assert self.record.applied_digest == self.matches

    @invariant()
    def only_a_known_end_clears_the_intent(self) -> None:
        assert (self.record.intent is not None) == self.open_apply

    @invariant()
    def a_headline_exists_once_a_pass_ended(self) -> None:
        assert not self.pass_ended or self.record.reason is not None
        assert self.applying or not self.pass_ended or self.open_apply or self.is_idle()

    def is_idle(self) -> bool:
        return ConditionType.RECONCILING not in self.record.conditions

    @invariant()
    def failures_are_counted_by_desired_digest(self) -> None:
        assert (self.record.failures.count if self.record.failures else 0) == self.failed

    @invariant()
    def conditions_that_exist_only_while_true_are_true(self) -> None:
        for kind in (ConditionType.DRIFTED, ConditionType.RECONCILING, ConditionType.STALLED):
            found = self.record.condition(kind)
            assert found is None or found.status
        assert all(condition.since <= self.now for condition in self.record.conditions.values())


TestLife = case(LifeMachine)
