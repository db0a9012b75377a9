"""Conventions of all Terraform code in `terraform/` and `deploy/`, read from the code itself; no terraform runs.

The rules are those that tflint and its AWS rules check for the modules of the registry, and a few of our own.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from desired_state.kinds.service.fargate import SIZES
from tests.terraform import readme
from tests.terraform.configuration import (
    PROJECT,
    blocks,
    blocks_of,
    directories,
    files,
    is_module,
    load,
    local_names,
    resources,
    text,
)
from tests.terraform.workbench import SOURCE

EVERY = directories()
MODULES = [directory for directory in EVERY if is_module(directory)]
EXAMPLES = [directory for directory in EVERY if directory.parent == SOURCE / "examples"]
ROOTS = [directory for directory in EVERY if directory not in (*MODULES, *EXAMPLES)]
OURS = [*MODULES, *ROOTS]
VALIDATION = re.compile(r"^  validation \{\n.*?^  \}\n", re.MULTILINE | re.DOTALL)
SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
# What has its rules or policies beside it leaves room for additions that no plan sees.
BESIDE = {
    "aws_security_group_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_security_group_egress_rule",
    "aws_iam_policy_attachment",
}


def relative(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("directory", OURS, ids=relative)
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

    def test_files_have_the_names_that_readers_look_for(self, directory: Path) -> None:
        names = {file.name for file in files(directory)}
        assert {"variables.tf", "outputs.tf", "versions.tf"} <= names
        assert {"main.tf", f"{directory.name}.tf"} & names, "where does one begin to read?"
        strays = [
            file.name
            for file in files(directory)
            if (blocks_of(file, "variable") and not file.name.startswith("variables"))
            or (blocks_of(file, "output") and not file.name.startswith("outputs"))
        ]
        assert strays == []

    def test_names_are_snake_case(self, directory: Path) -> None:
        kinds = ("variable", "output", "module")
        names = {name for kind in kinds for name in blocks(directory, kind)} | local_names(directory)
        names |= {name for _, name, _ in resources(directory)}
        assert [name for name in sorted(names) if not SNAKE_CASE.fullmatch(name)] == []

    def test_nothing_is_declared_for_nobody(self, directory: Path) -> None:
        code = text(directory)
        # A variable that only its validation reads changes nothing.
        unused = {f"var.{name}" for name in blocks(directory, "variable")} - used(VALIDATION.sub("", code))
        unused |= {f"local.{name}" for name in local_names(directory)} - used(code)
        assert unused == set()

    def test_rules_and_policies_are_owned_as_a_whole(self, directory: Path) -> None:
        made = [(kind, name, content) for kind, name, content in resources(directory)]
        kinds = {kind for kind, _, _ in made}
        assert kinds & BESIDE == set()
        roles = {name for kind, name, _ in made if kind == "aws_iam_role"}
        for exclusive in ("aws_iam_role_policies_exclusive", "aws_iam_role_policy_attachments_exclusive"):
            owned = {str(content["role_name"]) for kind, _, content in made if kind == exclusive}
            assert [role for role in roles if not any(f"aws_iam_role.{role}" in name for name in owned)] == [], (
                exclusive
            )
        deprecated = {"inline_policy", "managed_policy_arns"}
        assert [name for kind, name, content in made if kind == "aws_iam_role" and deprecated & set(content)] == []

    def test_the_readme_says_what_the_code_says(self, directory: Path) -> None:
        path = directory / "README.md"
        assert path.exists(), "run `make format`"
        assert path.read_text() == readme.readme(directory), "run `make format`"

    def test_versions_are_pinned(self, directory: Path) -> None:
        terraform = load(directory / "versions.tf")["terraform"][0]
        allowed = ">= 5.100.0, < 6.0.0" if directory in MODULES else "= 5.100.0"
        assert terraform["required_version"] == '"~> 1.11"'
        assert terraform["required_providers"][0]["aws"]["version"] == f'"{allowed}"'


def used(code: str) -> set[str]:
    """Return the variables and locals that code refers to."""
    return set(re.findall(r"\b(?:var|local)\.\w+", code))


def has_domain(variable: dict[str, Any]) -> bool:
    return variable["type"] not in ("bool", "${bool}")


@pytest.mark.parametrize("module", MODULES, ids=relative)
def test_modules_check_their_variables(module: Path) -> None:
    unchecked = [
        name
        for name, variable in blocks(module, "variable").items()
        if has_domain(variable) and "validation" not in variable
    ]
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
    declared = {relative(directory): blocks(directory, "variable").get("environment") for directory in OURS}
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
