"""The reader of plans over generated documents of Terraform's published format: no crash, right counts, no leak."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings

from reconciler.cli.output import changes
from reconciler.core.notify.problems import of_record
from reconciler.core.plan.model import describe, entries, summarise
from reconciler.core.plan.read import read
from reconciler.core.plan.summary import counts
from reconciler.core.record.codec import dump, load
from reconciler.core.record.model import Drift, Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.conditions import with_condition
from reconciler.core.views import api, drift_report
from reconciler.core.vocabulary import ConditionType, Reason
from tests.core.plan.published import SECRET, documents
from tests.web.control import NOON as NOW
from tests.web.control import ORDERS, instances, live_record

RECORD = live_record(instances()[ORDERS])
REDACTOR = Redactor(b"a key for tests")


def expected(document: Mapping[str, Any]) -> Counter[str]:
    """Count by Terraform's own rules, apart from the code under test."""
    found: Counter[str] = Counter()
    for entry in document["resource_changes"]:
        actions, adopts = entry["change"]["actions"], "importing" in entry["change"]
        if entry["mode"] == "data" or actions == ["read"]:
            continue
        word = "replace" if len(actions) == 2 else {"delete": "destroy"}.get(actions[0], actions[0])
        if word == "no-op":
            word = "import" if adopts else "move" if "previous_address" in entry else ""
        found["import" if adopts and word == "update" else word] += 1
    found["invoke"] = len(document.get("action_invocations", ()))
    found["defer"] = len(document["deferred_changes"]) + len(document.get("deferred_action_invocations", ()))
    del found[""]
    return +found


def renderings(record: Record) -> str:
    """Return every rendering of a record's plan, drift and incidents as one text."""
    shown = api.detail(record, NOW)
    assert shown["plan"]
    report = drift_report.document(record, NOW)
    told = list(of_record(record).values())
    texts = [json.dumps(shown), *changes(shown["plan"]["changes"]), *changes(shown["plan"]["drift"]), repr(told)]
    return "\n".join([*texts, json.dumps(report), drift_report.markdown(report), json.dumps(dump(record))])


def check(document: dict[str, Any]) -> None:
    plan = read(document, REDACTOR)
    told = entries(plan)
    assert Counter(counts(entry.actions for entry in told)) == expected(document)
    assert plan.is_empty == (not told)
    assert bool(plan.partial) == (document.get("errored", False) or not document["complete"])
    record = with_condition(RECORD, NOW, ConditionType.READY, False, Reason.AWAITING_APPROVAL, describe(plan))
    drift = Drift(Reason.OUT_OF_BAND_CHANGE, tuple(one.summary() for one in plan.drift), NOW, "heal", NOW)
    record = record.replace(plan=summarise(plan, drift=plan.drift, now=NOW), drift=drift)
    stored = json.dumps(dump(record))
    assert json.dumps(dump(load(json.loads(stored)))) == stored
    assert SECRET not in renderings(record)
    assert read(document, REDACTOR) == plan
    turned = {**document, "resource_changes": document["resource_changes"][::-1]}
    assert read(turned, REDACTOR).digest == plan.digest


@given(documents())
@settings(max_examples=200)
def test_any_plan_is_read_counted_stored_and_shown_without_secrets(document: dict[str, Any]) -> None:
    check(document)


@pytest.mark.chaos
@given(documents())
@settings(max_examples=2000)
def test_thousands_of_plans_are_read_counted_stored_and_shown_without_secrets(document: dict[str, Any]) -> None:
    check(document)
