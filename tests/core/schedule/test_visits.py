"""The order of visits over many passes, against a simple model: no key is lost."""

import random
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from reconciler.core.plan.state_file import StateVersion
from reconciler.core.record.model import Record
from reconciler.core.record.state import StatePlace, StateSeen
from reconciler.core.schedule.next_visit import Pace, next_visit
from reconciler.core.schedule.visits import Schedule
from reconciler.core.status.advance import advance
from reconciler.core.status.events import (
    Desired,
    Event,
    Failed,
    FoundInSync,
    PassHeld,
    ReconcileRequested,
    StateMissed,
    Waiting,
)
from reconciler.core.vocabulary import Reason
from tests.core.instances import SERVICE, applied, base, new, with_policy
from tests.core.steps import Machine, case

START = datetime(2026, 1, 1, tzinfo=UTC)
PACE = Pace()
INTERVAL = timedelta(minutes=10)
TEXT = with_policy(SERVICE, "{interval: 10m}")
WORN_OUT = 3
SOON = {Reason.STATE_LOCKED: PACE.lock_poll, Reason.INTERRUPTED: PACE.lock_poll, Reason.PROGRESSING: PACE.rollout_poll}
SOON |= {Reason.STATE_LOST: PACE.recheck}
SEEN = StateSeen(StatePlace("123456789012", "eu-central-1", "states", "develop/orders"), StateVersion("l1", 1, 1))
FRESH, OLD = new(TEXT), applied(TEXT)
ENDINGS: list[Event] = [
    *(PassHeld(reason, "") for reason in (Reason.SUSPENDED, Reason.DEPENDENCY_NOT_READY, Reason.PRUNE_GUARD)),
    *(Waiting(reason, "") for reason in (Reason.AWAITING_APPROVAL, Reason.OUTSIDE_WINDOW, Reason.DRIFT_FIGHT)),
    *(Failed(reason, "") for reason in (Reason.PLAN_FAILED, Reason.STATE_LOCKED, Reason.INTERRUPTED)),
    StateMissed(SEEN, SEEN, "lost"),
    FoundInSync(base(OLD), {}),
]


class VisitMachine(Machine):
    """The model: the latest time of each key's visit; None for keys that only a request brings back."""

    def __init__(self) -> None:
        super().__init__()
        self.schedule: Schedule[str] = Schedule()
        self.rng = random.Random(0)
        self.now = START
        self.records: dict[str, Record] = {"orders": FRESH, "payments": OLD, "ledger": OLD}
        self.latest: dict[str, datetime | None] = {}
        self.running: set[str] = set()

    @initialize(seed=st.integers(0, 99))
    def the_daemon_starts(self, seed: int) -> None:
        self.rng = random.Random(seed)
        for key in self.records:
            self.request(key, self.now, trigger="start")

    def request(self, key: str, at: datetime, trigger: str, urgency: int = 0) -> None:
        self.schedule.add(key, at, urgency=urgency, trigger=trigger)
        known = self.latest.get(key)
        self.latest[key] = min(at, known) if known else at

    @rule(key=st.sampled_from(["orders", "payments", "ledger"]), urgency=st.integers(1, 3))
    def a_commit_or_an_operator_requests_a_visit(self, key: str, urgency: int) -> None:
        self.request(key, self.now, trigger="git", urgency=urgency)

    @rule(key=st.sampled_from(["orders", "payments", "ledger"]), digest=st.sampled_from("ab"))
    def the_desired_digest_changes(self, key: str, digest: str) -> None:
        self.records[key] = advance(self.records[key], Desired(digest, "s", "c"), now=self.now)

    @rule(seconds=st.integers(1, 400))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def a_worker_takes_a_due_visit(self) -> None:
        due = [key for key, at in self.latest.items() if at and at <= self.now and key not in self.running]
        taken = self.schedule.take(self.now)
        assert (taken is None) == (not due)
        if taken:
            key, _ = taken
            assert key in due
            self.running.add(key)
            self.latest[key] = None

    @precondition(lambda self: self.running)
    @rule(ending=st.sampled_from(ENDINGS), data=st.data())
    def its_visit_ends(self, ending: Event, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.running)))
        record = advance(self.records[key], ending, now=self.now, retry_limit=WORN_OUT)
        self.records[key] = record
        self.running.remove(key)
        self.schedule.done(key)
        at = next_visit(record, PACE, now=self.now, rng=self.rng)
        assert (at is None) == (record.reason == Reason.SUSPENDED), "only a request brings back a suspended instance"
        if at:
            self.is_in_time(record, at - self.now)
            self.request(key, at, trigger="interval")

    def is_in_time(self, record: Record, wait: timedelta) -> None:
        """Check that the next visit is not at once, which would be a loop, and no later than its reason allows."""
        assert timedelta(seconds=13) <= wait <= max(INTERVAL, PACE.retry_cap)
        if record.reason in SOON:
            assert wait <= SOON[record.reason]
        elif record.reason == Reason.PLAN_FAILED and record.failures:
            count = record.failures.count
            full = min(PACE.retry_base * 2 ** (count - 1), PACE.retry_cap)
            if count >= WORN_OUT:
                assert wait >= INTERVAL * 0.9, "after too many failures it is tried at its interval"
            else:
                assert full / 2 <= wait <= full
        elif not record.failures:
            assert wait <= INTERVAL

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def an_operator_requests_a_visit_during_one(self, data: st.DataObject) -> None:
        """Request a visit, which is not lost when the running one ends."""
        key = data.draw(st.sampled_from(sorted(self.running)))
        self.records[key] = advance(self.records[key], ReconcileRequested(), now=self.now)
        self.request(key, self.now, trigger="request", urgency=3)

    @invariant()
    def no_key_is_lost(self) -> None:
        wanted = {key: at for key, at in self.latest.items() if at}
        assert self.schedule.depth == len(wanted)
        startable = [at for key, at in wanted.items() if key not in self.running]
        assert self.schedule.next_at() == min(startable, default=None)
        for key in self.latest.keys() - wanted.keys() - self.running:
            assert self.records[key].reason == Reason.SUSPENDED


TestVisits = case(VisitMachine)
