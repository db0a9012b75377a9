"""Permissions recorded on an instance: a root tree to take, an apply outside its windows, decisions on plans."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

_LASTS = timedelta(hours=1)  # an override that no visit used up does not open a window days later


@dataclass(frozen=True, slots=True)
class Promoted:
    """`tree_id` is the newest root tree that the instance may take; `settled` says that it is applied and healthy.

    `held` is the reason why the tree that Git asks for is held back, None while it is not. `asked`: an operator let the
    instance through, so it takes no place in the rollout and waits for none.
    """

    tree_id: str
    settled: bool = False
    held: str | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class WindowOverride:
    """A permission to apply outside the change windows in one pass, with its author and reason. That pass uses
    it up.
    """

    by: str
    reason: str
    at: datetime

    def is_open(self, now: datetime) -> bool:
        """Return whether it can still be used."""
        return now - self.at < _LASTS

    def describe(self) -> str:
        """Describe the override in a phrase."""
        return f"outside its window, by {self.by}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Authorship:
    """A commit that changed what Git asks for, and its author as the commit says it.

    `signer` is the owner of the key that signed it, None unless Git knows the key and trusts it.
    """

    commit: str
    name: str
    email: str
    signer: str | None = None


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's approval of exactly the plan with this digest; of several people's, the last one."""

    plan_digest: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's part in the approval of a plan: the person's names, and whether the caller proved to be that person.

    Approvals that former versions stored have none, and count as not proven.
    """

    by: str
    at: datetime
    identities: tuple[str, ...] = ()
    proven: bool = False

    def after(self, before: Iterable["Consent"]) -> tuple["Consent", ...]:
        """Return the consents before this one, without one of the same person, and this one at the end."""
        mine = (self.by, self.proven)
        return (*(one for one in before if (one.by, one.proven) != mine), self)


@dataclass(frozen=True, slots=True)
class Rejection:
    """A person's rejection of exactly the plan with this digest, so that it is not offered again."""

    plan_digest: str
    by: str
    at: datetime
