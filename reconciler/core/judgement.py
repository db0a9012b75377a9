"""A judge outside of the daemon, asked about every plan that would change something.

It is a program of the platform engineers' choice. Whatever keeps it from saying yes is a no.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.core.redaction import known_secrets
from reconciler.core.redaction.redactor import Redactor

_LONGEST = 600


class Judge(Protocol):
    """Who allows or denies plans."""

    async def denies(self, document: Mapping[str, Any], key: Key, environment: Environment) -> str | None:
        """Why the plan must not be applied, in the judge's own words; None when it may.

        `document` is the JSON form of the plan. The answer can quote its secrets.
        """
        ...


def objection(said: str, document: Mapping[str, Any], redactor: Redactor) -> str:
    """What a judge said, as people may read it: without the plan's secrets, in one line of 600 characters at most."""
    secrets = known_secrets.of_plan(document) | known_secrets.of_containers(document)
    line = " ".join(redactor.text(said, *secrets).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
