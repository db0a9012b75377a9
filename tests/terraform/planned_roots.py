"""The plans that Checkov sees: every root of ours, on every tier, with the variables that a daemon would write."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from typing import Any

from tests.terraform.configuration import PROJECT
from tests.terraform.inputs import (
    ACCOUNT,
    AWS,
    KEY,
    REGION,
    Variables,
    account_variables,
    but,
    internal_service,
    platform_variables,
    public_service,
)
from tests.terraform.properties.laboratory import Laboratory
from tests.terraform.properties.subjects import OFFLINE

BOOTSTRAP: Variables = {
    "account": {"id": ACCOUNT, "region": REGION, "partition": "aws"},
    "aws": AWS,
    "state": {"bucket": "states", "lock_table": "locks", "access_logs_bucket": "access"},
}

DAEMON_ROLE = f"arn:aws:iam::{ACCOUNT}:role/reconciler"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:reconciler"
DAEMON: Variables = {
    "account": BOOTSTRAP["account"],
    "aws": AWS,
    "network": {
        "vpc_id": "vpc-00000000000000001",
        "subnet_ids": ["subnet-0000000000000000a", "subnet-0000000000000000b"],
        "metrics_security_group_ids": ["sg-00000000000000003"],
    },
    "image": {"tag": "0.1.0"},
    "manifests": {"url": "https://git.example/platform/manifests.git"},
    "environments": {"prod": {"account": ACCOUNT, "region": REGION, "tier": "prod", "role": DAEMON_ROLE}},
    "secrets": {name: f"{SECRET}/{name}-AbCdEf" for name in ("RECONCILER__AUTH__TOKEN", "RECONCILER__REDACTION__KEY")},
    "access_logs_bucket": "access",
}
TARGET: Variables = {
    "account": BOOTSTRAP["account"],
    "aws": AWS,
    "daemon": {"role_arn": f"{DAEMON_ROLE}-task"},
    "environments": ["prod"],
    "state": {"bucket": "states", "kms_key_arn": f"{KEY}4"},
    "terraform": {"policies": {}, "managed_policy_arns": [f"arn:aws:iam::{ACCOUNT}:policy/delivery"]},
    "permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/boundary",
}
SIEM = f"arn:aws:sns:{REGION}:210987654321:siem"
ONCE = {"terraform/bootstrap": BOOTSTRAP, "deploy/ecs": DAEMON, "deploy/ecs/target-account": TARGET}


def plans(laboratory: Laboratory, tiers: Iterable[str]) -> dict[str, Any]:
    """By root and tier, as in `terraform/roots/platform:prod`."""
    found = {f"{root}:once": plan_root(laboratory, root, variables) for root, variables in ONCE.items()}
    for tier in tiers:
        for title, root, variables in (
            (tier, "terraform/roots/account", but(account_variables(tier), trail={"topic_arn": SIEM})),
            (tier, "terraform/roots/platform", platform_variables(tier)),
            (f"{tier} public", "terraform/roots/service", _delivered(public_service(tier))),
            (f"{tier} internal", "terraform/roots/service", _delivered(internal_service(tier))),
        ):
            found[f"{root}:{title}"] = plan_root(laboratory, root, variables)
    return found


def _delivered(service: Variables) -> Variables:
    """With a pipeline that builds and deploys it."""
    connection = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/00000000-0000-4000-8000-000000000000"
    return but(service, platform={"connection_arn": connection}, image={"owner": "pipeline"})


def plan_root(laboratory: Laboratory, root: str, variables: Variables) -> Any:
    """Plan a root with these variables; what `terraform show -json` says."""
    copied = laboratory.copy(PROJECT / root.partition("/")[0])
    directory = copied.parent / root
    (directory / "offline_override.tf").write_text(OFFLINE)
    (directory / "terraform.tfvars.json").write_text(json.dumps(variables))
    try:
        return laboratory.shown(directory)
    finally:
        shutil.rmtree(copied)
