"""A freeze: a stop of all applies, in one environment or everywhere, with its reason.

Drift checks go on: plans are made, drift is found and reported, approvals are recorded. Only applies wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

EVERYWHERE = "*"  # what no environment is called


@dataclass(frozen=True, slots=True)
class Freeze:
    """A freeze: its author, reason and time. `environment` None: all environments."""

    environment: str | None
    by: str
    reason: str
    at: datetime

    @property
    def name(self) -> str:
        """Return the name it is stored under: the environment, or `*` for all."""
        return self.environment or EVERYWHERE

    def describe(self) -> str:
        """Describe the freeze in a phrase, with the command that ends it."""
        where, command = (f"{self.environment} is", f" {self.environment}") if self.environment else ("all is", "")
        return (
            f"{where} frozen by {self.by} since {self.at:%Y-%m-%d %H:%M} UTC: {self.reason};"
            f" `reconciler unfreeze{command}` ends it"
        )


class Frozen(Exception):
    """The environment was frozen after the verdict and before the apply."""

    def __init__(self, freeze: Freeze) -> None:
        super().__init__(freeze.describe())


def dump(freeze: Freeze) -> Mapping[str, Any]:
    """Return the freeze as a JSON document."""
    document: Mapping[str, Any] = _ADAPTER.dump_python(freeze, mode="json")
    return document


def load(data: Any) -> Freeze:
    """Return the freeze in a document. Raises: ValueError when it is not one."""
    try:
        return _ADAPTER.validate_python(data)
    except ValidationError as error:
        raise ValueError(f"not a freeze: {error.errors()[0]['msg']}") from None


_ADAPTER = TypeAdapter(Freeze)
