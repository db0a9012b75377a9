"""Wrong input, class by class: the plan is refused, with a message that names the variable and the value.

    WRONG = [Refusal("network.nat", st.sampled_from(["two", ""])), …]

    @pytest.mark.parametrize("refusal", WRONG, ids=str)
    def test_wrong_input_is_refused(laboratory: Laboratory, refusal: Refusal) -> None:
        refused(laboratory, NETWORK, refusal)

A class is one plan of a few instances that are right but for one variable, each with another wrong value.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import strategies as st

from tests.terraform.inputs import Variables, but
from tests.terraform.properties.laboratory import Laboratory
from tests.terraform.properties.proof import anywhere
from tests.terraform.properties.subjects import Subject, draw
from tests.terraform.runs import Refused

VALUES = 5


@dataclass(frozen=True, slots=True)
class Refusal:
    """`field` is the variable, or a field of it as in `network.nat`. `says` is what else the message contains.
    `where` picks the instances in which the values are wrong, for what is wrong only in some."""

    field: str
    values: st.SearchStrategy[Any]
    says: tuple[str, ...] = ()
    where: Callable[[Variables], bool] = anywhere
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.field

    def applied(self, variables: Variables, value: Any) -> Variables:
        *path, last = self.field.split(".")
        change: Variables = {last: value}
        for part in reversed(path):
            change = {part: change}
        return but(variables, **change)


def refused(laboratory: Laboratory, subject: Subject, refusal: Refusal) -> None:
    """Plan the class. Fails when Terraform takes a value, or does not say which one it refuses."""
    values = draw(refusal.values, VALUES, laboratory.seed)
    plans = ([given for given in plan if refusal.where(given)] for plan in laboratory.generated(subject))
    right = next((found for found in plans if found), [])
    assert right, f"no instance in which {refusal} can be wrong"
    wrong = [refusal.applied(right[index % len(right)], value) for index, value in enumerate(values)]
    with pytest.raises(Refused) as refusing:
        laboratory.plan(subject, wrong)
    messages = [text for _, text in refusing.value.messages]
    for value in values:
        expected = (refusal.field, as_told(value), *refusal.says)
        assert any(all(part in message for part in expected) for message in messages), (
            f"no message says {expected}: {messages}"
        )


def as_told(value: Any) -> str:
    """A value as the messages of the modules show it."""
    text = f'"{value}"' if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return " ".join(text.split())
