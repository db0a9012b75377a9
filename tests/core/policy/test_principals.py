"""Deleted principals in policies: the id is never sent, the name only after an approval, and drift has a hint."""

import json
from typing import Any

import pytest

from reconciler.core.decide import verdict as decide
from reconciler.core.decide.verdict import Apply, AwaitApproval, Report, Verdict
from reconciler.core.plan.drift import classify
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.record.consent import Approval
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import Approved, Planned
from reconciler.core.status.remedies import remedies
from reconciler.core.vocabulary import Reason
from tests.core.documents import by_hand, change, document
from tests.core.instances import DEVELOP, IMAGE, NOW, PLATFORM, applied, fold

GONE = "AROAJQABLZS4A3QDU576Q"
ARN = "arn:aws:iam::123456789012:role/deployer"
OTHER = "arn:aws:iam::123456789012:user/AIDA"


def policy(*principals: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": list(principals)}, "Action": "s3:*", "Resource": "*", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def plan(found: str, wanted: str) -> Plan:
    both = change("aws_s3_bucket_policy.logs", ["update"], {"policy": found}, {"policy": wanted})
    return read(document(both, drift=by_hand(both)), Redactor(b"a key for tests"))


def check(found: str, wanted: str, *, approved: bool = False) -> tuple[Record, Verdict]:
    """Return the record after drift was seen, and the verdict."""
    seen, record = plan(found, wanted), applied(PLATFORM)
    if approved:
        record = fold(record, Approved(Approval(seen.digest, "ann", NOW)))
    finding = classify(seen, applied_digest="d1", desired_digest="d1", ignore=(), rolled_back=False, now=NOW)
    decided = decide.verdict(seen, finding, record, DEVELOP, image=IMAGE, now=NOW)
    return fold(record, Planned(seen, finding, decide.response(decided))), decided


def test_a_deleted_principal_is_named_by_its_arn_again_only_after_an_approval() -> None:
    record, decided = check(policy(GONE), policy(ARN))
    assert isinstance(decided, AwaitApproval)
    assert GONE in decided.message
    assert record.drift is not None
    (hint,) = remedies(record.drift)
    assert hint.startswith(
        f"aws_s3_bucket_policy.logs: its policy names {GONE}, the id of a role or user that was deleted"
    )
    assert check(policy(GONE), policy(ARN), approved=True)[1] == Apply()


@pytest.mark.parametrize("approved", [False, True])
def test_the_id_of_a_deleted_principal_is_never_sent(approved: bool) -> None:
    _, decided = check(policy(GONE, OTHER), policy(GONE), approved=approved)
    assert isinstance(decided, Report)
    assert decided.reason == Reason.POLICY_DENIED
    assert f"aws_s3_bucket_policy.logs would be saved with {GONE}" in decided.message


@pytest.mark.parametrize(
    "found",
    [
        policy(OTHER),
        policy("*"),
        policy(ARN, Condition={"StringLike": {"aws:userid": f"{GONE}:*"}}),
        policy(ARN, Sid=GONE),
        f"no policy of {GONE}",
    ],
)
def test_an_id_that_is_no_principal_needs_no_approval(found: str) -> None:
    record, decided = check(found, policy("arn:aws:iam::123456789012:role/another"))
    assert decided == Apply()
    assert record.drift is not None
    assert remedies(record.drift) == ()


def test_an_addition_that_names_a_deleted_principal_has_its_remedy_and_the_hint() -> None:
    seen = change("aws_sns_topic.alarms", ["update"], {"policy": policy(ARN)}, {"policy": policy(GONE)})
    found = read(document(drift=[seen]), Redactor(b"a key for tests"))
    finding = classify(found, applied_digest="d1", desired_digest="d1", ignore=(), rolled_back=False, now=NOW)
    record = fold(applied(PLATFORM), Planned(found, finding))
    assert record.drift is not None
    remedy, hint = remedies(record.drift)
    assert "restore policy" in remedy
    assert GONE in hint
