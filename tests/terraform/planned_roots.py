"""The plans that Checkov sees: every root of ours, on every tier, with the variables that a daemon would write."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.terraform.inputs import (
    ACCOUNT,
    AWS,
    REGION,
    Variables,
    account_variables,
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


def plans(laboratory: Laboratory, tiers: Iterable[str]) -> dict[str, Any]:
    """By root and tier, as in `terraform/roots/platform:prod`."""
    found = {"terraform/bootstrap:all": _plan(laboratory, "bootstrap", BOOTSTRAP)}
    for tier in tiers:
        for title, root, variables in (
            (tier, "roots/account", account_variables(tier)),
            (tier, "roots/platform", platform_variables(tier)),
            (f"{tier} public", "roots/service", public_service(tier)),
            (f"{tier} internal", "roots/service", internal_service(tier)),
        ):
            found[f"terraform/{root}:{title}"] = _plan(laboratory, root, variables)
    return found


def _plan(laboratory: Laboratory, root: str, variables: Variables) -> Any:
    tree = laboratory.copy()
    directory = Path(tree, root)
    (directory / "offline_override.tf").write_text(OFFLINE)
    (directory / "terraform.tfvars.json").write_text(json.dumps(variables))
    try:
        return laboratory.shown(directory)
    finally:
        shutil.rmtree(tree)
