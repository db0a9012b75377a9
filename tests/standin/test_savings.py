"""The caches of the stand-in: answers are the same, and moto without them still repeats the work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from deploy.local.standin import StandIn

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
THERE = "arn:aws:iam::210987654321:role/any"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})

COUNTED = """
import json, sys
from unittest.mock import patch
from moto.core import responses
from moto.ec2.models import ec2_backends
from moto.iam.models import AWSManagedPolicy, iam_backends
if sys.argv[1] == "saved":
    from deploy.local.standin import savings
    savings.install()
made = []
for account in ("111111111111", "222222222222"):
    with patch.object(AWSManagedPolicy, "from_data", side_effect=AWSManagedPolicy.from_data) as make:
        policies = iam_backends[account]["aws"].managed_policies
        made.append(make.call_count)
listed = responses.method_names_from_class
print(json.dumps({
    "made": made,
    "policies": len(policies),
    "images": len(ec2_backends[account]["eu-central-1"].amis),
    "lists again": listed(AWSManagedPolicy) is not listed(AWSManagedPolicy),
}))
"""


def counted(how: str) -> dict[str, object]:
    """Return what moto makes for two accounts, one after the other."""
    environment = {"PATH": os.environ["PATH"], "MOTO_IAM_LOAD_MANAGED_POLICIES": "true"}
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", COUNTED, how], cwd=root, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_moto_makes_for_each_account_what_is_made_once_here() -> None:
    plain, saved = counted("plain"), counted("saved")
    policies = plain["policies"]
    assert plain["made"] == [policies, policies], "moto saves it by itself now: delete the saving"
    assert saved["made"] == [policies, 0]
    assert saved["policies"] == policies
    assert plain["images"], "moto saves it by itself now: delete the saving"
    assert saved["images"] == 0
    assert (plain["lists again"], saved["lists again"]) == (True, False)


def test_an_account_has_awss_policies_and_what_it_attaches_is_its_own_until_a_reset(standin: StandIn) -> None:
    ours, theirs = standin.client("iam"), standin.client("iam", role_arn=THERE)
    ours.create_role(RoleName="reader", AssumeRolePolicyDocument=TRUST)
    ours.attach_role_policy(RoleName="reader", PolicyArn=READ_ONLY)
    assert [iam.get_policy(PolicyArn=READ_ONLY)["Policy"]["AttachmentCount"] for iam in (ours, theirs)] == [1, 0]
    (attached,) = ours.list_attached_role_policies(RoleName="reader")["AttachedPolicies"]
    assert attached == {"PolicyName": "ReadOnlyAccess", "PolicyArn": READ_ONLY}
    standin.reset()
    assert ours.get_policy(PolicyArn=READ_ONLY)["Policy"]["AttachmentCount"] == 0
