"""`docs/requirements.md`, from the tasks and the properties."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reconciler.core.verification.finding import STATEMENTS
from tests.requirements.entry import Property, Task
from tests.requirements.properties import PROPERTIES
from tests.requirements.tasks import TASKS

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/requirements.md"
HEAD = (
    "# Requirements\n\n"
    "What the Terraform code has to do, where it is done, and what proves it. Written by "
    "`python -m tests.requirements`; a test\nchecks that it is current, that every path exists and that every property "
    "has its test.\n\n"
    "A property is asserted on a hundred generated instances planned by the real Terraform and provider, and has to "
    "fail when the\ncode is broken on purpose: `make properties` runs all of them "
    "([how](../tests/terraform/properties/README.md)).\n"
    "Nothing was deployed to a real AWS account: tests apply to the [stand-in](../deploy/local/standin). What can be "
    "held against a\nlive account is marked `verify`: `reconciler verify ENVIRONMENT` does so, and changes nothing.\n"
)


def render() -> str:
    tasks = "\n".join(map(_task, TASKS))
    properties = "\n".join(map(_property, PROPERTIES))
    return (
        f"{HEAD}\n## Tasks\n\n| task | | done by | proven by |\n|---|---|---|---|\n{tasks}\n"
        f"\n## Properties\n\n| property | | about | proven by | live |\n|---|---|---|---|---|\n{properties}\n"
    )


def _task(task: Task) -> str:
    numbers = ", ".join(map(str, task.properties))
    proofs = [f"{'properties' if len(task.properties) > 1 else 'property'} {numbers}"] if numbers else []
    proofs += map(_path, task.tests)
    return f"| {task.number} | {task.title} | {_paths(task.files)} | {', '.join(proofs)} |"


def _property(entry: Property) -> str:
    live = "`verify`" if entry.number in STATEMENTS else ""
    return f"| {entry.number} | {entry.title} | {_paths(entry.files)} | `{entry.test}…` | {live} |"


def _paths(paths: Sequence[str]) -> str:
    return ", ".join(map(_path, paths))


def _path(path: str) -> str:
    return f"`{path}`"
