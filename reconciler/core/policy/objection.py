"""The external policy check: a program of the platform engineers' choice, asked about every plan with changes.

Anything that keeps it from answering yes counts as a no.
"""

from collections.abc import Mapping
from typing import Any

from reconciler.core.redaction import known_secrets
from reconciler.core.redaction.redactor import Redactor
from reconciler.core.wording import shortened

_LONGEST = 600


def objection(said: str, document: Mapping[str, Any], redactor: Redactor) -> str:
    """Return the check's answer for readers: without the plan's secrets, on one line of at most 600 characters."""
    secrets = known_secrets.of_plan(document) | known_secrets.of_environments(document)
    line = " ".join(redactor.text(said, *secrets).split())
    return shortened(line, _LONGEST)
