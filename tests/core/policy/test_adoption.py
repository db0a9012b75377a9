"""Adoption: a plan that imports may do nothing else, and waits for approval in every mode."""

from typing import Any

import pytest

from reconciler.core.decide import verdict as decide
from reconciler.core.decide.verdict import Apply, AwaitApproval, Report, Verdict
from reconciler.core.notify import problems
from reconciler.core.notify.problems import Topic
from reconciler.core.plan.drift import DriftFinding, classify
from reconciler.core.plan.model import Plan, describe, summarise
from reconciler.core.plan.read import read
from reconciler.core.plan.summary import counts
from reconciler.core.policy import adoption
from reconciler.core.policy.rules import Rules
from reconciler.core.record.consent import Approval, Rejection
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import Approved, Desired, Planned, Rejected, Waiting
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from reconciler.edges.slack.markup import render_line
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, IMAGE, NOW, SERVICE, fold, new, with_policy

KNOWN: dict[str, Any] = {"importing": {"id": "acme-site"}}
BUCKET: dict[str, Any] = {"bucket": "acme-site", "force_destroy": None, "tags": None, "tags_all": {}}
WEB = "arn:aws:ecs:eu-central-1:123456789012:task-definition/web:1"
ADOPTED = change("aws_s3_bucket.this", ["no-op"], BUCKET, BUCKET, **KNOWN)
TAGGED = change("aws_s3_bucket.that", ["update"], BUCKET, {**BUCKET, "tags_all": {"Owner": "shop"}}, **KNOWN)


def plan(*changes: dict[str, Any], **more: Any) -> Plan:
    return read(document(*changes, **more), Redactor(b"a key for tests"))


def verdict(found: Plan, record: Record, **limits: Any) -> Verdict:
    finding = classify(found, applied_digest=None, desired_digest="d", ignore=(), rolled_back=False, now=NOW)
    limit = decide.VerdictLimits(**limits)
    return decide.verdict(found, finding, record, DEVELOP, image=IMAGE, now=NOW, limits=limit)


@pytest.mark.parametrize("mode", ["auto", "approve"])
def test_an_adoption_waits_for_approval_in_every_mode(mode: str) -> None:
    found = verdict(plan(ADOPTED), new(with_policy(SERVICE, f"{{mode: {mode}}}")))
    assert isinstance(found, AwaitApproval)
    assert "1 to import" in found.message
    assert "1 resource that exists is adopted, and nothing is changed" in found.message
    assert "`reconciler adopt develop/orders`" in found.message


def test_an_observed_instance_adopts_nothing() -> None:
    found = verdict(plan(ADOPTED), new(with_policy(SERVICE, "{mode: observe}")))
    assert isinstance(found, Report)
    assert found.reason == Reason.OBSERVED


def test_an_approval_adopts_exactly_the_shown_resources() -> None:
    shown, record = plan(ADOPTED), new()
    approved = fold(record, Approved(Approval(shown.digest, "ann", NOW)))
    assert verdict(shown, approved) == Apply()
    elsewhere = change("aws_s3_bucket.this", ["no-op"], BUCKET, BUCKET, importing={"id": "another"})
    assert isinstance(verdict(plan(elsewhere), approved), AwaitApproval), "another id is another plan"
    assert isinstance(verdict(plan(ADOPTED, TAGGED), approved), AwaitApproval)
    rejected = fold(record, Rejected(Rejection(shown.digest, "bob", NOW)))
    assert isinstance(verdict(shown, rejected), Report)


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (change("aws_s3_bucket.new", ["create"], None, BUCKET), "create aws_s3_bucket.new"),
        (
            change("aws_s3_bucket.old", ["update"], BUCKET, {**BUCKET, "tags_all": {"a": "b"}}),
            "update aws_s3_bucket.old",
        ),
        (change("aws_s3_bucket.old", ["delete"], BUCKET, None), "destroy aws_s3_bucket.old"),
        (change("aws_lb.this", ["delete", "create"], BUCKET, BUCKET, **KNOWN), "replace aws_lb.this"),
        (
            change("aws_sqs_queue.this", ["update"], {"delay": 0, "size": 5}, {"delay": 0, "size": 9}, **KNOWN),
            "change aws_sqs_queue.this size from 5 to 9",
        ),
        (
            change("aws_ecs_service.this", ["update"], {"task_definition": "web:2"}, {"task_definition": WEB}, **KNOWN),
            f'change aws_ecs_service.this task_definition from "web:2" to "{WEB}"',
        ),
        (
            change("aws_s3_bucket.that", ["update"], {"force_destroy": False}, {"force_destroy": True}, **KNOWN),
            "change aws_s3_bucket.that force_destroy from False to True",
        ),
    ],
)
def test_a_plan_that_does_more_than_import_is_refused_and_names_the_change(more: dict[str, Any], named: str) -> None:
    found = plan(ADOPTED, more)
    approved = fold(new(), Approved(Approval(found.digest, "ann", NOW)))
    for record in (new(), approved):
        decided = verdict(found, record)
        assert isinstance(decided, Report)
        assert decided.reason == Reason.ADOPTION_REFUSED
        assert named in decided.message
        assert "make manifest and root say what exists" in decided.message


