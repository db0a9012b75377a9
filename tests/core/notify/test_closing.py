"""The words that close a thread, by topic and record."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.notify.closing import of_instance, of_source
from reconciler.core.notify.problems import Open, Topic
from reconciler.core.notify.text import line
from reconciler.core.plan.summary import PlanSummary
from reconciler.core.record.consent import Approval, Rejection
from reconciler.core.status.conditions import ready
from reconciler.core.vocabulary import Health, Reason, Sync
from tests.core.instances import NOW, applied

RUNNING = ready(applied(), NOW, True, Reason.IN_SYNC, "").replace(health=Health.HEALTHY, sync=Sync.IN_SYNC)
LATER = NOW + timedelta(minutes=3)


def known(topic: Topic, detail: str = "p1") -> Open:
    """Return an incident that was opened while `RUNNING` was the record."""
    at, source = RUNNING.applied_at, RUNNING.applied_source
    return Open(topic, RUNNING.key, NOW, detail, line("title"), applied_at=at, applied_source=source)


def plan(digest: str) -> PlanSummary:
    return PlanSummary(digest, (), (), NOW)


APPROVED = {"approval": Approval("p1", "ann", NOW)}
REJECTED = {"rejection": Rejection("p1", "bob", NOW)}
ENDINGS: dict[str, tuple[Topic, dict[str, Any], str]] = {
    "approved": (Topic.APPROVAL, {**APPROVED, "plan": plan("p1")}, "approved by ann"),
    "approved, and planned again since": (Topic.APPROVAL, {**APPROVED, "plan": plan("p2")}, "approved by ann"),
    "rejected": (Topic.APPROVAL, {**REJECTED, "plan": plan("p1")}, "rejected by bob"),
    "another plan": (Topic.APPROVAL, {"plan": plan("p2")}, "superseded"),
    "another plan was approved": (
        Topic.APPROVAL,
        {"approval": Approval("p2", "ann", NOW), "plan": plan("p2")},
        "superseded",
    ),
    "another plan was rejected": (
        Topic.APPROVAL,
        {"rejection": Rejection("p2", "ann", NOW), "plan": plan("p2")},
        "superseded",
    ),
    "approval no longer needed": (Topic.APPROVAL, {"plan": plan("p1")}, "no longer waiting (InSync)"),
    "no plan at all": (Topic.APPROVAL, {"plan": None}, "no longer waiting (InSync)"),
    "the manifest came back": (Topic.PRUNE, {"removed": None}, "manifest is back"),
    "the removal was confirmed": (Topic.PRUNE, {"removed": NOW}, "removal was confirmed"),
    "the lock went": (Topic.LOCK, {}, "lock is gone"),
    "repaired": (Topic.DRIFT, {"applied_at": LATER}, "the state in Git was applied again"),
    "repaired by a commit": (
        Topic.DRIFT,
        {"applied_at": LATER, "desired_source": "new", "desired_commit": "0123456789abcdef"},
        "commit 0123456789ab was applied",
    ),
    "accepted in Git": (
        Topic.DRIFT,
        {"desired_source": "new", "desired_commit": "c2"},
        "accepted in Git (commit c2)",
    ),
    "Git moved on, and a change is pending": (
        Topic.DRIFT,
        {"desired_source": "new", "desired_commit": "c2", "sync": Sync.PENDING},
        "Git moved on (commit c2)",
    ),
    "Git moved on, and no pass has read it": (
        Topic.DRIFT,
        {"desired_source": "new", "desired_commit": None, "accepted_commit": "c3", "sync": Sync.PENDING},
        "Git moved on (commit c3)",
    ),
    "gone without an apply": (Topic.DRIFT, {}, "resolved without an apply"),
    "a failure that recovered": (Topic.FAILURE, {}, "recovered (InSync)"),
    "a rollout that recovered": (Topic.ROLLOUT, {}, "recovered (InSync, Healthy)"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_thread_is_closed_with_the_outcome_of_its_incident(name: str) -> None:
    topic, changes, words = ENDINGS[name]
    assert words in of_instance(known(topic), RUNNING.replace(**changes))


@given(st.sampled_from([topic for topic in Topic if topic not in {Topic.SOURCE, Topic.MANIFESTS}]))
def test_law_every_incident_ends_with_its_instance(topic: Topic) -> None:
    assert of_instance(known(topic), None) == "the instance is gone"


@given(st.text(max_size=400), st.booleans())
def test_law_a_name_from_outside_stays_on_its_line_and_hides_no_character(by: str, rejects: bool) -> None:
    record = RUNNING.replace(
        approval=None if rejects else Approval("p1", by, NOW), rejection=Rejection("p1", by, NOW) if rejects else None
    )
    text = of_instance(known(Topic.APPROVAL), record)
    assert not set(text) & set("\n\r\x00\u2028\u202e")
    assert text.startswith("rejected by " if rejects else "approved by ")


def test_an_approval_is_named_before_a_rejection_of_the_same_plan() -> None:
    assert "approved by ann" in of_instance(known(Topic.APPROVAL), RUNNING.replace(**APPROVED, **REJECTED))


@pytest.mark.parametrize(
    ("topic", "words"), [(Topic.SOURCE, "fetched again"), (Topic.MANIFESTS, "the manifests are valid")]
)
def test_an_incident_of_the_source_is_closed(topic: Topic, words: str) -> None:
    assert of_source(replace(known(topic), key=None)) == words
