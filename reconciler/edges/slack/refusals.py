"""The incidents whose notice Slack refused, and when each is tried again.

A refusal lasts until a person ends it (invites the app, sets another token), which the daemon cannot see. So a refused
notice counts as not sent and is tried again, at first after a minute, then at growing intervals.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST, LONGEST = timedelta(minutes=1), timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Refused:
    due: datetime
    wait: timedelta


class Refusals:
    """The refused incidents by name. `now` is the clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._refused: dict[str, _Refused] = {}

    def add(self, names: Iterable[str]) -> None:
        """Note that the notices of these incidents were refused."""
        for name in names:
            before = self._refused.get(name)
            wait = min(before.wait * 2, LONGEST) if before else FIRST
            self._refused[name] = _Refused(self._now() + wait, wait)

    def remove(self, names: Iterable[str]) -> None:
        """Note that the notices of these incidents were sent."""
        for name in names:
            self._refused.pop(name, None)

    def due(self) -> frozenset[str]:
        """Return the incidents to try again now."""
        now = self._now()
        return frozenset(name for name, refused in self._refused.items() if refused.due <= now)