def test_after_an_apply_has_begun_an_approver_can_approve_an_import_beside_other_changes() -> None:
    """Import the resources that a lost apply created, and create the missing ones, in one plan."""
    found = plan(ADOPTED, change("aws_s3_bucket.new", ["create"], None, BUCKET))
    begun = new().replace(attempted=True)
    waiting = verdict(found, begun)
    assert isinstance(waiting, AwaitApproval)
    assert "1 to import, 1 to create" in waiting.message
    assert "1 resource that exists is adopted, and more is changed with it" in waiting.message
    assert verdict(found, fold(begun, Approved(Approval(found.digest, "ann", NOW)))) == Apply()


def test_a_state_with_other_resources_is_no_first_plan() -> None:
    more = change("aws_s3_bucket.new", ["create"], None, BUCKET)
    assert isinstance(verdict(plan(ADOPTED, more, existing=5), new()), AwaitApproval)


@pytest.mark.parametrize(
    "more",
    [
        TAGGED,
        change("aws_s3_bucket.that", ["update"], BUCKET, {**BUCKET, "force_destroy": True}, **KNOWN),
        change("aws_ecs_service.this", ["update"], {"iam_role": None}, {"iam_role": ""}, **KNOWN),
        change("aws_ecs_service.this", ["update"], {"task_definition": "web:1"}, {"task_definition": WEB}, **KNOWN),
    ],
)
def test_tags_and_attributes_that_only_terraform_has_may_differ(more: dict[str, Any]) -> None:
    assert isinstance(verdict(plan(ADOPTED, more), new()), AwaitApproval)


def test_the_message_counts_the_resources_with_other_tags() -> None:
    assert adoption.what_changes(plan(ADOPTED, TAGGED)) == (
        "2 resources that exist are adopted; of these 1 get other tags, and nothing else is changed"
    )
    without = change("aws_s3_bucket.that", ["update"], {"tags": None}, {"tags": {}}, **KNOWN)
    assert adoption.what_changes(plan(without)) == "1 resource that exists is adopted, and nothing is changed"


def test_the_policy_applies_to_the_changes_of_an_adoption() -> None:
    rules = Rules(mandatory_tags=frozenset({"CostCenter"}))
    denied = verdict(plan(TAGGED), new(), rules=rules)
    assert isinstance(denied, Report)
    assert denied.reason == Reason.POLICY_DENIED


def test_new_outputs_are_no_change_of_resources() -> None:
    text = document(ADOPTED) | {"output_changes": {"name": {"actions": ["create"]}}}
    assert isinstance(verdict(read(text, Redactor(b"a key for tests")), new()), AwaitApproval)


