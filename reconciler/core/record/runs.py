"""Runs of Terraform whose end is not known yet: what a crash leaves behind, and what recovery begins with."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """Who runs Terraform: `who` as Terraform writes it into a lock (`user@host`), and the ECS task, if it is one."""

    who: str
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A Terraform run whose end is not known yet: it may hold the state's lock."""

    holder: Holder
    at: datetime


@dataclass(frozen=True, slots=True)
class Intent:
    """Written before an apply starts, cleared when its end is known. One that is found at start means a crash.

    `lock_id` is the state lock that the apply was seen to hold; None until it was seen. `creates` are the addresses
    that it would make.
    """

    pass_id: str
    desired_digest: str
    plan_digest: str
    destroys: bool
    at: datetime
    holder: Holder | None = None
    lock_id: str | None = None
    creates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Move:
    """A state on its way from the name `source` in the same environment; `done` once it is here alone."""

    source: str
    done: bool = False
