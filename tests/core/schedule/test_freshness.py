"""The question of whether a visit may do without Terraform."""

from datetime import timedelta

import pytest

from reconciler.core.plan.read import read
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.schedule.next_visit import is_fresh
from reconciler.core.status.events import Desired, Event, Planned, Waiting
from reconciler.core.vocabulary import Reason
from tests.core.documents import change, document
from tests.core.instances import NOW, PLATFORM, applied, fold
from tests.core.status.test_drift import finding

LATER = timedelta(seconds=30)


@pytest.mark.parametrize("reason", [Reason.POLICY_DENIED, Reason.AWAITING_APPROVAL, Reason.OUTSIDE_WINDOW])
def test_a_change_that_is_taken_back_in_git_is_planned_at_that_visit(reason: Reason) -> None:
    """Plan although the last plan is seconds old and the wanted digest is applied: that plan was of another digest."""
    record = applied(PLATFORM)
    back = Desired(record.applied_digest or "", record.instance.source_digest, "c3")
    record = fold(record, Desired("d2", "sha256:2", "c2"))
    plan = read(document(change("aws_thing.a", ["update"], {"open": False}, {"open": True})), Redactor(b"key"))
    seen = finding(plan, record, NOW)
    waiting: tuple[Event, ...] = (Planned(plan, seen, "heal"), Waiting(reason, "not yet"))
    record = fold(record, *waiting, back, now=NOW)
    assert record.checked_at == NOW
    assert not is_fresh(record, record.applied_digest or "", now=NOW + LATER)
