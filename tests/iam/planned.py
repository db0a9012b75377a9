"""Policies as plans have them: every attribute that holds a policy document, with the resource that it is of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.terraform.plans import Plan


@dataclass(frozen=True, slots=True)
class Document:
    """A policy document: the address and type of its resource, and the attribute that holds it."""

    address: str
    kind: str
    attribute: str
    content: Any


def documents_in(plan: Plan) -> Iterator[Document]:
    """Yield the policy documents of a plan whose text is known before the apply."""
    for resource in plan.resources:
        for attribute, value in resource.values.items():
            if isinstance(value, str) and '"Statement"' in value:
                yield Document(resource.address, resource.type, attribute, json.loads(value))
