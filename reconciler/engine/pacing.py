"""Pacing of drift checks: keeps them within their account's budget of AWS calls."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from desired_state.instance import Key
from reconciler.core.schedule.budget import Budget, expected_calls, is_drift_check
from reconciler.core.schedule.visits import Visit
from reconciler.engine.world import World


class DriftChecks:
    """The schedule's `Pacing`, based on the current records."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._budget = Budget(world.limits.calls_per_hour)

    def not_before(self, key: Key, visit: Visit) -> datetime | None:
        """Return when a drift check may start within its account's budget; None for urgent visits and within budget."""
        account = self._account(key)
        opens = self._budget.opens(account) if account else None
        return opens if opens and opens > visit.at and self._costs(key, visit) else None

    def started(self, key: Key, visit: Visit, now: datetime) -> None:
        """Take the cost of a drift check from its account's budget."""
        account = self._account(key)
        if account and self._costs(key, visit):
            self._budget.spend(account, expected_calls(self._world.records[key].resources), now)

    def shift(self, by: timedelta) -> None:
        """Follow a clock that was set: what a drift check waits for is as far away as before."""
        self._budget.shift(by)

    def behind(self, held: Iterable[tuple[Key, Visit]], now: datetime) -> dict[str, timedelta]:
        """Return by account how late its most deferred drift check is; zero when none is deferred."""
        found = {environment.account: timedelta(0) for environment in self._world.environments.values()}
        for key, visit in held:
            if account := self._account(key):
                found[account] = max(found[account], now - visit.at)
        return found

    def _costs(self, key: Key, visit: Visit) -> bool:
        record = self._world.records.get(key)
        if visit.urgency or record is None:
            return False
        return is_drift_check(record, visit.at, self._world.floor(key.environment))

    def _account(self, key: Key) -> str | None:
        environment = self._world.environments.get(key.environment)
        return environment.account if environment else None
