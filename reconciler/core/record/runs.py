"""Terraform runs whose end is not known yet: what a crash leaves behind, and where recovery begins."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """The owner of a Terraform run: `who` as Terraform writes it into a lock (`user@host`), and its ECS task, if
    any.
    """

    who: str
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A Terraform run whose end is not known yet: it may hold the state's lock."""

    holder: Holder
    at: datetime


@dataclass(frozen=True, slots=True)
class Intent:
    """The intent to apply, written before an apply starts and cleared when its end is known.

    An intent that is found at start-up means a crash. `lock_id` is the state lock that the apply was seen to hold; None
    until it was seen. `creates` are the addresses that it would create.
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
    """A state on its way from the name `source` in the same environment; `done` once it exists under the new name
    alone.
    """

    source: str
    done: bool = False
