"""Definitions that teams run with other tools are valid manifests, or refused for a reason that the message names."""

import re
from pathlib import Path

import pytest

from tests.desired_state.definitions import REFUSED, WAITING, Definition, definitions, validated

PAGE = (Path(__file__).parents[2] / "docs" / "real-definitions.md").read_text()
DEFINITIONS = definitions()


def test_there_are_sixteen() -> None:
    assert len(DEFINITIONS) == 16
    assert WAITING.keys() | REFUSED.keys() <= {one.name for one in DEFINITIONS}


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: one.name)
def test_each_is_valid_or_refused_for_its_reason(definition: Definition) -> None:
    problems = [problem.message for problem in validated(definition.text).problems]
    reason = REFUSED.get(definition.name)
    as_expected = problems == [] if reason is None else len(problems) == 1 and reason in problems[0]
    if definition.name in WAITING:
        assert not as_expected, f"{definition.name} is as expected now: take it off WAITING"
    else:
        assert as_expected, problems


def test_the_table_of_the_page_is_true() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (.*?) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    assert rows == [(one.name, one.said("Features"), one.said("Corrected"), one.result) for one in DEFINITIONS]
