"""The account root, applied: what was planned stands, the next plan is empty, and changes by hand are seen."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from deploy.local.standin import StandIn
from tests.deploy.actions import needed, used
from tests.standins import borrowed
from tests.terraform.inputs import ACCOUNT, REGION, account_variables
from tests.terraform.warm import Warm
from tests.terraform.workbench import Workbench

pytestmark = pytest.mark.aws
ROOT = "roots/account"
TRAIL = f"account-trail-{ACCOUNT}-{REGION}"
ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
BY_HAND = {
    'module.access.aws_iam_role_policies_exclusive.people["reader"]': ("update",),
    'module.access.aws_iam_role_policy_attachments_exclusive.people["reader"]': ("update",),
    'module.access.aws_iam_policy.people["require_mfa"]': ("update",),
    "module.access.aws_iam_account_password_policy.this": ("update",),
    "module.audit.aws_cloudwatch_log_group.trail": ("update",),
    'module.audit.aws_s3_bucket_policy.this["trail"]': ("create",),
    'module.audit.aws_s3_bucket_versioning.this["trail"]': ("update",),
    'module.audit.aws_config_config_rule.this["REQUIRED_TAGS"]': ("create",),
}


@pytest.fixture(scope="module")
def aws() -> Iterator[StandIn]:
    """A stand-in of its own, as an account has one recorder."""
    with borrowed() as running:
        yield running


@pytest.fixture(scope="module")
def before(aws: StandIn) -> int:
    """Return the number of the last call before the root is applied: another test may have used the stand-in."""
    return aws.last_request()


@pytest.fixture(scope="module")
def account(aws: StandIn, warm: Warm, before: int, tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    workbench = Workbench(tmp_path_factory.mktemp("account") / "tree", aws.environment(), warm)
    workbench.plan(ROOT, account_variables("develop"))
    workbench.apply(ROOT)
    return workbench


def test_what_was_applied_stands_changes_by_hand_are_seen_and_made_good_in_production_too(
    account: Workbench, aws: StandIn, before: int
) -> None:
    assert account.plan(ROOT, account_variables("develop")).changed() == {}
    assert aws.client("cloudtrail").get_trail_status(Name="account-trail")["IsLogging"]

    change_by_hand(aws)
    assert account.plan(ROOT, account_variables("develop")).changed() == BY_HAND

    account.plan(ROOT, account_variables("prod"))
    account.apply(ROOT)
    assert account.plan(ROOT, account_variables("prod")).changed() == {}
    assert aws.client("iam").list_role_policies(RoleName="account-reader")["PolicyNames"] == []
    assert used(aws.requests(before)) - needed("account") == set(), "calls that the shipped policies do not allow"


def change_by_hand(aws: StandIn) -> None:
    iam, s3 = aws.client("iam"), aws.client("s3")
    iam.put_role_policy(RoleName="account-reader", PolicyName="anything", PolicyDocument=ANYTHING)
    iam.attach_role_policy(RoleName="account-reader", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    require_mfa = f"arn:aws:iam::{ACCOUNT}:policy/account-require-mfa"
    iam.create_policy_version(PolicyArn=require_mfa, PolicyDocument=ANYTHING, SetAsDefault=True)
    iam.update_account_password_policy(MinimumPasswordLength=6)
    aws.client("logs").put_retention_policy(logGroupName="/audit/account/trail", retentionInDays=1)
    s3.delete_bucket_policy(Bucket=TRAIL)
    s3.put_bucket_versioning(Bucket=TRAIL, VersioningConfiguration={"Status": "Suspended"})
    aws.client("config").delete_config_rule(ConfigRuleName="account-required-tags")
