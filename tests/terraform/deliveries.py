"""Services with a pipeline, one per tier and owner of the image, planned together in one root."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from tests.terraform.inputs import ACCOUNT, REGION, TIERS, Variables, but, internal_service, public_service

CONNECTION = f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/01234567-89ab-4cde-8f01-23456789abcd"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"


def delivered(variables: Variables, *, owner: str = "pipeline") -> Variables:
    """The same service in an environment that is connected to the forge."""
    connected = {"connection_arn": CONNECTION, "permissions_boundary_arn": BOUNDARY}
    return but(variables, platform=connected, image={"owner": owner})


CASES: dict[str, Variables] = {
    **{tier: delivered(public_service(tier)) for tier in TIERS},
    "long": delivered(but(internal_service("develop"), service={"name": "ledger-of-all-payments"})),
    "git": delivered(public_service("prod"), owner="git"),
}


def write_root(
    root: Path, cases: dict[str, Variables], tags: Mapping[str, str] | None = None
) -> dict[str, dict[str, Variables]]:
    """Write a root that calls the service module once per case, with default tags. Returns its variables."""
    root.mkdir()
    provider = {"region": REGION, "default_tags": {"tags": dict(tags or {})}}
    (root / "main.tf.json").write_text(
        json.dumps({"provider": {"aws": provider}, "variable": {"cases": {"type": "any"}}})
    )
    for case, variables in cases.items():
        arguments = {name: f"${{var.cases.{case}.{name}}}" for name in variables if name != "aws"}
        call = {"module": {case: {"source": "../../modules/service", **arguments}}}
        (root / f"{case}.tf.json").write_text(json.dumps(call))
    return {"cases": cases}
