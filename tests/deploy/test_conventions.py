"""Conventions of all roots, checked on the daemon's own Terraform without running it."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.ecs import SOURCE
from tests.terraform.configuration import blocks, load
from tests.terraform.workbench import SOURCE as TERRAFORM

ROOTS = [SOURCE, SOURCE / "target-account"]


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
class TestEveryRoot:
    def test_variables_are_typed_described_validated_and_not_nullable_by_accident(self, root: Path) -> None:
        for name, variable in blocks(root, "variable").items():
            assert variable["description"].strip('"'), name
            assert "any" not in str(variable["type"]).split("("), name
            assert "validation" in variable, name
            assert variable.get("nullable") is False or variable["default"] in (None, "null"), name

    def test_outputs_are_described(self, root: Path) -> None:
        outputs = blocks(root, "output")
        assert outputs
        assert all(output["description"].strip('"') for output in outputs.values())

    def test_there_are_no_data_sources_so_that_a_plan_needs_no_account(self, root: Path) -> None:
        assert blocks(root, "data") == {}

    def test_it_uses_the_same_provider_as_every_other_root(self, root: Path) -> None:
        for file in ("versions.tf", ".terraform.lock.hcl"):
            assert (root / file).read_text() == (TERRAFORM / "roots/platform" / file).read_text()

    def test_the_backend_is_encrypted_and_locked_without_a_fixed_location(self, root: Path) -> None:
        backend = load(root / "providers.tf")["terraform"][0]["backend"][0]['"s3"']
        assert {name: value for name, value in backend.items() if not name.startswith("__")} == {
            "encrypt": True,
            "use_lockfile": True,
        }

    def test_everything_is_tagged(self, root: Path) -> None:
        tags = blocks(root, "provider")["aws"]["default_tags"][0]["tags"]
        assert {"Environment", "Owner", "CostCenter", "Compliance", "ManagedBy"} <= {key.strip('"') for key in tags}


def test_variables_of_both_roots_have_the_same_type_and_validation() -> None:
    one, other = (blocks(root, "variable") for root in ROOTS)
    for name in ("account", "aws", "tags"):
        assert one[name]["type"] == other[name]["type"]
        assert one[name]["validation"] == other[name]["validation"]
