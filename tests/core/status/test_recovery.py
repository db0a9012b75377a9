"""Results of an apply without a known end: not created twice unless an operator has looked."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.decide import verdict as decide
from reconciler.core.decide.verdict import Apply, AwaitApproval, Verdict
from reconciler.core.plan.drift import DriftFinding, changed_outside
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.record.consent import Approval
from reconciler.core.record.model import Record
from reconciler.core.record.runs import Holder, Intent, Running
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import Applied, Applying, Approved, Desired, Failed, FoundInSync, Planned, Starting
from reconciler.core.status.recovery import (
    creates,
    explain_duplicates,
    explain_existing,
    recovery_message,
    silent_duplicates,
)
from reconciler.core.vocabulary import ConditionType, Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, IMAGE, NOW, base, fold, new

GIT_MOVED = DriftFinding(Sync.PENDING, None, ())
QUEUE = change("aws_sqs_queue.this", ["create"], None, {"name": "orders"})
ADDRESS = change("aws_eip.nat", ["create"], None, {"domain": "vpc"})
RANDOM_NAME = change("aws_security_group.this", ["create"], None, {"name_prefix": "orders-"}, unknown={"name": True})


def plan(*changes: dict[str, Any], existing: int = 1) -> Plan:
    return read(document(*changes, existing=existing), Redactor(b"a key for tests"))


def crashed_in(found: Plan) -> Record:
    """Return the record after the daemon died in the apply of this plan."""
    record = fold(new(), Desired("d1", "s", "c1"))
    return fold(record, Applying(Intent("p", "d1", found.digest, False, NOW, creates=creates(found)), base(record)))


def verdict(found: Plan, record: Record) -> Verdict:
    finding = replace(GIT_MOVED, outside=changed_outside(found, (), NOW))
    return decide.verdict(found, finding, record, DEVELOP, image=IMAGE, now=NOW)


@pytest.mark.parametrize(
    ("lost", "twice"),
    [
        (QUEUE, False),
        (change("aws_iam_role.task", ["create"], None, {"name": "orders"}, unknown={"name_prefix": True}), False),
        (change("aws_lb_target_group.this", ["create"], None, {"name": "orders", "name_prefix": None}), False),
        (change("aws_ecs_task_definition.this", ["create"], None, {"family": "orders"}), False),
        (change("terraform_data.note", ["create"], None, {}), False),
        (ADDRESS, True),
        (RANDOM_NAME, True),
        (change("aws_kms_key.logs", ["create"], None, {}), True),
        (change("aws_something_new.this", ["create"], None, {"name": "orders"}), True),
    ],
)
def test_only_a_create_that_aws_would_repeat_waits_for_approval(lost: dict[str, Any], twice: bool) -> None:
    found = plan(lost)
    decided = verdict(found, crashed_in(found))
    assert isinstance(decided, AwaitApproval) == twice
    if isinstance(decided, AwaitApproval):
        assert lost["address"] in decided.message
        assert "may have created" in decided.message
        assert "import it" in decided.message


def test_a_create_that_was_not_in_the_lost_apply_is_applied() -> None:
    assert verdict(plan(ADDRESS), crashed_in(plan(QUEUE))) == Apply()


def test_a_replacement_that_was_cut_short_counts_too() -> None:
    replaced = change("aws_eip.nat", ["delete", "create"], {"domain": "vpc"}, {"domain": "vpc"})
    assert isinstance(verdict(plan(ADDRESS), crashed_in(plan(replaced))), AwaitApproval)


def test_an_approval_after_a_check_is_for_exactly_this_plan() -> None:
    found = plan(ADDRESS)
    record = fold(crashed_in(found), Approved(Approval(found.digest, "ann", NOW)))
    assert verdict(found, record) == Apply()


def test_the_recovery_names_the_resources_that_may_exist_and_ends_with_the_apply() -> None:
    found = plan(QUEUE, ADDRESS)
    record = crashed_in(plan(QUEUE))
    again = Intent("p2", "d1", found.digest, False, NOW, creates=creates(found))
    record = fold(record, Planned(found, GIT_MOVED), Applying(again, base(record)))
    condition = record.conditions[ConditionType.RECONCILING]
    assert condition.reason == Reason.RECOVERING
    assert "may exist already: aws_sqs_queue.this" in condition.message
    assert "aws_eip" not in condition.message
    record = fold(record, Applied({}, None))
    assert ConditionType.RECONCILING not in record.conditions
    assert verdict(plan(ADDRESS), record) == Apply()


def test_an_apply_with_a_reported_end_needs_no_recovery() -> None:
    failed = fold(crashed_in(plan(ADDRESS)), Failed(Reason.APPLY_FAILED, "no", of_apply=True))
    assert verdict(plan(ADDRESS), failed) == Apply()
    record = crashed_in(plan(ADDRESS))
    assert verdict(plan(ADDRESS), fold(record, FoundInSync(base(record), {}))) == Apply()


def test_a_killed_apply_needs_a_recovery() -> None:
    record = fold(crashed_in(plan(ADDRESS)), Failed(Reason.APPLY_FAILED, "killed"))
    record = fold(record, Starting(Running(Holder("me"), NOW)))
    assert isinstance(verdict(plan(ADDRESS), record), AwaitApproval)


def unrecorded(*moved: dict[str, Any], existing: int = 1) -> Plan:
    """Return a plan without changes, in which AWS differs from the state."""
    return read(document(drift=list(moved), existing=existing), Redactor(b"a key for tests"))


def cut_short(planned: dict[str, Any]) -> Record:
    """Return the record after an apply of this one change that was cut short."""
    found = plan(planned)
    record = fold(fold(new(), Desired("d2", "s", "c2")), Planned(found, GIT_MOVED, "heal"))
    record = fold(record, Applying(Intent("p", "d2", found.digest, False, NOW), base(record)))
    return fold(record, Failed(Reason.APPLY_FAILED, "the provider died", of_apply=True))


WIDENED = change("aws_sns_topic.this", ["update"], {"display_name": "one"}, {"display_name": "two"})
OTHER = change("aws_vpc.this", ["update"], {"instance_tenancy": "default"}, {"instance_tenancy": "dedicated"})


def test_results_of_an_apply_that_was_cut_short_are_written_into_the_state() -> None:
    assert verdict(unrecorded(WIDENED), cut_short(WIDENED)) == Apply()


@pytest.mark.parametrize(
    ("moved", "record"),
    [
        ((), cut_short(WIDENED)),
        ((WIDENED, OTHER), cut_short(WIDENED)),
        ((OTHER,), cut_short(WIDENED)),
        ((WIDENED,), fold(cut_short(WIDENED), FoundInSync(base(cut_short(WIDENED)), {}))),
        ((WIDENED,), fold(new(), Desired("d2", "s", "c2"))),
    ],
    ids=["nothing", "and another resource", "another resource", "after one that ended well", "nothing was applied"],
)
def test_other_changes_are_not_taken_for_results_of_the_apply(
    moved: tuple[dict[str, Any], ...], record: Record
) -> None:
    assert verdict(unrecorded(*moved), record) == decide.NothingToDo()


def test_no_resource_of_a_service_waits_for_approval() -> None:
    source = Path(__file__).parents[3] / "terraform" / "modules" / "service"
    written = "\n".join(file.read_text() for file in source.rglob("*.tf"))
    kinds = set(re.findall(r'^resource "(\w+)"', written, re.MULTILINE))
    assert "aws_ecs_service" in kinds
    found = plan(*(change(f"{kind}.this", ["create"], None, {"name": "orders"}) for kind in sorted(kinds)))
    assert silent_duplicates(found, crashed_in(found)) == ()


def test_what_may_exist_already_is_told_with_the_ways_out() -> None:
    many = tuple(f"aws_eip.n{number}" for number in range(7))
    listed = "aws_eip.n0, aws_eip.n1, aws_eip.n2, aws_eip.n3, aws_eip.n4 and 2 more"
    assert explain_duplicates(many) == (
        f"an apply did not report its end, and may have created {listed} without the state knowing it; AWS would"
        " create it a second time. Look for it, then import it (`terraform import`, `spec.import`) or delete it"
    )
    assert explain_existing(many) == (
        f"In AWS, but not in the state: {listed}. If an interrupted apply created it, import it (`terraform import`,"
        " `spec.import`); else rename it here, or delete it there"
    )
    record = crashed_in(plan(ADDRESS))
    assert record.intent is not None
    assert recovery_message(record, record.intent) == (
        "recovering from an apply that did not report its end; may exist already: aws_eip.nat"
    )
    assert recovery_message(crashed_in(plan()), record.intent) is None


@pytest.mark.parametrize("name", ["name", "bucket", "identifier"])
def test_a_name_that_aws_makes_up_does_not_tell_a_second_one(name: str) -> None:
    def created(values: dict[str, Any], **more: Any) -> bool:
        found = plan(change("aws_sns_topic.this", ["create"], None, values, **more))
        return bool(silent_duplicates(found, crashed_in(found)))

    assert not created({name: "orders"})
    assert not created({name: "orders", f"{name}_prefix": ""})
    assert created({f"{name}_prefix": "orders-"})
    assert created({}, unknown={name: True})
