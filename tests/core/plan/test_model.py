"""A plan in counts and phrases, and as a record stores it."""

import pytest

from reconciler.core.plan.model import describe, summarise
from reconciler.core.plan.read import read
from reconciler.core.plan.summary import DEFER, IMPORT, INVOKE, OUTPUT, READDRESS, UNNAMED, counts, operation, phrase
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
        (["forget"], "forget"),
        (["create", "forget"], "replace"),
        ([READDRESS], "move"),
        ([READDRESS, "update"], "update"),
        ([READDRESS, "delete", "create"], "replace"),
        ([INVOKE], "invoke"),
        ([DEFER, "create"], "defer"),
        ([DEFER, INVOKE], "defer"),
        (["create", "delete"], "replace"),
        (["delete", "create"], "replace"),
        ([IMPORT], "import"),
        ([IMPORT, "update"], "import"),
        ([IMPORT, "delete", "create"], "replace"),
    ],
)
def test_terraforms_actions_are_one_word(actions: list[str], word: str) -> None:
    assert operation(actions) == word
    assert {name: count for name, count in counts([actions] * 2).items() if count} == {word: 2}
    assert phrase([actions] * 2) == f"2 to {word}"


def test_entries_that_are_no_resources_are_described_where_they_are_alone() -> None:
    assert [phrase(entries) for entries in ([], [[OUTPUT]], [[UNNAMED]], [[OUTPUT], ["create"]])] == [
        "no changes",
        "outputs change",
        "changes that Terraform does not name",
        "1 to create",
    ]


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
