"""The life of drift in the fold: seen, confirmed by a second look, healed or gone; and of repairs that do not last.

Drift that changes its place begins a new life. As long as an apply may have been cut short nothing is known to be
healed. Repairs are counted by spot, because who fights us rarely writes the same value twice.
"""

import dataclasses
from collections.abc import Iterable
from datetime import datetime, timedelta

from reconciler.core.plan.drift import DriftFinding
from reconciler.core.plan.model import ResourceSummary
from reconciler.core.record.model import NOBODY_KNOWS, Drift, Record, Repair, Response
from reconciler.core.status.conditions import with_condition, without_conditions
from reconciler.core.status.remedies import remedies
from reconciler.core.vocabulary import ConditionType, Sync
from reconciler.core.wording import first_few

FIGHT_LASTS = timedelta(days=1)
_REPAIRS_KEPT = 100
_NAMED = 5


def spots(resources: Iterable[ResourceSummary]) -> frozenset[str]:
    """Where drift is: a resource that is gone or new, or an attribute of one, without its place in a list."""
    return frozenset(
        f"{item.address} {path.split('.', 1)[0]}" if path else item.address
        for item in resources
        for path in (item.attributes if item.actions == ("update",) and item.attributes else [""])
    )


def observed(
    record: Record, finding: DriftFinding, response: Response, confirm_after: timedelta, now: datetime
) -> Record:
    """The record after a plan said who moved."""
    if finding.reason is None:
        maybe_half_healed = record.applied_digest is None and finding.sync != Sync.IN_SYNC
        return record if maybe_half_healed else gone(record)
    resources = tuple(change.summary() for change in finding.drifted)
    old = record.drift if is_same(record.drift, resources) else None
    confirmed = old.confirmed if old else None
    since = min(old.since, now) if old else now  # a clock that was ahead and was set right has seen it in the future
    if old and confirmed is None and now - since >= confirm_after:
        confirmed = now
    drift = Drift(finding.reason, resources, since, response, confirmed, old.who if old else NOBODY_KNOWS)
    record = record.replace(drift=drift)
    if confirmed is None:
        return record.replace(conditions=without_conditions(record, ConditionType.DRIFTED))
    return with_condition(record, now, ConditionType.DRIFTED, True, drift.reason, _told(drift))


def is_same(drift: Drift | None, resources: Iterable[ResourceSummary]) -> bool:
    """True when some of it is where the drift is that is known already."""
    return drift is not None and not spots(drift.resources).isdisjoint(spots(resources))


def gone(record: Record) -> Record:
    """The record once the world matches again."""
    return record.replace(drift=None, conditions=without_conditions(record, ConditionType.DRIFTED))


def repaired(record: Record, now: datetime) -> Record:
    """The record after an apply: drift is gone, and remembered as a repair unless Git had moved too."""
    if record.drift is None or record.sync == Sync.PENDING_AND_DRIFTED:
        return gone(record)
    young = tuple(repair for repair in record.repairs if now - repair.at < FIGHT_LASTS)
    repair = Repair(now, tuple(sorted(spots(record.drift.resources))))
    return gone(record).replace(repairs=(*young, repair)[-_REPAIRS_KEPT:])


def attributed(record: Record, who: str) -> Record:
    """The record once it is known who did it."""
    return record.replace(drift=dataclasses.replace(record.drift, who=who)) if record.drift else record


def fought(record: Record, resources: Iterable[ResourceSummary], now: datetime) -> int:
    """How often within a day this drift was repaired and came back: the count of the spot that was repaired most."""
    young = [set(repair.spots) for repair in record.repairs if now - repair.at < FIGHT_LASTS]
    return max((sum(spot in repair for repair in young) for spot in spots(resources)), default=0)


def unconfirmed(record: Record) -> bool:
    """True while drift waits for its second look."""
    return record.drift is not None and record.drift.confirmed is None


def _told(drift: Drift) -> str:
    """Where it is, or what to do about it when no plan would do anything."""
    said = remedies(drift) or tuple(item.address for item in drift.resources)
    return first_few(said, _NAMED, separator="; " if remedies(drift) else ", ")
