"""The recorded schemas, which fast tests classify plans with, are those of the provider in use."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.core.documents import SCHEMAS
from tests.terraform.runs import PROJECT, run
from tests.terraform.warm import Warm

pytestmark = pytest.mark.aws
VERSIONS = PROJECT / "terraform/roots/account"


def reduced(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block with what a classification reads of it."""
    attributes, blocks = block.get("attributes") or {}, block.get("block_types") or {}
    flags = {
        name: {flag: True for flag in ("computed", "optional") if one.get(flag)} for name, one in attributes.items()
    }
    inner = {name: {"block": reduced(one.get("block") or {})} for name, one in blocks.items()}
    return {**({"attributes": flags} if flags else {}), **({"block_types": inner} if inner else {})}


def test_the_recorded_schemas_are_those_of_the_provider(warm: Warm, tmp_path: Path) -> None:
    for name in ("versions.tf", ".terraform.lock.hcl"):
        shutil.copy(VERSIONS / name, tmp_path)
    # The warm provider serves the types whose names stand in the files.
    (tmp_path / "main.tf").write_text("".join(f"# {name}\n" for name in SCHEMAS))
    with warm.attached(tmp_path, {}) as environment:
        run(tmp_path, environment, "init", "-input=false", "-no-color", "-backend=false")
        printed = json.loads(run(tmp_path, environment, "providers", "schema", "-json"))
    (found,) = (each["resource_schemas"] for each in printed["provider_schemas"].values())
    assert {name: {"block": reduced(found[name]["block"])} for name in SCHEMAS} == SCHEMAS
