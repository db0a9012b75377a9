"""Every policy that the roots make is one that AWS can meet: known actions, keys that they have, fitting resources."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.iam.planned import Document, documents_in
from tests.iam.reference import faults, listed
from tests.terraform.plans import Plan

# The roots whose policies the reference is held against; each of them makes some.
ROOTS = {
    "deploy/ecs", "deploy/ecs/target-account", "terraform/bootstrap",
    "terraform/roots/account", "terraform/roots/platform", "terraform/roots/service",
}  # fmt: skip


def _all(planned: dict[str, Plan]) -> Iterator[tuple[str, Document]]:
    return ((title, document) for title, plan in planned.items() for document in documents_in(plan))


def test_actions_resources_and_keys_are_those_of_the_service_authorization_reference(planned: dict[str, Plan]) -> None:
    assert {title.partition(":")[0] for title, _ in _all(planned)} == ROOTS
    found = {
        (title.partition(":")[0], document.address, fault)
        for title, document in _all(planned)
        for fault in faults(document.content)
    }
    assert found == set()


@pytest.mark.parametrize("mutation", ["action", "key", "scope"])
def test_a_broken_statement_of_any_policy_is_found(planned: dict[str, Plan], mutation: str) -> None:
    broken = 0
    last_tier = {title: plan for title, plan in planned.items() if ":once" in title or ":prod" in title}
    for _, document in _all(last_tier):
        for place in range(len(document.content["Statement"])):
            mutant = deepcopy(document.content)
            if _break(mutant["Statement"][place], mutation):
                broken += 1
                assert list(faults(mutant)) != [], mutant["Statement"][place]
    assert broken >= 40


def _break(statement: dict[str, Any], mutation: str) -> bool:
    """Put in an action that does not exist, a key of another service, or the ARN of a thing that is no resource."""
    if mutation == "action":
        element = "NotAction" if "NotAction" in statement else "Action"
        statement[element] = [*listed(statement[element]), "ecs:RestartService"]
    elif mutation == "key":
        if listed(statement.get("Action")) == ["*"]:
            return False
        statement.setdefault("Condition", {}).setdefault("StringEquals", {})["lightsail:Nothing"] = "x"
    else:
        if statement["Effect"] == "Deny" or "Resource" not in statement:
            return False
        statement["Resource"] = "arn:aws:lightsail:eu-central-1:123456789012:thing/x"
    return True
