"""Drift reports: the events that write them, and their content."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from reconciler.core.plan.drift import classify
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.record.consent import Approval
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Intent
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.advance import advance
from reconciler.core.status.events import Applied, Applying, Approved, Desired, Event, Planned
from reconciler.core.views import drift_report
from tests.core.documents import change, document
from tests.core.instances import NOW, PLATFORM, applied, base

REDACTOR = Redactor(b"a key for tests")
LATER = NOW + timedelta(minutes=1)
QUIET = read(document(), REDACTOR)
SECRET = "correct horse battery staple"


def retention(days: int = 7) -> Plan:
    before = {"retention_in_days": days, "password": SECRET, "name": "a|b<script>"}
    after = {"retention_in_days": 30, "password": "another", "name": "c"}
    return read(document(change("aws_cloudwatch_log_group.this", ["update"], before, after)), REDACTOR)


class ReportedLife:
    """A record and the reports that its events wrote."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.kept: list[tuple[str, str]] = []

    def check(self, plan: Plan, now: datetime, response: Any = "heal") -> None:
        record = self.record
        found = classify(
            plan,
            applied_digest=record.applied_digest,
            desired_digest=record.desired_digest or "",
            ignore=(),
            rolled_back=False,
            now=now,
        )
        self.happens(Planned(plan, found, response), now)

    def happens(self, event: Event, now: datetime) -> None:
        old, self.record = self.record, advance(self.record, event, now=now)
        self.kept += drift_report.due(old, self.record, event, now)

    def documents(self) -> Iterator[dict[str, Any]]:
        return (json.loads(text) for name, text in self.kept if name.endswith(".json"))

    def page(self) -> str:
        return self.kept[-1][1]


def confirmed() -> ReportedLife:
    life = ReportedLife(applied(PLATFORM))
    life.check(retention(), NOW)
    assert life.kept == [], "the first finding writes no report"
    life.check(retention(), LATER)
    return life


def repair(life: ReportedLife, now: datetime) -> None:
    intent = Intent("pass", life.record.desired_digest or "", "p", False, now)
    life.happens(Applying(intent, base(life.record)), now)
    life.happens(Applied({}, None), now)


def test_confirmed_drift_has_one_document_with_its_resources_times_and_reason() -> None:
    life = confirmed()
    assert [name for name, _ in life.kept] == [
        "develop/platform/2026-03-02T09-00-00Z.json",
        "develop/platform/2026-03-02T09-00-00Z.md",
    ]
    (found,) = life.documents()
    assert (found["state"], found["done"]) == ("open", "it is repaired: the plan that removes it is applied")
    drift = found["drift"]
    assert (drift["since"], drift["confirmed_at"], drift["who"]) == (
        "2026-03-02T09:00:00Z",
        "2026-03-02T09:01:00Z",
        "unknown",
    )
    (resource,) = drift["resources"]
    assert (resource["address"], resource["change"]) == ("aws_cloudwatch_log_group.this", "changed")
    assert resource["attributes"]["retention_in_days"] == {"old": 30, "new": 7, "redacted": False}
    assert resource["attributes"]["password"]["redacted"]
    life.check(retention(), LATER + timedelta(minutes=1))
    assert len(life.kept) == 2, "without news no report is written"


def test_the_page_shows_old_and_new_values_without_secrets_and_markup() -> None:
    page = confirmed().page()
    assert "| retention_in_days | 30 | 7 |" in page
    assert "| name | c | a\\|b&lt;script> |" in page
    assert SECRET not in page
    assert "- Who: unknown" in page


def test_the_end_names_the_repair_and_its_approver() -> None:
    life = confirmed()
    life.happens(Approved(Approval(life.record.plan.digest if life.record.plan else "", "ann", LATER)), LATER)
    repair(life, LATER)
    *_, found = life.documents()
    assert found["state"] == "resolved"
    assert found["resolved"] == {"how": "repaired by an apply", "at": "2026-03-02T09:01:00Z", "approved_by": "ann"}
    assert "- Done: repaired by an apply at 2026-03-02T09:01:00Z" in life.page()
    assert len({name for name, _ in life.kept}) == 2, "it is the same document"


def test_drift_that_was_resolved_without_an_apply_is_reported_only_if_confirmed() -> None:
    life = confirmed()
    life.check(QUIET, LATER)
    *_, found = life.documents()
    assert "without an apply" in found["resolved"]["how"]
    short = ReportedLife(applied(PLATFORM))
    short.check(retention(), NOW)
    short.check(QUIET, LATER)
    assert short.kept == []


