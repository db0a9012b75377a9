"""The evaluator answers as AWS's documentation says: every decision beside the page that states it."""

from __future__ import annotations

import pytest

from deploy.local.iam import decide
from tests.iam import published_conditions, published_decisions
from tests.iam.examples import Example

EXAMPLES = [*published_conditions.examples(), *published_decisions.examples()]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.page.rpartition("/")[2])
def test_decision(example: Example) -> None:
    decision = decide(example.request, example.policies)
    assert decision.allowed is example.allowed, f"{decision.reason}\n{example.page}"
    assert decision.reason.startswith(example.request.principal.arn)


def test_there_are_enough_of_them_and_none_twice() -> None:
    assert len(EXAMPLES) >= 60
    assert len({repr(example) for example in EXAMPLES}) == len(EXAMPLES)
    absent = [each for each in EXAMPLES if not each.request.context and "conditions=(Condition" in repr(each.policies)]
    assert len(absent) >= 20
