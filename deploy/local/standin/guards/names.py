"""Names that live on after a delete.

A secret keeps its name for its recovery window. An alias of a key, a role and a log group are free at once. Cloud Map
deletes a namespace in the background, and its API reference says nothing about the name, so nothing is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.secretsmanager.models import secretsmanager_backends

from deploy.local.standin.guards.guard import Guard, Place, Refused


def secret(parameters: Mapping[str, Any], place: Place) -> None:
    found = place.backend(secretsmanager_backends).secrets.get(parameters["Name"])
    if found is not None and getattr(found, "deleted_date", None):
        raise Refused(
            "InvalidRequestException",
            "You can't create this secret because a secret with this name is already scheduled for deletion.",
        )


GUARDS = (
    Guard(
        "secretsmanager", "CreateSecret", "InvalidRequestException",
        "the name of a deleted secret exists, which is another error",
        "docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html", secret,
    ),
)  # fmt: skip
