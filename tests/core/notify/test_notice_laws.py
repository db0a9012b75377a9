"""Laws of notices, over random lives of an instance."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from desired_state.reading.document import Problem
from reconciler.core.live import LiveService, RolloutState
from reconciler.core.notify import problems
from reconciler.core.notify.notices import Act, of_record, of_source
from reconciler.core.notify.problems import Topic
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.read import read
from reconciler.core.plan.summary import ResourceSummary
from reconciler.core.ports.control import SourceStatus
from reconciler.core.record.consent import Approval
from reconciler.core.record.model import Drift
from reconciler.core.record.runs import Intent
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.advance import advance
from reconciler.core.status.events import (
    Accepted,
    Applied,
    Applying,
    Approved,
    Desired,
    Event,
    Failed,
    FoundInSync,
    Invalid,
    PassHeld,
    Planned,
    PruneConfirmed,
    ReconcileRequested,
    Removed,
    RolloutObserved,
    Waiting,
)
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import IMAGE, NOW, base, instance, new
from tests.core.notify.notice_log import NoticeLog, show, texts

CANARY = "hunter2-canary"
PLAN = read(
    document(change("aws_ssm_parameter.this", ["update"], {"value": CANARY}, {"value": f"new {CANARY}"})),
    Redactor(b"a key for tests"),
)
EMPTY = read(document(), Redactor(b"a key for tests"))
OUTSIDE = (ResourceSummary("aws_ssm_parameter.this", ("update",), {"value": (CANARY, f"other {CANARY}")}),)
INTENT = Intent("pass", "d2", PLAN.digest, False, NOW)
REASONS = sorted(set(Reason) - {Reason.APPLIED, Reason.IN_SYNC})


def live(state: RolloutState) -> RolloutObserved:
    return RolloutObserved(LiveService(IMAGE, IMAGE, state, "td:1", CANARY, 2, 2), timedelta(minutes=15))


EVENTS = st.one_of(
    st.sampled_from(
        [
            Accepted(instance(), "c2"),
            Invalid(CANARY),
            Removed(CANARY),
            Desired("d1", "s1", "c1"),
            Desired("d2", "s2", "c2"),
            Planned(EMPTY, DriftFinding(Sync.IN_SYNC, None, ())),
            Planned(PLAN, DriftFinding(Sync.PENDING, None, ())),
            FoundInSync(base(new()), {"token": CANARY}),
            Waiting(Reason.AWAITING_APPROVAL, CANARY),
            Applying(INTENT, base(new())),
            Applied({"token": CANARY}, IMAGE),
            Applied({}, None),
            *(live(state) for state in RolloutState),
            ReconcileRequested(),
            PruneConfirmed(),
            Approved(Approval(PLAN.digest, "ann", NOW)),
        ]
    ),
    st.builds(Failed, st.sampled_from(REASONS), st.sampled_from([CANARY, f"locked by {CANARY!r} since", ""])),
    st.builds(PassHeld, st.sampled_from(REASONS), st.just(CANARY)),
)
DRIFTS = st.none() | st.builds(
    Drift,
    st.sampled_from([Reason.OUT_OF_BAND_CHANGE, Reason.UNMANAGED_ADDITION]),
    st.just(OUTSIDE),
    st.just(NOW),
    st.sampled_from(["heal", "wait", "report"]),
    st.none() | st.just(NOW),
)
STEPS = st.lists(st.tuples(st.lists(EVENTS, max_size=5), DRIFTS), max_size=12)


def live_through(steps: list[tuple[list[Event], Drift | None]]) -> NoticeLog:
    """Return the log of passes with these events, each of which ends with that drift."""
    log = NoticeLog(new())
    for events, drift in steps:
        for event in events:
            log.now += timedelta(seconds=1)
            log.change_to(advance(log.record, event, now=log.now, retry_limit=3))
        log.change_to(log.record.replace(drift=drift))
        log.end_pass()
    return log


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_after_every_pass_exactly_the_present_incidents_are_open(
    steps: list[tuple[list[Event], Drift | None]],
) -> None:
    log = live_through(steps)
    known = {problem.topic: problem for problem in log.open.values()}
    shown = problems.of_record(log.record)
    assert all(known[topic].said.startswith(problem.said) for topic, problem in shown.items())
    assert all(known[topic].said == shown[topic].said for topic in shown.keys() - {Topic.FAILURE})
    assert all(problems.lingers(topic, log.record) for topic in known.keys() - shown.keys())


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_a_thread_is_opened_once_and_closed_once_and_updated_only_in_between(
    steps: list[tuple[list[Event], Drift | None]],
) -> None:
    log = live_through(steps)
    log.delete()
    assert log.open == {}
    threads: dict[str, bool] = {}
    for notice in log.notices:
        assert threads.get(notice.problem.name, False) == (notice.act is not Act.OPEN)
        threads[notice.problem.name] = notice.act is not Act.CLOSE
    assert not any(threads.values())


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_an_unchanged_record_causes_no_notice(steps: list[tuple[list[Event], Drift | None]]) -> None:
    log = live_through(steps)
    assert of_record(log.record, log.open, now=log.now) == ()
    assert log.change_to(log.record) == ()


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_no_notice_holds_a_value_or_a_message(steps: list[tuple[list[Event], Drift | None]]) -> None:
    log = live_through(steps)
    log.wait(days=2)
    log.delete()
    assert CANARY not in texts(log.notices)


@given(st.text(), st.text())
def test_no_notice_holds_a_message_of_git_or_of_a_manifest(error: str, message: str) -> None:
    status = SourceStatus("c1", NOW, f"{error}{CANARY}", (Problem("a.yaml", 1, 1, f"{message}{CANARY}"),))
    notices = of_source(status, {}, since=NOW, now=NOW + timedelta(hours=1))
    assert len(notices) == 2
    assert CANARY not in texts(map(show, notices))
