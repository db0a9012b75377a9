"""The delivery pages name existing things: commands of the reconciler with their options, and calls of AWS."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import boto3
import pytest
from botocore import xform_name

from reconciler.cli.program import build

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("delivery.md", "troubleshooting.md")


def commands(program: str) -> list[list[str]]:
    """Every indented line of the pages that begins with a program."""
    text = "\n".join((DOCS / page).read_text() for page in PAGES)
    return [shlex.split(line) for line in re.findall(rf"^ {{4,}}({program} .*)$", text, re.MULTILINE)]


@pytest.mark.parametrize("command", commands("reconciler"), ids=" ".join)
def test_commands_of_the_reconciler_parse(command: list[str]) -> None:
    parsed, _, _ = build().parse_args(command[1:], exit_on_error=False, print_error=False)
    assert parsed.__name__ == command[1]


@pytest.mark.parametrize("command", commands("aws"), ids=" ".join)
def test_calls_of_aws_have_their_operation_and_parameters(command: list[str]) -> None:
    _, service, operation, *rest = command
    client = boto3.client(service, region_name="eu-central-1")  # type: ignore[call-overload]  # by name
    (name,) = (n for n in client.meta.service_model.operation_names if xform_name(n, "-") == operation)
    shape = client.meta.service_model.operation_model(name).input_shape
    options = {xform_name(member, "-"): member for member in shape.members}
    given = [option.removeprefix("--") for option in rest if option.startswith("--")]
    assert set(given) <= set(options)
    assert {options[option] for option in given} >= set(shape.required_members)


def test_there_are_commands_to_check() -> None:
    assert len(commands("reconciler")) >= 5
    assert len(commands("aws")) >= 3


def test_the_messages_of_a_build_that_the_page_explains_are_those_of_the_buildspec() -> None:
    page = (DOCS / "troubleshooting.md").read_text()
    spec = (DOCS.parent / "terraform/modules/service/templates/buildspec.yml.tftpl").read_text()
    for message in (
        "is on no branch",
        "not a commit",
        "was not pushed. Tags here never change",
        "pytest found no tests",
    ):
        assert message in page
        assert message in spec
