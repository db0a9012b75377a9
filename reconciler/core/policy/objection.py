"""A judge outside of the daemon, asked about every plan that would change something.

It is a program of the platform engineers' choice. Whatever keeps it from saying yes is a no.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.core.redaction import known_secrets
from reconciler.core.redaction.redactor import Redactor

_LONGEST = 600


def objection(said: str, document: Mapping[str, Any], redactor: Redactor) -> str:
    """What a judge said, as people may read it: without the plan's secrets, in one line of 600 characters at most."""
    secrets = known_secrets.of_plan(document) | known_secrets.of_containers(document)
    line = " ".join(redactor.text(said, *secrets).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
