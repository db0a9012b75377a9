"""The floor of an environment: what its platform engineers fixed, so that a manifest can only be stricter."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from desired_state.kinds.policy import Ignore, Mode, Policy, Window

_STRICTNESS: Mapping[Mode, int] = {"auto": 0, "approve": 1, "observe": 2}


@dataclass(frozen=True, slots=True)
class EffectiveMode:
    """The mode by which an instance is reconciled, and what decided it: its manifest, or the environment's floor."""

    mode: Mode
    origin: Literal["manifest", "floor"]


@dataclass(frozen=True, slots=True)
class Floor:
    """Settings that a manifest cannot loosen; the defaults leave everything to the manifests.

    `prune`, `observe` and `suspend` say whether a manifest may have its instance pruned, only observed, or left alone.
    `interval` is the longest time between two drift checks, `ignore` how far ahead an ignore rule may reach,
    `approvals` how many people have to approve a plan, `author_may_approve` whether its author is one of them, `reason`
    whether an act of a person needs one.
    """

    mode: Mode = "auto"
    prune: bool = True
    observe: bool = True
    suspend: bool = True
    interval: timedelta | None = None
    ignore: timedelta | None = None
    windows: tuple[Window, ...] = ()
    approvals: int = 1
    author_may_approve: bool = True
    reason: Literal["optional", "required"] = "optional"

    def effective_mode(self, declared: Mode) -> EffectiveMode:
        """Return the stricter mode of the floor and of a manifest; the manifest's where both are the same.

        A manifest that may not be only observed is approved instead: observing ends the enforcement of what Git asks.
        """
        allowed: Mode = "approve" if declared == "observe" and not self.observe else declared
        mode = max(allowed, self.mode, key=_STRICTNESS.__getitem__)
        return EffectiveMode(mode, "manifest" if mode == declared else "floor")

    def suspends(self, treatment: Policy) -> bool:
        """Return whether the manifest suspends its instance. An operator may, whatever the floor says."""
        return treatment.suspend and self.suspend

    def interval_of(self, treatment: Policy) -> timedelta:
        """Return the time between two drift checks."""
        return min(treatment.interval, self.interval or treatment.interval)

    def ignored(self, treatment: Policy, now: datetime) -> Sequence[Ignore]:
        """Return the ignore rules that are in force, apart from their own end; one that reaches too far never is."""
        if self.ignore is None:
            return treatment.ignore
        latest = (now + self.ignore).date()
        return [rule for rule in treatment.ignore if rule.until <= latest]

    def is_open(self, treatment: Policy, now: datetime) -> bool:
        """Return whether a change window of the floor and one of the manifest are open, where they have any."""
        both = (self.windows, treatment.windows)
        return all(any(window.contains(now) for window in windows) for windows in both if windows)

    def has_windows(self, treatment: Policy) -> bool:
        """Return whether changes wait for a window at all."""
        return bool(self.windows or treatment.windows)


NO_FLOOR = Floor()
PROD_FLOOR = Floor(
    mode="approve",
    observe=False,
    suspend=False,
    interval=timedelta(hours=1),
    ignore=timedelta(days=90),
    author_may_approve=False,
)
