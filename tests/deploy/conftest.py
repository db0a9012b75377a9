"""Fixtures: the daemon's own Terraform, planned and applied once for all tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.local import ecs, standin
from tests.deploy.roots import Root
from tests.standins import borrowed
from tests.terraform.plans import Plan, read_plan
from tests.terraform.warm import Warm

ROLE = "arn:aws:iam::{account}:role/reconciler"
DAEMON = "arn:aws:iam::123456789012:role/reconciler-task"
ENVIRONMENTS: dict[str, dict[str, Any]] = {
    "develop": {"account": "111122223333", "region": "eu-central-1", "tier": "develop"},
    "eu-prod": {
        "account": "444455556666",
        "region": "eu-west-1",
        "tier": "prod",
        "floor": {"mode": "approve"},
        "tenant_roles": {"orders": "arn:aws:iam::444455556666:role/reconciler-orders"},
        "source": {"ref": "v3"},
    },
}


def variables(aws: standin.StandIn) -> dict[str, Any]:
    """Return the variables of a daemon for two accounts whose metrics one security group may scrape."""
    given = ecs.create_prerequisites(aws)
    network = given["network"]
    scraper = aws.client("ec2").create_security_group(VpcId=network["vpc_id"], GroupName="prometheus", Description="it")
    network["metrics_security_group_ids"] = [scraper["GroupId"]]
    return given | {
        "manifests": {"url": "https://git.example/platform/manifests.git"},
        "environments": {
            name: place | {"role": ROLE.format(account=place["account"])} for name, place in ENVIRONMENTS.items()
        },
        "secrets_key_arns": ["arn:aws:kms:eu-central-1:123456789012:key/8f1c3f3e-0000-4000-8000-000000000001"],
        "image": {"tag": "0.1.0"},
    }


@dataclass(frozen=True, slots=True)
class Applied:
    """An applied root: its plan before the apply, its plan after it, its outputs."""

    first: Plan
    second: Plan
    outputs: dict[str, Any]


def apply(root: ecs.Root, given: dict[str, Any]) -> Applied:
    first = read_plan(root.plan(given))
    outputs = root.apply()
    return Applied(first, read_plan(root.plan(given)), outputs)


@pytest.fixture(scope="session")
def aws() -> Iterator[standin.StandIn]:
    with borrowed() as running:
        yield running


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deploy")


@pytest.fixture(scope="session")
def given(aws: standin.StandIn) -> dict[str, Any]:
    """Return the variables of the root that is applied."""
    return variables(aws)


@pytest.fixture(scope="session")
def root(aws: standin.StandIn, warm: Warm, place: Path) -> ecs.Root:
    return Root.copy(ecs.SOURCE, place / "ecs", aws, warm=warm)


@pytest.fixture(scope="session")
def target_root(aws: standin.StandIn, warm: Warm, place: Path) -> ecs.Root:
    return Root.copy(ecs.SOURCE / "target-account", place / "target", aws, warm=warm)


@pytest.fixture(scope="session")
def target_given(aws: standin.StandIn) -> dict[str, Any]:
    """Return the variables of an environment's account with a managed policy of its own."""
    network = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}]}
    )
    managed = aws.client("iam").create_policy(PolicyName="delivery", PolicyDocument=network)["Policy"]["Arn"]
    return {
        "account": {"id": ecs.ACCOUNT, "region": aws.region},
        "aws": {"s3_use_path_style": True},
        "daemon": {"role_arn": DAEMON},
        "environments": ["develop", "test"],
        "state": {
            "bucket": "reconciler-state-123456789012-eu-central-1",
            "kms_key_arn": "arn:aws:kms:eu-central-1:123456789012:key/8f1c3f3e-0000-4000-8000-000000000002",
            "prefix": "teams/",
        },
        "terraform": {"policies": {"network": network}, "managed_policy_arns": [managed]},
        "permissions_boundary_arn": "arn:aws:iam::123456789012:policy/reconciler-boundary",
    }


@pytest.fixture(scope="session")
def planned_daemon(root: ecs.Root, given: dict[str, Any]) -> Plan:
    """Plan the daemon's root without refresh, before anything exists."""
    return read_plan(root.plan(given, refresh=False))


@pytest.fixture(scope="session")
def planned_target(target_root: ecs.Root, target_given: dict[str, Any]) -> Plan:
    return read_plan(target_root.plan(target_given, refresh=False))


@pytest.fixture(scope="session")
def daemon(root: ecs.Root, given: dict[str, Any]) -> Applied:
    return apply(root, given)


@pytest.fixture(scope="session")
def target(target_root: ecs.Root, target_given: dict[str, Any]) -> Applied:
    return apply(target_root, target_given)
