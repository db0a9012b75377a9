"""A freeze: somebody said that nothing is to be applied, in one environment or everywhere, and why.

Looking goes on: plans are made, drift is found and reported, approvals are given. Only the apply waits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

EVERYWHERE = "*"  # what no environment is called


@dataclass(frozen=True, slots=True)
class Freeze:
    """Who froze what, when and why. `environment` None: all of them."""

    environment: str | None
    by: str
    reason: str
    at: datetime

    @property
    def name(self) -> str:
        """What it is kept under: the environment, or what stands for all."""
        return self.environment or EVERYWHERE

    def describe(self) -> str:
        """The freeze in a phrase, with the command that ends it."""
        where, command = (f"{self.environment} is", f" {self.environment}") if self.environment else ("all is", "")
        return (
            f"{where} frozen by {self.by} since {self.at:%Y-%m-%d %H:%M} UTC: {self.reason};"
            f" `reconciler unfreeze{command}` ends it"
        )


class Frozen(Exception):
    """What was about to be applied is frozen since."""

    def __init__(self, freeze: Freeze) -> None:
        super().__init__(freeze.describe())


def dump(freeze: Freeze) -> Mapping[str, Any]:
    """The freeze as a JSON document."""
    document: Mapping[str, Any] = _ADAPTER.dump_python(freeze, mode="json")
    return document


def load(data: Any) -> Freeze:
    """The freeze in a document. Raises: ValueError when it is not one."""
    try:
        return _ADAPTER.validate_python(data)
    except ValidationError as error:
        raise ValueError(f"not a freeze: {error.errors()[0]['msg']}") from None


_ADAPTER = TypeAdapter(Freeze)
