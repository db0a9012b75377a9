"""Attribution of confirmed drift, as long as its author is unknown."""

from datetime import timedelta

from reconciler.core.decide.attribution import resource_names
from reconciler.core.environment import Environment
from reconciler.core.plan.drift import DriftFinding
from reconciler.core.record.model import NOBODY_KNOWS, Record
from reconciler.core.status.events import Attributed
from reconciler.engine.world import World

_LATE = timedelta(minutes=15)  # the longest that CloudTrail usually keeps an event back


async def attribute(record: Record, finding: DriftFinding, environment: Environment, world: World) -> None:
    """Record the session that caused the drift, if it can be found."""
    drift = record.drift
    if world.attribution is None or drift is None or drift.confirmed is None or drift.who != NOBODY_KNOWS:
        return
    since = drift.since - environment.floor.interval_of(record.instance.policy) - _LATE
    names = resource_names(finding.drifted)
    who = await world.attribution.who(environment, names, since=since, until=world.now())
    if who:
        await world.records.advance(record.key, Attributed(who))
