"""A job is ready as Git asks, and healthy as its last run says."""

from datetime import timedelta

import pytest

from reconciler.core.live import LastRun
from reconciler.core.record.model import Record
from reconciler.core.status.events import Applied, Desired, FoundInSync, PassHeld, RunObserved
from reconciler.core.vocabulary import ConditionType, Health, Reason
from tests.core.instances import NOW, base, fold, new

JOB = """
apiVersion: reconciler/v1
kind: Job
metadata: {name: report}
spec: {environments: [develop], image: {service: orders, tag: "1"}, cpu: 256, memory: 512}
"""
LATER = NOW + timedelta(hours=1)


def run(*, failed: bool, after: timedelta = timedelta(minutes=1)) -> RunObserved:
    return RunObserved(LastRun(NOW + after, failed, "the run r1 ended with FAILED" if failed else ""))


@pytest.fixture
def job() -> Record:
    return fold(new(JOB), Desired("sha256:d", "sha256:s", "c1"), Applied({}, None))


def shown(record: Record) -> tuple[Health, bool | None, str]:
    ready = record.condition(ConditionType.READY)
    assert ready is not None
    return record.health, ready.status, ready.message


def test_a_failed_run_is_shown_until_the_next_good_one_also_through_plans_that_find_nothing(job: Record) -> None:
    assert shown(job) == (Health.HEALTHY, True, ""), "before its first run"
    failed = fold(job, run(failed=True), now=LATER)
    assert shown(failed) == (Health.DEGRADED, True, "the run r1 ended with FAILED")
    again = fold(failed, FoundInSync(base(failed), {}), now=LATER)
    assert shown(again) == shown(failed)
    assert shown(fold(again, run(failed=False), now=LATER)) == (Health.HEALTHY, True, "")


def test_a_run_from_before_the_last_apply_does_not_count(job: Record) -> None:
    assert shown(fold(job, run(failed=True, after=-timedelta(minutes=1)), now=LATER))[0] is Health.HEALTHY
    fixed = fold(fold(job, run(failed=True), now=LATER), Applied({}, None), now=LATER)
    assert shown(fold(fixed, run(failed=True), now=LATER))[0] is Health.HEALTHY


def test_another_headline_stays_and_an_unknown_run_is_no_failure(job: Record) -> None:
    held = fold(job, PassHeld(Reason.FROZEN, "frozen by ann"))
    assert fold(held, run(failed=True)) == held
    assert shown(fold(job, RunObserved(None)))[0] is Health.HEALTHY