def test_imports_are_shown_with_their_ids_and_counted() -> None:
    found = plan(ADOPTED, TAGGED, change("aws_vpc.this", ["no-op"], {}, {}))
    assert (found.is_empty, describe(found)) == (False, "2 to import")
    summary = summarise(found, drift=(), now=NOW)
    counted = counts(item.actions for item in summary.changes)
    assert {name: count for name, count in counted.items() if count} == {"import": 2}
    assert [(one.actions, one.attributes["import"]) for one in summary.changes] == [
        (("import",), (None, "acme-site")),
        (("import", "update"), (None, "acme-site")),
    ]
    assert summary.changes[1].attributes["tags_all.Owner"] == (None, "shop")


def test_a_pending_import_is_no_drift() -> None:
    moved = change("aws_s3_bucket.other", ["update"], {"a": 1}, {"a": 2})
    found = classify(
        plan(ADOPTED, drift=[moved]), applied_digest="d", desired_digest="d", ignore=(), rolled_back=False, now=NOW
    )
    assert (found.sync, found.drifted) == (Sync.PENDING, ())


def test_a_plan_without_imports_keeps_its_digest() -> None:
    update = change("aws_sqs_queue.this", ["update"], {"size": 5}, {"size": 9})
    assert plan(update).digest == plan(update, change("aws_vpc.this", ["no-op"], {}, {})).digest
    assert adoption.refusal(plan(update)) is None


def test_a_refused_adoption_stalls_until_the_manifest_changes() -> None:
    refused = fold(new(), Desired("d1", "s", "c1"), Waiting(Reason.ADOPTION_REFUSED, "it would also create"))
    stalled = refused.condition(ConditionType.STALLED)
    assert stalled is not None
    assert stalled.reason == Reason.ADOPTION_REFUSED
    assert fold(refused, Desired("d2", "s", "c2")).condition(ConditionType.STALLED) is None


def test_the_notice_of_an_adoption_has_the_command_that_approves_it() -> None:
    found = plan(ADOPTED)
    waiting = fold(new(), Planned(found, DriftFinding(Sync.PENDING, None, ())), Waiting(Reason.AWAITING_APPROVAL, ""))
    incident = problems.of_record(waiting)[Topic.APPROVAL]
    assert render_line(incident.title).endswith("waits for approval: 1 to import")
    assert "• import `aws_s3_bucket.this`" in map(render_line, incident.details)
    assert "`reconciler adopt develop/orders`" in render_line(incident.details[-1])


def test_a_refusal_names_every_difference_with_both_values_and_says_what_to_do() -> None:
    long = "x" * 120
    before = {**BUCKET, "acl": "private", "note": long, "exact": "y" * 98, "count": 1, "tags": {"a.b": "x"}}
    after = {**before, "acl": "public", "note": "short", "exact": None, "count": 2, "tags": {"a.b": "y"}}
    found = plan(
        change("aws_s3_bucket.this", ["update"], before, after, **KNOWN),
        change("aws_s3_bucket.more", ["create"], None, BUCKET),
        change("aws_s3_bucket.less", ["delete"], BUCKET, None),
        change("aws_s3_bucket.else", ["delete", "create"], BUCKET, BUCKET),
        change("aws_s3_bucket.same", ["update"], {"acl": "a"}, {"acl": "b"}),
    )
    assert adoption.refusal(found) == (
        'it would not only adopt what exists, but also change aws_s3_bucket.this acl from "private" to "public"; change'
        f' aws_s3_bucket.this count from 1 to 2; change aws_s3_bucket.this exact from "{"y" * 98}" to None; change'
        f' aws_s3_bucket.this note from "{"x" * 98}… to "short"; create aws_s3_bucket.more and 3 more. Adopt first:'
        " make manifest and root say what exists, and give `spec.import` an entry for every resource; change it"
        " afterwards"
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ((ADOPTED,), "1 resource that exists is adopted, and nothing is changed"),
        (
            (ADOPTED, TAGGED),
            "2 resources that exist are adopted; of these 1 get other tags, and nothing else is changed",
        ),
        (
            (TAGGED, change("aws_s3_bucket.more", ["create"], None, BUCKET)),
            "1 resource that exists is adopted, and more is changed with it",
        ),
    ],
)
def test_an_adoption_in_a_phrase(changes: tuple[dict[str, Any], ...], words: str) -> None:
    assert adoption.what_changes(plan(*changes)) == words
