"""Removals that AWS would stop half-way are refused before their first call, whatever was approved or confirmed."""

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.decide import verdict
from reconciler.core.decide.verdict import Apply, Report
from reconciler.core.plan.deployment import ContentHolder
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import Plan
from reconciler.core.plan.read import read
from reconciler.core.policy.removal import explain, must_be_empty
from reconciler.core.record.consent import Approval
from reconciler.core.record.model import Record
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.status.events import Approved, PruneConfirmed, Removed
from reconciler.core.vocabulary import Reason, Sync
from tests.core.documents import change, document
from tests.core.instances import DEVELOP, NOW, PLATFORM, applied, fold

BALANCER = "module.alb.aws_lb.this"


def destroy(address: str, **before: Any) -> Mapping[str, Any]:
    return change(address, ["delete"], before, None)


def plan_of(*entries: Mapping[str, Any]) -> Plan:
    return read(document(*entries), Redactor(b"a key for tests"))


def decided(plan: Plan, record: Record) -> verdict.Verdict:
    record = fold(record, Approved(Approval(plan.digest, "ann", NOW)))
    return verdict.verdict(plan, DriftFinding(Sync.PENDING, None, ()), record, DEVELOP, image=None, now=NOW)


@pytest.mark.parametrize(
    ("address", "attribute", "on", "off"),
    [
        (BALANCER, "enable_deletion_protection", True, False),
        ("aws_db_instance.this", "deletion_protection", True, False),
        ("aws_dynamodb_table.this", "deletion_protection_enabled", True, None),
        ("aws_cognito_user_pool.this", "deletion_protection", "ACTIVE", "INACTIVE"),
    ],
)
def test_a_protected_resource_is_never_reached_by_a_destroy(address: str, attribute: str, on: Any, off: Any) -> None:
    listener = destroy("module.alb.aws_lb_listener.https", port=443)
    pruned = fold(applied(PLATFORM), Removed(None), PruneConfirmed())
    for record in (applied(), pruned):
        found = decided(plan_of(listener, destroy(address, **{attribute: on})), record)
        assert isinstance(found, Report)
        assert found.reason == Reason.POLICY_DENIED
        assert f"AWS refuses to delete {address} ({attribute})" in found.message
        assert "turn the protection off in AWS first; nothing was touched" in found.message
        assert decided(plan_of(listener, destroy(address, **{attribute: off})), record) == Apply()


def test_a_destroy_names_what_has_to_be_empty_first() -> None:
    plan = plan_of(
        destroy("aws_ecr_repository.this", name="prod/orders", force_delete=False),
        destroy("aws_s3_bucket.logs", bucket="prod-logs", force_destroy=None),
        destroy("aws_ecr_repository.disposable", name="develop/orders", force_delete=True),
        destroy("aws_ecs_service.this", name="orders"),
        change(
            "aws_s3_bucket.kept", ["update"], {"bucket": "kept", "tags": {}}, {"bucket": "kept", "tags": {"a": "b"}}
        ),
    )
    holders = must_be_empty(plan)
    assert set(holders) == {
        ContentHolder("aws_ecr_repository", "prod/orders"),
        ContentHolder("aws_s3_bucket", "prod-logs"),
    }
    said = explain(sorted(holders, key=str))
    assert said.startswith("AWS deletes bucket prod-logs, repository prod/orders only when nothing is in it")
    assert said.endswith("nothing was touched")
