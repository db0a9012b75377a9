"""What every file under `terraform/` keeps to, read from the code itself; no terraform runs."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest

from desired_state.fargate import SIZES
from tests.terraform.workbench import SOURCE

MODULES = sorted((SOURCE / "modules").iterdir())
ROOTS = [SOURCE / "bootstrap", *sorted((SOURCE / "roots").iterdir())]
EVERY = [*MODULES, *ROOTS]


def blocks(directory: Path, kind: str) -> dict[str, dict[str, Any]]:
    """All blocks of a kind with one label, by name, over the files of a directory."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(directory.glob("*.tf")):
        for block in load(file).get(kind, []):
            found.update({name.strip('"'): content for name, content in block.items()})
    return found


@cache
def load(file: Path) -> dict[str, Any]:
    with file.open() as stream:
        parsed: dict[str, Any] = hcl2.load(stream)
        return parsed


def relative(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("directory", EVERY, ids=relative)
class TestEveryDirectory:
    def test_variables_are_typed_described_and_not_null_by_accident(self, directory: Path) -> None:
        for name, variable in blocks(directory, "variable").items():
            assert variable.get("description", "").strip('"'), name
            assert "any" not in re.findall(r"\w+", str(variable.get("type", "any"))), name
            assert variable.get("nullable") is False or variable.get("default", "none") in (None, "null"), name

    def test_outputs_are_described(self, directory: Path) -> None:
        outputs = blocks(directory, "output")
        assert outputs
        assert [name for name, output in outputs.items() if not output.get("description", "").strip('"')] == []

    def test_nothing_is_looked_up_so_that_a_plan_needs_no_account(self, directory: Path) -> None:
        assert blocks(directory, "data") == {}

    def test_policies_are_written_with_jsonencode(self, directory: Path) -> None:
        assert not any("<<" in file.read_text() for file in directory.glob("*.tf"))

    def test_versions_are_pinned(self, directory: Path) -> None:
        terraform = load(directory / "versions.tf")["terraform"][0]
        allowed = ">= 5.100.0, < 6.0.0" if directory in MODULES else "= 5.100.0"
        assert terraform["required_version"] == '"~> 1.11"'
        assert terraform["required_providers"][0]["aws"]["version"] == f'"{allowed}"'


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_modules_check_their_variables(module: Path) -> None:
    unchecked = [name for name, variable in blocks(module, "variable").items() if "validation" not in variable]
    assert unchecked == []


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_modules_leave_the_provider_to_their_root(module: Path) -> None:
    assert blocks(module, "provider") == {}


@pytest.mark.parametrize("root", ROOTS, ids=relative)
def test_roots_lock_their_provider_and_tag_everything(root: Path) -> None:
    lock = (root / ".terraform.lock.hcl").read_text()
    assert re.search(r'provider "registry\.terraform\.io/hashicorp/aws" \{\s+version\s+= "5\.100\.0"', lock)
    tags = blocks(root, "provider")["aws"]["default_tags"][0]["tags"]
    assert {"Environment", "Owner", "CostCenter", "Compliance", "ManagedBy"} <= {key.strip('"') for key in tags}


@pytest.mark.parametrize("root", sorted((SOURCE / "roots").iterdir()), ids=relative)
def test_states_are_encrypted_locked_and_nowhere_in_particular(root: Path) -> None:
    backend = load(root / "providers.tf")["terraform"][0]["backend"][0]['"s3"']
    settings = {name: value for name, value in backend.items() if not name.startswith("__")}
    assert settings == {"encrypt": True, "use_lockfile": True}


def test_an_environment_is_declared_the_same_everywhere() -> None:
    declared = {relative(directory): blocks(directory, "variable").get("environment") for directory in EVERY}
    texts = {json.dumps(block, sort_keys=True) for block in declared.values() if block}
    assert len(texts) == 1, "copy the block from modules/service/variables.tf"


def test_the_service_root_passes_on_what_the_module_takes() -> None:
    def types(directory: Path) -> dict[str, Any]:
        return {name: variable["type"] for name, variable in blocks(directory, "variable").items() if name != "aws"}

    assert types(SOURCE / "roots/service") == types(SOURCE / "modules/service")


def test_manifests_and_module_know_the_same_fargate_sizes() -> None:
    text = (SOURCE / "modules/service/locals.tf").read_text()
    listed = {256: tuple(int(n) for n in re.findall(r"\d+", re.search(r'"256".*\[(.*)\]', text)[1]))}  # type: ignore[index]  # it is there
    for cpu, first, last, step in re.findall(r'"(\d+)"\s*= range\((\d+), (\d+) \+ 1, (\d+)\)', text):
        listed[int(cpu)] = tuple(range(int(first), int(last) + 1, int(step)))
    assert listed == {cpu: tuple(sizes) for cpu, sizes in SIZES.items()}
    assert sum(len(sizes) for sizes in listed.values()) == 74
