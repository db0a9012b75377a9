"""One refusal that depends on what exists: an operation, its reason and source, and the function that refuses.

A guard sees the parameters of a call, as botocore's model names them, before moto does. Most only look; what AWS makes
on the side, such as a service-linked role, a guard makes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deploy.local.standin.guards.settings import Settings


@dataclass(frozen=True, slots=True)
class Place:
    """The account and region of a call, with what the stand-in was told about them."""

    account: str
    region: str
    settings: Settings = field(default_factory=Settings)

    def backend(self, backends: Any) -> Any:
        """Return moto's state of one service, here; of global services, that of the partition."""
        return backends[self.account][self.region]

    def partition_backend(self, backends: Any) -> Any:
        return backends[self.account]["aws"]


class Refused(Exception):
    """A refusal: AWS's error code and message."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Guard:
    service: str  # by botocore's name
    operation: str
    code: str
    reason: str
    source: str
    check: Callable[[Mapping[str, Any], Place], None]
