"""A plan in counts and phrases, and as a record stores it."""

import pytest

from reconciler.core.plan.model import IMPORT, ResourceSummary, counts, describe, describe_counts, operation, summarise
from reconciler.core.plan.read import read
from reconciler.core.redaction.redactor import Redactor
from tests.core.documents import change, document
from tests.core.instances import NOW

REDACTOR = Redactor(b"a key for tests")
CREATED = change("aws_vpc.a", ["create"], None, {"x": 1})
ADOPTED = change("aws_vpc.b", ["no-op"], {"x": 1}, {"x": 1}, importing={"id": "vpc-1"})
CHANGED = change("aws_vpc.c", ["update"], {"x": 1}, {"x": 2}, importing={"id": "vpc-2"})


@pytest.mark.parametrize(
    ("actions", "word"),
    [
        (["create"], "create"),
        (["update"], "update"),
        (["no-op"], "update"),
        (["delete"], "destroy"),
        (["forget"], "destroy"),
        (["create", "delete"], "replace"),
        (["delete", "create"], "replace"),
        ([IMPORT], "import"),
        ([IMPORT, "update"], "import"),
        ([IMPORT, "delete", "create"], "replace"),
    ],
)
def test_terraforms_actions_are_one_word(actions: list[str], word: str) -> None:
    assert operation(actions) == word
    counted = counts([ResourceSummary("a.b", tuple(actions), {})] * 2)
    assert {name: count for name, count in counted.items() if count} == {word: 2}
    assert describe_counts(counted) == f"2 to {word}"


def test_a_plan_that_changes_outputs_alone_says_so() -> None:
    assert describe_counts(counts([])) == "outputs change"


def test_imports_go_first_and_each_counts_once() -> None:
    plan = read(document(CREATED, CHANGED, ADOPTED), REDACTOR)
    stored = summarise(plan, drift=(), now=NOW)
    assert [(item.address, item.actions) for item in stored.changes] == [
        ("aws_vpc.c", (IMPORT, "update")),
        ("aws_vpc.b", (IMPORT,)),
        ("aws_vpc.a", ("create",)),
    ]
    assert stored.changes[0].attributes == {IMPORT: (None, "vpc-2"), "x": (1, 2)}
    assert (stored.digest, stored.drift, stored.at) == (plan.digest, (), NOW)
    assert describe(plan) == "2 to import, 1 to create"