def test_drift_that_a_deployment_overwrote_is_reported_although_unconfirmed() -> None:
    life = ReportedLife(applied(PLATFORM))
    life.happens(Desired("d2", "s", "c2"), NOW)
    moved = change("aws_vpc.this", ["update"], {"tags": {"a": "1"}}, {"tags": {"a": "2"}})
    life.check(read(document(moved, drift=[moved]), REDACTOR), NOW)
    repair(life, LATER)
    (found,) = life.documents()
    assert found["resolved"]["how"] == "a change from Git was applied over it"
    assert "never" in life.page()


def test_the_report_of_an_addition_has_a_remedy() -> None:
    life = ReportedLife(applied(PLATFORM))
    rules = change("aws_s3_bucket.logs", ["update"], {"cors_rule": []}, {"cors_rule": [{"id": "x"}]})
    for now in (NOW, LATER):
        life.check(read(document(drift=[rules]), REDACTOR), now, "report")
    assert "## What to do\n\n- aws_s3_bucket.logs: delete the CORS rules" in life.page()
    life.happens(Desired("d2", "s", "c2"), LATER)
    repair(life, LATER)
    *_, found = life.documents()
    assert "no longer reported" in found["resolved"]["how"]


REPAIRED = """\
# Drift of develop/platform

- State: resolved
- Reason: OutOfBandChange
- Since: 2026-03-02T09:00:00Z
- Confirmed: 2026-03-02T09:01:00Z
- Found by: a plan at the applied state, which would remove it
- Who: unknown
- Done: repaired by an apply at 2026-03-02T09:01:00Z
- Approved by: ann
- Applied commit: c1

## aws_cloudwatch_log_group.this: changed

| attribute | applied | found |
|---|---|---|
| name | c | a\\|b&lt;script> |
| password | {old} | {new} |
| retention_in_days | 30 | 7 |
"""
ADDED = """\
# Drift of develop/platform

- State: open
- Reason: UnmanagedAddition
- Since: 2026-03-02T09:00:00Z
- Confirmed: 2026-03-02T09:01:00Z
- Found by: reported by Terraform as changed outside: no plan would remove it
- Who: unknown
- Done: it is only reported: nothing is applied
- Applied commit: c1
- Failed checks: check.c: it is closed
- Warnings: this is old

## aws_s3_bucket.logs: changed

| attribute | applied | found |
|---|---|---|
| cors_rule | [] | [{"id": "ä"}] |

## What to do

- aws_s3_bucket.logs: delete the CORS rules, or manage it with an `aws_s3_bucket_cors_configuration`
"""


def test_the_page_of_a_repaired_drift_as_a_whole() -> None:
    life = confirmed()
    life.happens(Approved(Approval(life.record.plan.digest if life.record.plan else "", "ann", LATER)), LATER)
    repair(life, LATER)
    assert life.page() == REPAIRED.format(old=REDACTOR.mark("another"), new=REDACTOR.mark(SECRET))


def test_both_documents_of_an_addition_as_a_whole() -> None:
    life = ReportedLife(applied(PLATFORM))
    rules = change("aws_s3_bucket.logs", ["update"], {"cors_rule": []}, {"cors_rule": [{"id": "ä"}]})
    failed = {"address": {"to_display": "check.c"}, "status": "fail", "problems": [{"message": "it is closed"}]}
    remarks = {"checks": [{**failed, "instances": [failed]}], "warnings": ["this is old"]}
    for now in (NOW, LATER):
        life.check(read(document(drift=[rules]) | remarks, REDACTOR), now, "report")
    assert life.page() == ADDED
    text = life.kept[0][1]
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"
    found = json.loads(text)
    assert {name: found[name] for name in found if name not in {"drift", "plan_digest"}} == {
        "schema": 1,
        "instance": "develop/platform",
        "kind": "Platform",
        "labels": {},
        "commit": "c1",
        "state": "open",
        "done": "it is only reported: nothing is applied",
        "resolved": None,
        "checks": [{"address": "check.c", "status": "fail", "messages": ["it is closed"]}],
        "warnings": ["this is old"],
    }
    assert found["plan_digest"] == (life.record.plan.digest if life.record.plan else None)
    assert "ä" in text
