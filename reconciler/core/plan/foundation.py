"""The foundation of a dry run's services: the outputs of their platform, and how much is known of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OUTPUT = "platform"


@dataclass(frozen=True, slots=True)
class Known:
    """The outputs that services are planned with. `planned`: an apply of the platform would not change them."""

    outputs: Mapping[str, Any]
    planned: bool = True


@dataclass(frozen=True, slots=True)
class NeverApplied:
    """The platform does not exist yet, and neither does any service on it."""


@dataclass(frozen=True, slots=True)
class NotKnown:
    """The platform could not be read, so nothing is known of what runs on it."""

    why: str


Foundation = Known | NeverApplied | NotKnown


def foundation(document: Mapping[str, Any]) -> Foundation:
    """Read the foundation from the JSON form of a platform's plan.

    Outputs that the plan leaves open are still those of the state until it is applied.
    """
    planned = _output(document.get("planned_values"))
    if planned is not None:
        return Known(planned)
    present = _output((document.get("prior_state") or {}).get("values"))
    return NeverApplied() if present is None else Known(present, planned=False)


def _output(values: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    output = ((values or {}).get("outputs") or {}).get(_OUTPUT) or {}
    value: Mapping[str, Any] | None = None if output.get("sensitive") else output.get("value")
    return value
