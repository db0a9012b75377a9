"""The audit: an entry for each act of a person, accepted or refused, and for each apply that the daemon made for it.

Entries are written once and never changed: the end of an apply is an entry of its own. Their ids sort as their times.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

DAEMON, OF_DAEMON = "reconciler", "daemon"  # name and proof of the daemon's own acts
APPLY = "apply"
ID = "[0-9]{8}T[0-9]{12}Z-[0-9a-f]{8}"
_MOMENT = "%Y%m%dT%H%M%S%fZ"

Result = Literal["accepted", "refused", "started", "applied", "failed", "unknown"]
"""`accepted` and `refused`: what a person asked for. `started`, `applied`, `failed`: an apply of the daemon.

`failed` is also an accepted act that could not be carried out. `unknown`: the daemon was stopped before it knew the end
of an apply.
"""


@dataclass(frozen=True, slots=True)
class Act:
    """A request of a person, or an apply of the daemon: who (name and its proof), from where, what, on what, why.

    `subject` is an instance, an environment, or `*` for all environments. `options` are what the action was given
    beside a digest, such as `override_window`.
    """

    action: str
    subject: str
    by: str
    proof: str
    peer: str = ""
    reason: str | None = None
    digest: str | None = None
    commit: str | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """The accepted act that an apply follows; `id` is empty where an earlier version kept no entry of it."""

    id: str
    by: str
    proof: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An act and its result. `detail` says why it was refused, or what an apply came to."""

    id: str
    at: datetime
    act: Act
    result: Result
    detail: str = ""
    follows: tuple[Cause, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """A choice of entries: a subject among `subjects` or one that begins with `below`; a name, an action, a result."""

    subjects: tuple[str, ...] = ()
    below: str | None = None
    by: str | None = None
    action: str | None = None
    result: str | None = None

    def matches(self, entry: AuditEntry) -> bool:
        """Return whether the entry is chosen."""
        subject, act = entry.act.subject, entry.act
        anywhere = not self.subjects and self.below is None
        there = subject in self.subjects or (self.below is not None and subject.startswith(self.below))
        wanted = ((self.by, act.by), (self.action, act.action), (self.result, entry.result))
        return (anywhere or there) and all(asked in (None, found) for asked, found in wanted)


def of_instance(key: str) -> AuditFilter:
    """Choose the acts that concern one instance: those on itself, on its environment, and on all environments."""
    return AuditFilter((key, key.partition("/")[0], "*"))


def of_environment(name: str) -> AuditFilter:
    """Choose the acts that concern one environment: those on it, on its instances, and on all environments."""
    return AuditFilter((name, "*"), below=f"{name}/")


def entry_id(at: datetime, random: str) -> str:
    """Return the id of an entry of that time; `random`, eight hexadecimal digits, tells daemons apart."""
    return f"{first_id(at)}-{random}"


def first_id(at: datetime) -> str:
    """Return a text that sorts before the id of every entry of that time, and after those of earlier times."""
    return at.astimezone(UTC).strftime(_MOMENT)


def is_id(text: str) -> bool:
    """Return whether a text has the form of an entry's id."""
    return re.fullmatch(ID, text) is not None


def dump(entry: AuditEntry) -> Mapping[str, Any]:
    """Return the entry as a JSON document."""
    document: Mapping[str, Any] = _ADAPTER.dump_python(entry, mode="json")
    return document


def load(data: Any) -> AuditEntry:
    """Return the entry in a document; fields of a newer version are left out. Raises: ValueError."""
    try:
        return _ADAPTER.validate_python(data)
    except ValidationError as error:
        raise ValueError(f"not an entry of the audit: {error.errors(include_input=False)[0]['msg']}") from None


_ADAPTER = TypeAdapter(AuditEntry)
