"""The shape of the API's answers. Change a golden file only together with an entry in the changelog."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from desired_state.instance import Key
from reconciler.core.plan.summary import ResourceSummary
from reconciler.core.ports.control import Beat
from reconciler.core.ports.orphans import Orphan, StoredState
from reconciler.core.record.freeze import Freeze
from reconciler.core.record.model import Condition
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.views import api, changes
from reconciler.core.vocabulary import ConditionType, Reason
from tests.web.control import (
    NOON,
    ORDERS,
    PAYMENTS,
    FakeControl,
    awaiting_record,
    finished_pass,
    instances,
    live_record,
)

GOLDEN = Path(__file__).parent / "golden"
BUSY = Beat(
    timedelta(seconds=0.25),
    ready=True,
    stopping=False,
    running={PAYMENTS: timedelta(seconds=3), ORDERS: timedelta(minutes=4)},
    queued=7,
)


def shapes() -> dict[str, Any]:
    """Return one answer of each kind."""
    found = instances()
    return {
        "summary": api.summary(live_record(found[PAYMENTS]), NOON),
        "detail": api.detail(awaiting_record(found[ORDERS]), NOON),
        "pass": api.finished_pass(finished_pass(ORDERS)),
        "source": api.source(FakeControl().status, NOON + timedelta(minutes=1), FakeControl().status.problems),
        "pulse": api.pulse(BUSY),
    }


@pytest.mark.parametrize("name", ["summary", "detail", "pass", "source", "pulse"])
def test_an_answer_keeps_its_shape(name: str) -> None:
    shown = shapes()[name]
    for digest in ("source", "desired_source", "applied_source"):
        if digest in shown.get("digests", {}):  # follows the manifest models, which are free to grow
            assert shown["digests"][digest].startswith("sha256:")
            shown["digests"][digest] = "sha256:…"
    assert shown == json.loads((GOLDEN / f"{name}.json").read_text())


def test_a_record_that_was_never_visited_can_be_shown() -> None:
    record = live_record(instances()[ORDERS]).replace(
        conditions={}, desired_digest=None, applied_digest=None, applied_at=None, checked_at=None, applied_commit=None
    )
    shown = api.detail(record, NOON)
    assert (shown["reason"], shown["ready"], shown["current"], shown["plan"]) == (None, False, False, None)


def test_current_compares_the_content_and_not_the_commit() -> None:
    record = live_record(instances()[ORDERS])
    assert api.is_current(record.replace(accepted_commit="another", applied_commit="older"))
    assert not api.is_current(record.replace(desired_digest="sha256:d2"))
    assert not api.is_current(record.replace(applied_source="sha256:before"))
    assert not api.is_current(record.replace(applied_digest=None, desired_digest=None))
    assert not api.is_current(record.replace(removed=NOON))


def test_a_shortened_value_is_marked() -> None:
    mark = Redactor(b"a key for tests").mark("hunter2")
    shown = changes.resource(ResourceSummary("a.b", ("update",), {"password": (None, mark), "size": (1, 2)}))
    assert {path: value["redacted"] for path, value in shown["attributes"].items()} == {"password": True, "size": False}


def test_values_of_outputs_are_not_shown() -> None:
    record = live_record(instances()[ORDERS]).replace(outputs={"password": "hunter2"})
    shown = api.detail(record, NOON)
    assert shown["outputs"] == ["password"]
    assert "hunter2" not in json.dumps(shown)


def test_a_clock_that_went_back_gives_no_negative_age() -> None:
    ready = Condition(ConditionType.READY, True, Reason.APPLIED, "", NOON)
    record = live_record(instances()[ORDERS]).replace(conditions={ConditionType.READY: ready})
    assert api.summary(record, NOON - timedelta(hours=1))["age_seconds"] == 0


def test_a_freeze_and_an_orphan_are_shown_with_these_names() -> None:
    assert api.freeze(Freeze(None, "ann", "audit", NOON)) == {
        "environment": None,
        "by": "ann",
        "reason": "audit",
        "at": changes.time(NOON),
    }
    stored = StoredState(Key("develop", "left"), "states", "develop/left/terraform.tfstate", NOON)
    assert api.orphan(Orphan(stored, 3)) == {
        "key": "develop/left",
        "environment": "develop",
        "name": "left",
        "resources": 3,
        "bucket": "states",
        "object": "develop/left/terraform.tfstate",
        "modified_at": changes.time(NOON),
    }
